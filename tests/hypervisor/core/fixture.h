// A UCONTROL VM on a SoftwareDevice whose engine is a script: tests of everything but the engine.
#ifndef TESTS_HYPERVISOR_CORE_FIXTURE_H_
#define TESTS_HYPERVISOR_CORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

#include "hypervisor/core/software_device.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {

// An engine that does what the test says; without a script it reports a DIAGNOSE.
class ScriptedSie : public Sie {
 public:
  using Script = std::function<SieExit(ScriptedSie&, uapi::SieBlock&, CpuState&)>;

  ScriptedSie(const SieEnvironment& environment, const Script& script)
      : environment_(environment), script_(script) {}

  SieExit Run(uapi::SieBlock& block, CpuState& cpu) override;
  void Kick() override { kicked_ = true; }
  void ClearKick() override { kicked_ = false; }
  uint64_t instructions() const override { return 0; }

  bool TakeKick() { return kicked_.exchange(false); }
  const SieEnvironment& environment() const { return environment_; }

 private:
  SieEnvironment environment_;
  const Script& script_;
  std::atomic<bool> kicked_ = false;
};

// What a table of answers says, one row a case.
template <typename Call>
struct Row {
  const char* name;
  Call call;
  int64_t answer;
};

// A machine with the facilities of a zEC12 that matter to the core.
Machine TestMachine();

class VcpuTest : public ::testing::Test {
 protected:
  VcpuTest();
  ~VcpuTest() override;

  // A structure is passed by its address, an integer as it is.
  template <typename Argument>
  int64_t Ask(int fd, uint32_t request, const Argument& argument) {
    if constexpr (std::is_integral_v<Argument>) {
      return device_.Ioctl(fd, request, static_cast<uint64_t>(argument));
    } else if constexpr (std::is_pointer_v<Argument>) {
      return device_.Ioctl(fd, request, reinterpret_cast<uint64_t>(argument));
    } else {
      return device_.Ioctl(fd, request, reinterpret_cast<uint64_t>(&argument));
    }
  }
  template <typename Argument>
  int64_t Vcpu(uint32_t request, const Argument& argument) {
    return Ask(vcpu_, request, argument);
  }
  template <typename Argument>
  int64_t Vm(uint32_t request, const Argument& argument) {
    return Ask(vm_, request, argument);
  }
  int NewVm(uint64_t type) { return static_cast<int>(Ask(system_, uapi::kCreateVm, type)); }
  int NewVcpu(int vm, uint64_t id) { return static_cast<int>(Ask(vm, uapi::kCreateVcpu, id)); }
  int64_t KvmRun() { return Vcpu(uapi::kRun, uint64_t{0}); }

  // Segment 0 is the test's own memory from the start.
  int64_t Map(uint64_t user, uint64_t vcpu_addr, uint64_t length);
  int64_t Unmap(uint64_t vcpu_addr, uint64_t length);
  uint64_t memory() const { return reinterpret_cast<uint64_t>(memory_); }

  ScriptedSie::Script script_;
  SoftwareDevice device_;
  int system_ = -1;
  int vm_ = -1;
  int vcpu_ = -1;
  uapi::Run* run_ = nullptr;
  uapi::SieBlock* block_ = nullptr;
  uint8_t* memory_ = nullptr;  // kMemorySize bytes, 1 MiB aligned
  static constexpr uint64_t kMemorySize = 4 << 20;
};

// A user address with nothing behind it.
inline constexpr uint64_t kBadPointer = 8;

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_CORE_FIXTURE_H_
