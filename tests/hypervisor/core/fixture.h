// A UCONTROL VM on a SoftwareDevice whose engine is a script: tests of everything but the engine.
#ifndef TESTS_HYPERVISOR_CORE_FIXTURE_H_
#define TESTS_HYPERVISOR_CORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

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

// A machine with the facilities of a zEC12 that matter to the core.
Machine TestMachine();

class VcpuTest : public ::testing::Test {
 protected:
  VcpuTest();
  ~VcpuTest() override;

  int64_t Vcpu(uint32_t request, uint64_t argument) {
    return device_.Ioctl(vcpu_, request, argument);
  }
  template <typename Structure>
  int64_t Vcpu(uint32_t request, Structure* structure) {
    return device_.Ioctl(vcpu_, request, reinterpret_cast<uint64_t>(structure));
  }
  int64_t Vm(uint32_t request, uint64_t argument) { return device_.Ioctl(vm_, request, argument); }
  template <typename Structure>
  int64_t Vm(uint32_t request, Structure* structure) {
    return device_.Ioctl(vm_, request, reinterpret_cast<uint64_t>(structure));
  }
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
