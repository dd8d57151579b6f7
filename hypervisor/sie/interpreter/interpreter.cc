#include "hypervisor/sie/interpreter/interpreter.h"

#include <atomic>
#include <utility>

#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/table.h"
#include "hypervisor/sie/assist/trace_table.h"

namespace hypervisor {

using uapi::Interception;

std::unique_ptr<Sie> MakeInterpreter(const SieEnvironment& environment) {
  return std::make_unique<Interpreter>(environment);
}

Interpreter::Interpreter(const SieEnvironment& environment)
    : Interpreter(environment, PollIntervals{}) {}

Interpreter::Interpreter(const SieEnvironment& environment, PollIntervals intervals)
    : ComputingCpu(environment), intervals_(intervals) {}

void Interpreter::Kick() {
  attention_.fetch_or(kKick);
}
void Interpreter::ClearKick() {
  attention_.fetch_and(~kKick);
}

// The address of the next instruction is what each turn of the loop waits for, so it is kept at
// hand in `ia`.
[[gnu::always_inline]] inline Interpreter::Outcome Interpreter::StepInline(uint64_t& ia) {
  uint64_t text;
  if (const uint64_t offset = ia ^ fetch_page_; offset < fetch_limit_) [[likely]] {
    text = LoadStorage<uint64_t>(fetch_host_ + offset);
  } else {
    length_ = 2;
    if (!FetchText(ia, text)) {
      const Outcome outcome = AfterStop();
      ia = ia_;
      return outcome;
    }
  }
  const Decoded& decoded = Lookup(ia, text);
  length_ = decoded.insn.length;
  next_ia_ = GuestCpu::Wrap(ia + length_);
  bool traced = true;
  if (per_events_) [[unlikely]] {
    per_watched_ = per_events_;
    per_insn_ = ia;
    per_mask_ = psw_mask_;
    traced = TraceBranchOrMode(*this, decoded.insn);
  }
  if (traced) [[likely]]
    decoded.execute(*this, decoded.insn);
  if (Stopped() || completion_code_ != PgmCode::kNone || per_watched_ != 0) [[unlikely]] {
    if (!execute_length_) insn_text_ = decoded.insn.text;
    const Outcome outcome = EndInstruction();
    ia = ia_;
    return outcome;
  }
  ia_ = ia = next_ia_;
  return Outcome::kGoOn;
}

Interpreter::Outcome Interpreter::Step() {
  uint64_t ia = ia_;
  return StepInline(ia);
}

Interpreter::Outcome Interpreter::Loop() {
  uint64_t ia = ia_;
  for (;;) {
    if (--budget_ < 0) [[unlikely]] {
      const Outcome outcome = Poll();
      if (outcome != Outcome::kGoOn) return outcome;
      ia = ia_;
    }
    const Outcome outcome = StepInline(ia);
    if (outcome != Outcome::kGoOn) [[unlikely]]
      return outcome;
  }
}

Interpreter::Outcome Interpreter::InterpretShortStay() {
  uint64_t ia = ia_;
  for (uint64_t i = 0; i < kShortStay; ++i) {
    if (--budget_ < 0) {
      const Outcome outcome = Poll();
      if (outcome != Outcome::kGoOn) return outcome;
      ia = ia_;
    }
    const Outcome outcome = StepInline(ia);
    if (outcome != Outcome::kGoOn) return outcome;
  }
  return Outcome::kGoOn;
}

void Interpreter::MakePlaces(size_t count) {
  // Zeros, an invalid instruction: a place is right for whatever bytes it compares equal to.
  Decoded zeros;
  Fill(zeros, 0);
  decoded_.assign(count, zeros);
  decoded_mask_ = count - 1;
  misses_ = 0;
}

const Interpreter::Decoded& Interpreter::Miss(uint64_t address, uint64_t text) {
  if (++misses_ > 2 * decoded_.size() && decoded_.size() < kMostDecoded) {
    MakePlaces(decoded_.size() * 4);
  }
  Decoded& decoded = decoded_[address / 2 & decoded_mask_];
  Fill(decoded, text);
  return decoded;
}

void Interpreter::Fill(Decoded& decoded, uint64_t text) const {
  Decode(text, decoded.insn);
  decoded.mask = ~uint64_t{0} << (64 - 8 * decoded.insn.length);
  decoded.insn.text &= decoded.mask;
  decoded.execute = HandlerOf(OfferedRow(decoded.insn));
}

RowIndex Interpreter::OfferedRow(const Insn& insn) const {
  if (insn.row == kInvalidRow) return kInvalidRow;
  const Facility facility = Table()[insn.row].facility;
  const bool basic = facility == Facility::kZArch || facility == Facility::kN3;
  return basic || facilities().Has(facility) ? insn.row : kInvalidRow;
}

void Interpreter::ExecuteTarget(uint64_t address, uint8_t modifier) {
  if (execute_length_) return Interrupt(PgmCode::kExecute);
  uint64_t text;
  execute_length_ = length_;
  if (!FetchText(address, text)) {
    execute_length_ = 0;
    return;
  }
  text |= uint64_t{modifier} << 48;
  Decoded target;
  Fill(target, text);
  relative_base_ = address;
  insn_text_ = target.insn.text;
  if (per_events_ && !TraceBranchOrMode(*this, target.insn)) return;
  target.execute(*this, target.insn);
  if (!Stopped() && completion_code_ == PgmCode::kNone && !per_watched_) execute_length_ = 0;
}

Interpreter::Outcome Interpreter::EndInstruction() {
  if (per_watched_ && !Stopped()) PerAfterInstruction();
  if (Stopped()) return AfterStop();
  per_watched_ = 0;
  const PgmCode completion = completion_code_;
  completion_code_ = PgmCode::kNone;
  ia_ = next_ia_;
  if (completion != PgmCode::kNone || per_code_) {
    if (completion == PgmCode::kData) {
      InterruptData(completion_dxc_);
    } else {
      InterruptTranslation(completion, completion_teid_);
    }
    return Present(completion);
  }
  execute_length_ = 0;
  return Outcome::kGoOn;
}

// An instruction ended early: fetched in vain, stopped by an exception, or leaving SIE.
Interpreter::Outcome Interpreter::AfterStop() {
  completion_code_ = PgmCode::kNone;
  const uint32_t watched = std::exchange(per_watched_, 0);
  switch (stop_) {
    case Stop::kHostFault:
    case Stop::kRedrive:
      break;
    case Stop::kIntercept:
      per_watched_ = watched;
      if (watched) PerAfterInstruction();
      per_watched_ = 0;
      ia_ = next_ia_;
      break;
    case Stop::kProgram: {
      const PgmCode code = program_interruption_.code;
      if (!IsNullifying(code)) {
        ia_ = GuestCpu::Wrap(ia_ + length_);
        per_watched_ = watched;
        if (watched) PerAfterInstruction();
        per_watched_ = 0;
      } else {
        per_code_ = 0;
      }
      return Present(code);
    }
    case Stop::kNone:
      return Outcome::kGoOn;
  }
  if (stop_ == Stop::kHostFault) {
    execute_length_ = 0;
    return Outcome::kHostFault;
  }
  RecordInterception();
  return Outcome::kIntercepted;
}

Interpreter::Outcome Interpreter::Present(PgmCode) {
  const bool leaves = PresentProgramInterruption();
  if (leaves) {
    RecordInterception();
    return Outcome::kIntercepted;
  }
  execute_length_ = 0;
  if (stop_ == Stop::kHostFault) return Outcome::kHostFault;
  return Outcome::kGoOn;
}

void Interpreter::RecordInterception() {
  uapi::SieBlock& block = *block_;
  block.icptcode = static_cast<uint8_t>(interception_);
  if (interception_ == Interception::kInstruction ||
      interception_ == Interception::kOperationException ||
      interception_ == Interception::kPartialExecution) {
    block.ipa = static_cast<uint16_t>(insn_text_ >> 48);
    block.ipb = static_cast<uint32_t>(insn_text_ >> 16);
    if (per_code_ & kPerFetch) block.icptstatus |= uapi::kIcptPerIfetch;
  }
  if (execute_length_) {
    block.icptstatus |=
        uapi::kIcptExecute | (execute_length_ == 6 ? uapi::kIcptExecuteLength : 0x40);
  }
  execute_length_ = 0;
  per_code_ = 0;
}

bool Interpreter::TimersDue(ExternalCode& code, uint64_t within) {
  const uint64_t control = state_->cr[0];
  if (control & cr0::kClockComparator) {
    const uint64_t tod = GuestTod();
    const uint64_t comparator = state_->clock_comparator;
    const bool due = control & cr0::kClockComparatorSign
                         ? static_cast<int64_t>(tod) > static_cast<int64_t>(comparator)
                         : tod > comparator;
    const bool soon = within != 0 && comparator - tod <= within;
    if (due || soon) {
      code = ExternalCode::kClockComparator;
      return true;
    }
  }
  if ((control & cr0::kCpuTimer) && CpuTimer() < static_cast<int64_t>(within)) {
    code = ExternalCode::kCpuTimer;
    return true;
  }
  return false;
}

Interpreter::Outcome Interpreter::Poll() {
  executed_ += static_cast<uint64_t>(granted_ - budget_);
  if (executed_ != executed_before_) StartClock();
  budget_ = granted_ = per_events_ ? 0 : intervals_.instructions;
  const Outcome outcome = RecognizePending();
  if (outcome != Outcome::kGoOn) granted_ = budget_ - 1;  // no instruction has been executed
  return outcome;
}

// What is recognized between two instructions, in its order of priority.
Interpreter::Outcome Interpreter::RecognizePending() {
  const uint32_t attention = attention_.load(std::memory_order_relaxed);
  if (attention & BroadcastDomain::kPurge) {
    attention_.fetch_and(~BroadcastDomain::kPurge);
    PurgeTlb();
    environment_.broadcast.Acknowledge(member_);
  }
  if (!Psw{psw_mask_, ia_}.IsValid()) {
    // An invalid PSW is noticed early, as it is; an odd address only with the attempt to fetch,
    // which a waiting CPU doesn't make.
    length_ = 0;
    execute_length_ = 0;
    Interrupt(PgmCode::kSpecification);
    return Present(PgmCode::kSpecification);
  }
  const uint32_t flags = std::atomic_ref(block_->cpuflags).load(std::memory_order_relaxed);
  if (psw_mask_ & Psw::kExternal) {
    if (--time_budget_ < 0 || (psw_mask_ & Psw::kWait) || budget_ == 0) {
      time_budget_ = intervals_.polls;
      ExternalCode code;
      if (TimersDue(code)) {
        if ((block_->eca & uapi::kEcaCei) && !(flags & uapi::kCpuExtInt)) {
          DeliverExternalInterruption(code);
          if (stop_ == Stop::kHostFault) return Outcome::kHostFault;
          // The new PSW may enable the same class: then the host is told, or this would not end.
          if ((psw_mask_ & Psw::kExternal) && TimersDue(code)) {
            interception_ = Interception::kExternalInterruption;
            block_->eic = static_cast<uint16_t>(code);
            RecordInterception();
            return Outcome::kIntercepted;
          }
          return RecognizePending();  // the new PSW may wait, or be invalid
        }
        interception_ = Interception::kExternalInterruption;
        block_->eic = static_cast<uint16_t>(code);
        block_->extcpuaddr = 0;
        block_->eiparams = 0;
        RecordInterception();
        return Outcome::kIntercepted;
      }
    }
    if (flags & uapi::kCpuExtInt) {
      interception_ = Interception::kExternalRequest;
      RecordInterception();
      return Outcome::kIntercepted;
    }
  } else {
    time_budget_ = 0;
  }
  if ((flags & uapi::kCpuIoInt) && (psw_mask_ & Psw::kIo)) {
    interception_ = Interception::kIoRequest;
    RecordInterception();
    return Outcome::kIntercepted;
  }
  if (flags & uapi::kCpuStopInt) {
    interception_ = Interception::kStop;
    RecordInterception();
    return Outcome::kIntercepted;
  }
  if (psw_mask_ & Psw::kWait) {
    interception_ = Interception::kWait;
    RecordInterception();
    return Outcome::kIntercepted;
  }
  if (attention & kKick) {
    attention_.fetch_and(~kKick);
    return Outcome::kKicked;
  }
  return Outcome::kGoOn;
}

}  // namespace hypervisor
