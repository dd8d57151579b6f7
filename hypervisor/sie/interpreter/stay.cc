// A CPU's stay in SIE: how it begins and ends. A guest that asks its host for something comes and
// goes all the time, so nothing is made anew that is as it was.
#include <atomic>
#include <bit>
#include <cstdint>

#include "hypervisor/arch/host_clock.h"
#include "hypervisor/sie/host_fault_guard.h"
#include "hypervisor/sie/interpreter/interpreter.h"

namespace hypervisor {

using uapi::Interception;

namespace {

// Others change flags in other bytes of that word meanwhile, so that a store of this byte alone
// needs no interlocked update.
void ShowRunning(uapi::SieBlock& block, bool running) {
  constexpr size_t kByte = std::endian::native == std::endian::little ? 2 : 1;
  constexpr auto kRunning = static_cast<uint8_t>(uapi::kCpuRunning >> 16);
  static_assert(uint32_t{kRunning} << 16 == uapi::kCpuRunning);
  const std::atomic_ref byte(reinterpret_cast<uint8_t*>(&block.cpuflags)[kByte]);
  const auto others = static_cast<uint8_t>(byte.load(std::memory_order_relaxed) & ~kRunning);
  byte.store(running ? others | kRunning : others, std::memory_order_relaxed);
}

}  // namespace

// Between BeginTimer and EndTimer the CPU timer runs. A clock is read only if a program asks for
// the timer or runs for longer than a poll: a short stay is charged by the instruction.
void Interpreter::BeginTimer(uint64_t value) {
  timer_running_ = false;
  timer_value_ = value;
  executed_before_ = executed_;
}

uint64_t Interpreter::EndTimer() {
  return timer_running_ ? timer_deadline_ - HostTod() : timer_value_ - EstimatedTime();
}

// Whether a CPU in this state may go on with the contexts and the fetch page that it left with.
// RememberControl notes what those depend on.
bool Interpreter::ControlIsAsRemembered(const CpuState& cpu) const {
  return ((cpu.psw.mask ^ psw_mask_) & ~Psw::kConditionCode) == 0 &&
         cpu.prefix == remembered_prefix_ && cpu.cr == remembered_cr_;
}

void Interpreter::RememberControl() {
  remembered_prefix_ = state_->prefix;
  remembered_cr_ = state_->cr;
}

SieExit Interpreter::Run(uapi::SieBlock& block, CpuState& cpu) {
  Enter(block, cpu);
  SieExit exit{SieExit::Reason::kIntercepted, {}};
  HostFaultGuard guard(environment_.space);
  guard.recovery = recovery();
  if (sigsetjmp(guard.escape, 0)) {
    Release();
    exit = SieExit{SieExit::Reason::kBackingMissing, host_fault_.address};
  } else if (!Valid()) {
    interception_ = Interception::kValidity;
    RecordInterception();
    block.ipa = 0x1000;
    block.ipb = 0x0001u << 16;
  } else {
    Outcome outcome = Outcome::kGoOn;
    if (was_short_ && interprets_short_stays_) outcome = InterpretShortStay();
    if (outcome == Outcome::kGoOn) outcome = Loop();
    switch (outcome) {
      case Outcome::kKicked:
        exit.reason = SieExit::Reason::kKicked;
        break;
      case Outcome::kHostFault:
        exit = host_fault_;
        break;
      case Outcome::kIntercepted:
      case Outcome::kGoOn:
        break;
    }
  }
  Leave();
  if (exit.reason == SieExit::Reason::kBackingMissing)
    remembered_prefix_ = kNoPrefix;  // it may be halfway
  return exit;
}

void Interpreter::Enter(uapi::SieBlock& block, CpuState& cpu) {
  if (decoded_.empty()) MakePlaces(kFewDecoded);
  state_ = &cpu;
  block_ = &block;
  block.icptcode = 0;
  block.icptstatus = 0;
  stop_ = Stop::kNone;
  completion_code_ = PgmCode::kNone;
  per_code_ = 0;
  execute_length_ = 0;
  bool purged = environment_.broadcast.Enter(member_);
  if (purged || block.ihcpu == 0xffff || space_generation_ != environment_.space.generation()) {
    space_generation_ = environment_.space.generation();
    block.ihcpu = 0;
    tlb_.Flush();
    purged = true;
  }
  ShowRunning(block, true);
  budget_ = granted_ = 0;
  if (purged || !ControlIsAsRemembered(cpu) || (cpu.psw.address & 1)) {
    LoadPsw(cpu.psw);
    ControlChanged();
  } else {
    next_ia_ = cpu.psw.address;
    cc_ = cpu.psw.condition_code();
  }
  ia_ = next_ia_;
  granted_ = budget_ - 1;
  BeginTimer(block.cputm);
  time_budget_ = 0;
}

void Interpreter::Leave() {
  executed_ += static_cast<uint64_t>(granted_ - budget_ + 1);
  was_short_ = executed_ - executed_before_ <= kShortStay;
  state_->psw = psw();
  RememberControl();
  granted_ = budget_ = 0;
  block_->cputm = EndTimer();
  ShowRunning(*block_, false);
  environment_.broadcast.Leave(member_);
}

bool Interpreter::Valid() const {
  const uint32_t flags = block_->cpuflags;
  if (!(flags & uapi::kCpuZarch)) return false;
  if (flags & (uapi::kCpuRrf | uapi::kCpuMcds)) return false;
  return !((flags & uapi::kCpuGed) && (flags & uapi::kCpuGed2));
}

}  // namespace hypervisor
