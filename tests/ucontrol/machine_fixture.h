// A machine on a fake device, with storage at absolute 0 and vCPUs whose registers a test may touch
// as long as they are stopped.
#ifndef TESTS_UCONTROL_MACHINE_FIXTURE_H_
#define TESTS_UCONTROL_MACHINE_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "hypervisor/arch/prefix_area.h"
#include "hypervisor/arch/psw.h"
#include "tests/ucontrol/fake_device.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/machine.h"

namespace ucontrol {

// Remembers what it heard, and waits for more.
class RecordingListener : public MachineListener {
 public:
  void OnState(MachineState state) override {
    const std::lock_guard lock(mutex_);
    states_.push_back(state);
    changed_.notify_all();
  }
  void OnCrash(const CrashReport& report) override {
    const std::lock_guard lock(mutex_);
    crash_ = report;
    changed_.notify_all();
  }
  void OnBreakpoint(const CpuReport& report) override {
    const std::lock_guard lock(mutex_);
    breakpoint_ = report;
    changed_.notify_all();
  }

  std::optional<CrashReport> AwaitCrash() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [this] { return crash_.has_value(); });
    return crash_;
  }
  std::optional<CpuReport> AwaitBreakpoint() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [this] { return breakpoint_.has_value(); });
    return breakpoint_;
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    states_.clear();
    crash_.reset();
    breakpoint_.reset();
  }
  bool AwaitState(MachineState state) {
    // A guest whose code is translated again and again takes its time.
    const std::chrono::seconds patience(std::getenv("UCONTROL_CHAOS") ? 600 : 10);
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience,
                             [&] { return !states_.empty() && states_.back() == state; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<MachineState> states_;
  std::optional<CrashReport> crash_;
  std::optional<CpuReport> breakpoint_;
};

// Waits for what another thread brings about.
template <typename Condition>
bool Await(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return true;
}

class MachineFixture : public testing::Test {
 protected:
  static constexpr uint64_t kStorageSize = 4 * hypervisor::kSegmentSize;
  static constexpr uint64_t k64Bit =
      hypervisor::Psw::kExtendedAddressing | hypervisor::Psw::kBasicAddressing;

  void Make(int vcpu_count = 1, InstructionTable instructions = nullptr) {
    Machine::Configuration configuration;
    configuration.instructions = instructions;
    configuration.listener = &listener;
    configuration.loader = [this](Machine&, Vcpu& vcpu) {
      return vcpu.SetInitialPsw({k64Bit, 0x10000 + 0x1000u * ++loads});
    };
    auto made = Machine::Create(device, configuration);
    ASSERT_TRUE(made.ok()) << made.status();
    machine = *std::move(made);
    ASSERT_TRUE(machine->memories().Create("ram", {.size = kStorageSize}).ok());
    ASSERT_TRUE(machine->MapStorage("ram", 0, hypervisor::GuestAbsolute(0), kStorageSize).ok());
    for (int id = 0; id < vcpu_count; ++id) ASSERT_TRUE(machine->AddVcpu(id).ok());
    for (uint64_t psw = hypervisor::prefix_area::kRestartNewPsw;
         psw <= hypervisor::prefix_area::kIoNewPsw; psw += 16) {
      Store<uint64_t>(psw, k64Bit);
      Store<uint64_t>(psw + 8, NewPswAddress(psw));
    }
  }

  // Where the new PSW at a real location points to.
  static uint64_t NewPswAddress(uint64_t location) { return 0x20000 + location; }

  Vcpu& vcpu(int id = 0) { return *machine->FindVcpu(id); }
  Cpu& cpu(int id = 0) { return vcpu(id).cpu(); }
  FakeVcpu& fake(int id = 0) { return device.vcpu(id); }

  template <typename T>
  void Store(uint64_t absolute, T value) {
    uint8_t bytes[sizeof(T)];
    StoreBigEndian(bytes, value);
    ASSERT_TRUE(machine->Write(hypervisor::GuestAbsolute(absolute), bytes, sizeof(T)));
  }
  template <typename T>
  T Load(uint64_t absolute) {
    uint8_t bytes[sizeof(T)]{};
    EXPECT_TRUE(machine->Read(hypervisor::GuestAbsolute(absolute), bytes, sizeof(T)));
    return LoadBigEndian<T>(bytes);
  }

  // On the vCPU's own thread.
  template <typename Act>
  void On(int id, Act act) {
    ASSERT_TRUE(vcpu(id)
                    .Call([&] {
                      act();
                      return absl::OkStatus();
                    })
                    .ok());
  }

  FakeDevice device;
  RecordingListener listener;
  int loads = 0;
  std::unique_ptr<Machine> machine;
};

}  // namespace ucontrol

#endif  // TESTS_UCONTROL_MACHINE_FIXTURE_H_
