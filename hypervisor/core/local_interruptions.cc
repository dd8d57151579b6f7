#include "hypervisor/core/local_interruptions.h"

#include <cstring>

#include "hypervisor/arch/interruption.h"

namespace hypervisor {
namespace {

constexpr uint32_t kStopStoreStatus = 1;  // KVM_S390_STOP_FLAG_STORE_STATUS
constexpr uint8_t kIlcValid = 1;          // KVM_S390_PGM_FLAGS_ILC_VALID
constexpr uint8_t kIlcMask = 6;           // KVM_S390_PGM_FLAGS_ILC_MASK
constexpr uint16_t kPer = static_cast<uint16_t>(PgmCode::kPerEvent);

// Machine-check interruption code (PoP: Machine-Check Handling): system damage and instruction-
// processing damage are exigent; external damage, degradation and warning are repressible.
constexpr uint64_t kExigent = uint64_t{3} << 62;
constexpr uint64_t kRepressible = uint64_t{1} << 58 | uint64_t{1} << 56 | uint64_t{1} << 55;

}  // namespace

LocalInterruptions::Outcome LocalInterruptions::Add(const uapi::Irq& irq, const Context& context) {
  const std::lock_guard lock(mutex_);
  const auto pend = [this](Kind kind, Outcome outcome) {
    pending_.set(kind);
    return outcome;
  };
  switch (irq.type) {
    case uapi::kProgramInt:
      return AddProgram(irq, context.ilc);
    case uapi::kMchk:
      return AddMachineCheck(irq);
    case uapi::kSigpStop:
      if (irq.stop.flags & ~kStopStoreStatus) return Outcome::kInvalid;
      if (context.stopped)
        return irq.stop.flags & kStopStoreStatus ? Outcome::kStoreStatus : Outcome::kNothing;
      if (pending_[kStop]) return Outcome::kBusy;
      stop_ = irq;
      return pend(kStop, Outcome::kPendingStop);
    case uapi::kSigpSetPrefix:
      if (!context.stopped) return Outcome::kBusy;
      prefix_ = irq;
      return pend(kSetPrefix, Outcome::kPending);
    case uapi::kRestart:
      return pend(kRestart, Outcome::kPending);
    case uapi::kIntPfaultInit:
      pfault_ = irq;
      return pend(kPfaultInit, Outcome::kPendingExternal);
    case uapi::kIntClockComp:
      return pend(kClockComparator, Outcome::kPendingExternal);
    case uapi::kIntCpuTimer:
      return pend(kCpuTimer, Outcome::kPendingExternal);
    case uapi::kIntEmergency:
      if (!context.source_exists) return Outcome::kInvalid;
      emergency_sources_.set(irq.emerg.code);
      return pend(kEmergency, Outcome::kPendingExternal);
    case uapi::kIntExternalCall:
      if (!context.source_exists) return Outcome::kInvalid;
      if (pending_[kExternalCall]) return Outcome::kBusy;
      external_call_ = irq;
      return pend(kExternalCall, Outcome::kPendingExternal);
    default:
      return Outcome::kInvalid;
  }
}

// A PER event and another program interruption can be pending together; each part is kept.
LocalInterruptions::Outcome LocalInterruptions::AddProgram(const uapi::Irq& irq, uint8_t ilc) {
  auto& old = program_.pgm;
  auto added = irq.pgm;
  if (!(added.flags & kIlcValid))
    added.flags = static_cast<uint8_t>((added.flags & ~kIlcMask) | (ilc & kIlcMask) | kIlcValid);
  if (added.code == kPer) {
    old.code |= kPer;
    old.flags = added.flags;
    old.per_address = added.per_address;
    old.per_code = added.per_code;
    old.per_atmid = added.per_atmid;
    old.per_access_id = added.per_access_id;
  } else if (!(added.code & kPer)) {
    old.code = static_cast<uint16_t>((old.code & kPer) | added.code);
    old.flags = added.flags;
    old.trans_exc_code = added.trans_exc_code;
    old.mon_code = added.mon_code;
    old.data_exc_code = added.data_exc_code;
    old.mon_class_nr = added.mon_class_nr;
    old.exc_access_id = added.exc_access_id;
    old.op_access_id = added.op_access_id;
  } else {
    old = added;
  }
  pending_.set(kProgram);
  return Outcome::kPending;
}

LocalInterruptions::Outcome LocalInterruptions::AddMachineCheck(const uapi::Irq& irq) {
  auto& old = machine_check_.mchk;
  old.cr14 |= irq.mchk.cr14;
  old.mcic |= irq.mchk.mcic;
  old.ext_damage_code |= irq.mchk.ext_damage_code;
  old.failing_storage_address = irq.mchk.failing_storage_address;
  std::memcpy(old.fixed_logout, irq.mchk.fixed_logout, sizeof(old.fixed_logout));
  if (old.mcic & kExigent)
    pending_.set(kMchkExigent);
  else if (old.mcic & kRepressible)
    pending_.set(kMchkRepressible);
  return Outcome::kPending;
}

uapi::Irq LocalInterruptions::Describe(Kind kind) const {
  uapi::Irq irq{};
  switch (kind) {
    case kMchkExigent:
    case kMchkRepressible:
      irq = machine_check_;
      irq.type = uapi::kMchk;
      break;
    case kProgram:
      irq = program_;
      irq.type = uapi::kProgramInt;
      break;
    case kExternalCall:
      irq = external_call_;
      break;
    case kPfaultInit:
      irq = pfault_;
      break;
    case kStop:
      irq = stop_;
      break;
    case kSetPrefix:
      irq = prefix_;
      break;
    case kClockComparator:
      irq.type = uapi::kIntClockComp;
      break;
    case kCpuTimer:
      irq.type = uapi::kIntCpuTimer;
      break;
    case kRestart:
      irq.type = uapi::kRestart;
      break;
    case kEmergency:
    case kKinds:
      break;
  }
  return irq;
}

std::vector<uapi::Irq> LocalInterruptions::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<uapi::Irq> list;
  for (uint8_t kind = 0; kind < kKinds; ++kind) {
    if (pending_[kind] && kind != kEmergency) list.push_back(Describe(static_cast<Kind>(kind)));
  }
  for (uint16_t source = 0; source < kCpus; ++source) {
    if (!emergency_sources_[source]) continue;
    uapi::Irq irq{};
    irq.type = uapi::kIntEmergency;
    irq.emerg.code = source;
    list.push_back(irq);
  }
  return list;
}

bool LocalInterruptions::empty() const {
  const std::lock_guard lock(mutex_);
  return pending_.none();
}

void LocalInterruptions::Clear() {
  const std::lock_guard lock(mutex_);
  pending_.reset();
  emergency_sources_.reset();
  program_ = machine_check_ = external_call_ = pfault_ = stop_ = prefix_ = uapi::Irq{};
}

void LocalInterruptions::ClearStop() {
  const std::lock_guard lock(mutex_);
  pending_.reset(kStop);
  stop_ = uapi::Irq{};
}

}  // namespace hypervisor
