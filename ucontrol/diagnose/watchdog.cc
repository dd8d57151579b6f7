#include "ucontrol/diagnose/watchdog.h"

#include <algorithm>
#include <cstdint>

#include "ucontrol/diagnose/functions.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

constexpr uint64_t kInitialize = 0;
constexpr uint64_t kChange = 1;
constexpr uint64_t kCancel = 2;
constexpr uint64_t kRestart = 0;  // the only action
constexpr uint64_t kShortest = 15;
constexpr uint64_t kLongest = 3600 * 24 * 365;  // seconds; who asks for more gets this

}  // namespace

bool Watchdog::armed() const {
  const std::lock_guard lock(mutex_);
  return deadline_.has_value();
}

void Watchdog::Arm(std::chrono::seconds time) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  deadline_ = Clock::now() + time;
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.notify_all();
}

void Watchdog::Disarm() {
  const std::lock_guard lock(mutex_);
  deadline_.reset();
  changed_.notify_all();
}

void Watchdog::Shutdown() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Watchdog::Run() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    if (!deadline_) {
      changed_.wait(lock);
    } else if (Clock::now() < *deadline_) {
      const Clock::time_point deadline = *deadline_;
      changed_.wait_until(lock, deadline);
    } else {
      deadline_.reset();
      lock.unlock();
      expired_();
      lock.lock();
    }
  }
}

Disposition ControlWatchdog(Vcpu& vcpu) {
  const auto specification = Disposition::Interrupt(PgmCode::kSpecification);
  auto* watchdog = vcpu.machine().FindPart<Watchdog>();
  const Cpu& cpu = vcpu.cpu();
  const int r1 = R1OfRs(vcpu.ipa());
  if (watchdog == nullptr || r1 % 2 != 0) return specification;
  const uint64_t function = cpu.gpr(r1);
  const uint64_t time = cpu.gpr(r1 + 1);
  const uint64_t action = cpu.gpr(R3OfRs(vcpu.ipa()));
  if (function > kCancel || action != kRestart) return specification;
  if (function != kInitialize && !watchdog->armed()) return specification;
  if (function == kCancel) {
    watchdog->Disarm();
    return Disposition::Resume();
  }
  static_assert(kInitialize < kCancel && kChange < kCancel);
  if (time < kShortest) return specification;
  watchdog->Arm(std::chrono::seconds(std::min(time, kLongest)));
  return Disposition::Resume();
}

}  // namespace ucontrol
