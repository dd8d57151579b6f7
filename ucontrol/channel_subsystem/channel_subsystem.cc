#include "ucontrol/channel_subsystem/channel_subsystem.h"

#include <algorithm>
#include <cerrno>

#include "ucontrol/channel_subsystem/subsystem_call.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

constexpr size_t kMaximumSubchannels = 65536;
constexpr size_t kMaximumReports = 64;
// The first halfword of a subsystem-identification word: subchannel set 0.
constexpr uint16_t kSubchannelId = 0x0001;
// All devices hang on one channel path.
constexpr uint8_t kPath = 0x80;

// Subchannel-logout word of a device on that path, and the concurrent-sense bits of the
// extended-report word: they are there, and how many.
constexpr uint32_t kLogout = uint32_t{kPath} << 16;
constexpr uint32_t kConcurrentSense = 0x01000000 | sizeof(SenseBytes) << 16;

constexpr uint32_t kReportSubchannel = 0x03000000;
constexpr uint32_t kReportChannelPath = 0x04000000;
constexpr uint32_t kReportOverflow = 0x40000000;
constexpr uint32_t kReportInitialized = 0x00020000;
constexpr uint32_t kReportInstalled = 0x00040000;

}  // namespace

ChannelSubsystem::~ChannelSubsystem() {
  Shutdown();
}

void ChannelSubsystem::Shutdown() {
  std::vector<ControlUnit*> units;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& subchannel : subchannels_) units.push_back(subchannel->unit.get());
  }
  for (ControlUnit* unit : units) unit->Shutdown();
}

Pmcw ChannelSubsystem::PowerOnPmcw(uint16_t device_number) {
  Pmcw pmcw;
  pmcw.flags = Pmcw::kDeviceNumberValid;
  pmcw.device_number = device_number;
  pmcw.path_installed_mask = kPath;
  pmcw.path_operational_mask = 0xff;
  pmcw.path_available_mask = kPath;
  pmcw.logical_path_mask = kPath;
  return pmcw;
}

std::optional<uint16_t> ChannelSubsystem::Attach(std::unique_ptr<ControlUnit> unit,
                                                 uint16_t device_number) {
  const std::lock_guard lock(mutex_);
  if (subchannels_.size() == kMaximumSubchannels) return std::nullopt;
  for (const auto& subchannel : subchannels_) {
    if (subchannel->schib.pmcw.device_number == device_number) return std::nullopt;
  }
  const auto number = static_cast<uint16_t>(subchannels_.size());
  auto subchannel = std::make_unique<Subchannel>();
  subchannel->schib.pmcw = PowerOnPmcw(device_number);
  subchannel->unit = std::move(unit);
  subchannels_.push_back(std::move(subchannel));
  return number;
}

void ChannelSubsystem::Announce(uint16_t subchannel_number) {
  const std::lock_guard lock(mutex_);
  Report(kReportSubchannel | kReportInstalled | subchannel_number);
}

// The subsystem-identification word: subchannel set, a one, number. There is one channel subsystem,
// number 0, and the m bit that allows others is not installed.
ChannelSubsystem::Found ChannelSubsystem::Find(uint64_t id) const {
  const auto word = static_cast<uint32_t>(id);
  const uint32_t set = (word >> 17) & 3;
  const auto number = static_cast<uint16_t>(word);
  if (!(word & 0x00010000) || (word & 0xfff80000) || (set && !multiple_subchannel_sets_)) {
    return {IoOutcome::Interrupt(PgmCode::kOperand)};
  }
  if (set || number >= subchannels_.size()) return {IoOutcome::Cc(3)};
  return {{}, subchannels_[number].get(), number};
}

ChannelSubsystem::Found ChannelSubsystem::FindEnabled(uint64_t id) const {
  Found found = Find(id);
  if (found.subchannel && !found.subchannel->schib.pmcw.enabled()) return {IoOutcome::Cc(3)};
  return found;
}

IoOutcome ChannelSubsystem::StoreSubchannel(uint64_t id, Schib::Bytes& schib) const {
  const std::lock_guard lock(mutex_);
  const Found found = Find(id);
  if (!found.subchannel) return found.outcome;
  schib = found.subchannel->schib.Store();
  return IoOutcome::Cc(0);
}

IoOutcome ChannelSubsystem::ModifySubchannel(uint64_t id, const Schib::Bytes& bytes) {
  const Schib wanted = Schib::Load(bytes);
  const uint64_t block = wanted.measurement_block_address;
  if ((wanted.pmcw.flags & Pmcw::kReserved) ||
      (wanted.pmcw.characteristics &
       (Pmcw::kCharacteristicsReserved | Pmcw::kExtendedMeasurement)) ||
      ((wanted.pmcw.characteristics & Pmcw::kMeasurementBlockFormat) && block % 64)) {
    return IoOutcome::Interrupt(PgmCode::kOperand);
  }
  const std::lock_guard lock(mutex_);
  const Found found = Find(id);
  if (!found.subchannel) return found.outcome;
  Schib& schib = found.subchannel->schib;
  if (schib.scsw.Has(Scsw::kPending)) return IoOutcome::Cc(1);
  if (schib.scsw.Has(Scsw::kFunctions)) return IoOutcome::Cc(2);

  Pmcw& pmcw = schib.pmcw;
  const bool was_enabled = pmcw.enabled();
  pmcw.interruption_parameter = wanted.pmcw.interruption_parameter;
  pmcw.flags = static_cast<uint16_t>((pmcw.flags & ~Pmcw::kModifiable) |
                                     (wanted.pmcw.flags & Pmcw::kModifiable));
  pmcw.logical_path_mask = wanted.pmcw.logical_path_mask;
  pmcw.measurement_block_index = wanted.pmcw.measurement_block_index;
  pmcw.path_operational_mask = wanted.pmcw.path_operational_mask;
  pmcw.characteristics =
      wanted.pmcw.characteristics & (Pmcw::kMeasurementBlockFormat | Pmcw::kConcurrentSense);
  schib.measurement_block_address = block;
  if (pmcw.enabled() != was_enabled) found.subchannel->unit->SetEnabled(pmcw.enabled());
  return IoOutcome::Cc(0);
}

IoOutcome ChannelSubsystem::StartSubchannel(uint64_t id, const Orb::Bytes& bytes) {
  const Orb orb = Orb::Load(bytes);
  if (!orb.IsValid()) return IoOutcome::Interrupt(PgmCode::kOperand);
  std::unique_lock lock(mutex_);
  const Found found = FindEnabled(id);
  if (!found.subchannel) return found.outcome;
  Subchannel& subchannel = *found.subchannel;
  Scsw& scsw = subchannel.schib.scsw;
  if (scsw.Has(Scsw::kPending)) return IoOutcome::Cc(1);
  if (scsw.Has(Scsw::kFunctions)) return IoOutcome::Cc(2);

  subchannel.orb = orb;
  subchannel.schib.pmcw.interruption_parameter = orb.interruption_parameter;
  scsw = {};
  scsw.flags = orb.control & Scsw::kFromOrb;
  scsw.control = Scsw::kStartFunction | Scsw::kStartPending;
  if (!(orb.logical_path_mask & kPath)) {
    scsw.flags |= Scsw::kDeferredConditionCode3 | Scsw::kPathNotOperational;
    scsw.ccw_address = orb.program_address;
    MakePending(subchannel, found.number, Scsw::kAlert);
    return IoOutcome::Cc(0);
  }
  subchannel.schib.pmcw.last_path_used_mask = kPath;
  Run(lock, subchannel, found.number, orb.program_address);
  return IoOutcome::Cc(0);
}

void ChannelSubsystem::Run(std::unique_lock<std::mutex>& lock, Subchannel& subchannel,
                           uint16_t number, uint32_t program_address) {
  Scsw& scsw = subchannel.schib.scsw;
  scsw.control = Scsw::kStartFunction | Scsw::kSubchannelActive | Scsw::kDeviceActive;
  subchannel.running = true;
  lock.unlock();
  ChannelProgram program(storage_, *subchannel.unit, subchannel.orb, subchannel.sense);
  const ChannelProgram::End end = program.Run(program_address);
  lock.lock();
  subchannel.running = false;
  idle_.notify_all();
  Finish(subchannel, number, end);
}

void ChannelSubsystem::Finish(Subchannel& subchannel, uint16_t number,
                              const ChannelProgram::End& end) {
  Scsw& scsw = subchannel.schib.scsw;
  scsw.ccw_address = end.ccw_address;
  scsw.device_status = end.device_status;
  scsw.subchannel_status = end.subchannel_status;
  scsw.count = end.count;
  scsw.control = Scsw::kStartFunction;
  const bool program_controlled = (end.subchannel_status & Scsw::kProgramControlled) != 0;
  if (end.suspended) {
    scsw.control |= Scsw::kSuspended;
    if (!(scsw.flags & Scsw::kSuppressSuspended) || program_controlled) {
      MakePending(subchannel, number, Scsw::kIntermediate);
    }
    return;
  }
  uint16_t status = Scsw::kPrimary | Scsw::kSecondary;
  if (program_controlled) status |= Scsw::kIntermediate;
  if ((end.subchannel_status & ~Scsw::kProgramControlled) ||
      (end.device_status & Scsw::kUnitCheck)) {
    status |= Scsw::kAlert;
  }
  MakePending(subchannel, number, status);
}

void ChannelSubsystem::MakePending(Subchannel& subchannel, uint16_t number, uint16_t status) {
  Scsw& scsw = subchannel.schib.scsw;
  const bool was_pending = scsw.Has(Scsw::kPending);
  scsw.control |= status | Scsw::kPending;
  const Pmcw& pmcw = subchannel.schib.pmcw;
  if (was_pending || !pmcw.enabled()) return;
  IoInterruption interruption;
  interruption.subchannel_id = kSubchannelId;
  interruption.subchannel_number = number;
  interruption.parameter = pmcw.interruption_parameter;
  interruption.word = uint32_t{pmcw.isc()} << 27;
  sink_.InjectIo(interruption);
}

void ChannelSubsystem::Alert(uint16_t subchannel_number) {
  const std::lock_guard lock(mutex_);
  if (subchannel_number >= subchannels_.size()) return;
  Subchannel& subchannel = *subchannels_[subchannel_number];
  // The end of a running program is an interruption too.
  if (!subchannel.schib.pmcw.enabled() || subchannel.running ||
      subchannel.schib.scsw.Has(Scsw::kPending)) {
    return;
  }
  MakePending(subchannel, subchannel_number, Scsw::kAlert);
}

IoOutcome ChannelSubsystem::TestSubchannel(uint64_t id, Irb::Bytes& bytes) {
  const std::lock_guard lock(mutex_);
  const Found found = FindEnabled(id);
  if (!found.subchannel) return found.outcome;
  Subchannel& subchannel = *found.subchannel;
  Scsw& scsw = subchannel.schib.scsw;

  Irb irb;
  irb.scsw = scsw;
  irb.extended_status[0] = kLogout;
  const bool pending = scsw.Has(Scsw::kPending);
  const bool sense = pending && (scsw.device_status & Scsw::kUnitCheck) &&
                     (subchannel.schib.pmcw.characteristics & Pmcw::kConcurrentSense);
  if (sense) {
    irb.scsw.flags |= Scsw::kExtendedStatusWord | Scsw::kExtendedControl;
    irb.extended_status[1] = kConcurrentSense;
    irb.extended_control = subchannel.sense;
    subchannel.sense.fill(0);
  }
  bytes = irb.Store();
  if (!pending) return IoOutcome::Cc(1);

  const bool only_intermediate =
      (scsw.control & Scsw::kStatus) == (Scsw::kIntermediate | Scsw::kPending);
  // An alert that no function caused leaves a suspended program as it is.
  const bool unsolicited = (scsw.control & Scsw::kStatus) == (Scsw::kAlert | Scsw::kPending) &&
                           scsw.Has(Scsw::kSuspended);
  if (only_intermediate || unsolicited) {
    scsw.control &= ~Scsw::kStatus;
    scsw.subchannel_status = 0;
  } else {
    const uint32_t ccw_address = scsw.ccw_address;
    scsw = {};
    scsw.ccw_address = ccw_address;
  }
  sink_.WithdrawIo(kSubchannelId, found.number);
  return IoOutcome::Cc(0);
}

// Ends what goes on at the subchannel, all status included.
IoOutcome ChannelSubsystem::ClearSubchannel(uint64_t id) {
  std::unique_lock lock(mutex_);
  const Found found = FindEnabled(id);
  if (!found.subchannel) return found.outcome;
  Subchannel& subchannel = *found.subchannel;
  WaitUntilIdle(lock, subchannel);
  sink_.WithdrawIo(kSubchannelId, found.number);
  subchannel.schib.scsw = {};
  subchannel.schib.scsw.control = Scsw::kClearFunction;
  subchannel.schib.pmcw.last_path_used_mask = kPath;
  MakePending(subchannel, found.number, 0);
  return IoOutcome::Cc(0);
}

// A channel program runs to its end at once, so that there is none to be ended but a suspended one.
IoOutcome ChannelSubsystem::HaltSubchannel(uint64_t id) {
  std::unique_lock lock(mutex_);
  const Found found = FindEnabled(id);
  if (!found.subchannel) return found.outcome;
  Subchannel& subchannel = *found.subchannel;
  WaitUntilIdle(lock, subchannel);
  Scsw& scsw = subchannel.schib.scsw;
  const uint16_t status = scsw.control & Scsw::kStatus;
  if (status == Scsw::kPending || (status & (Scsw::kAlert | Scsw::kPrimary | Scsw::kSecondary))) {
    return IoOutcome::Cc(1);
  }
  if (scsw.Has(Scsw::kHaltFunction | Scsw::kClearFunction)) return IoOutcome::Cc(2);
  const bool suspended = scsw.Has(Scsw::kSuspended);
  if (status) {
    sink_.WithdrawIo(kSubchannelId, found.number);
    scsw.control &= ~Scsw::kPending;
  }
  scsw.control &= ~Scsw::kActivities;
  scsw.control |= Scsw::kHaltFunction;
  subchannel.schib.pmcw.last_path_used_mask = kPath;
  MakePending(subchannel, found.number, suspended ? Scsw::kPrimary : 0);
  return IoOutcome::Cc(0);
}

IoOutcome ChannelSubsystem::ResumeSubchannel(uint64_t id) {
  std::unique_lock lock(mutex_);
  const Found found = FindEnabled(id);
  if (!found.subchannel) return found.outcome;
  Subchannel& subchannel = *found.subchannel;
  Scsw& scsw = subchannel.schib.scsw;
  if (scsw.Has(Scsw::kPending)) return IoOutcome::Cc(1);
  if ((scsw.control & Scsw::kFunctions) != Scsw::kStartFunction || scsw.Has(Scsw::kResumePending) ||
      !scsw.Has(Scsw::kSuspended)) {
    return IoOutcome::Cc(2);
  }
  Run(lock, subchannel, found.number, scsw.ccw_address - static_cast<uint32_t>(Ccw::kSize));
  return IoOutcome::Cc(0);
}

IoOutcome ChannelSubsystem::CancelSubchannel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const Found found = FindEnabled(id);
  if (!found.subchannel) return found.outcome;
  Scsw& scsw = found.subchannel->schib.scsw;
  if (scsw.Has(Scsw::kPending)) return IoOutcome::Cc(1);
  if ((scsw.control & Scsw::kFunctions) != Scsw::kStartFunction ||
      scsw.Has(Scsw::kSubchannelActive) ||
      !scsw.Has(Scsw::kResumePending | Scsw::kStartPending | Scsw::kSuspended)) {
    return IoOutcome::Cc(2);
  }
  scsw.control = 0;
  return IoOutcome::Cc(0);
}

IoOutcome ChannelSubsystem::StoreChannelReportWord(uint32_t& word) {
  const std::lock_guard lock(mutex_);
  word = 0;
  if (channel_reports_.empty()) {
    report_announced_ = false;
    return IoOutcome::Cc(1);
  }
  word = channel_reports_.front();
  channel_reports_.pop_front();
  return IoOutcome::Cc(0);
}

void ChannelSubsystem::Report(uint32_t channel_report_word) {
  if (channel_reports_.size() == kMaximumReports) {
    channel_reports_.back() |= kReportOverflow;
    return;
  }
  channel_reports_.push_back(channel_report_word);
  if (report_announced_) return;
  report_announced_ = true;
  if (report_listener_) report_listener_();
}

IoOutcome ChannelSubsystem::ResetChannelPath(uint64_t chpid) {
  const auto word = static_cast<uint32_t>(chpid);
  if (word & 0xff00ff00) return IoOutcome::Interrupt(PgmCode::kOperand);
  const std::lock_guard lock(mutex_);
  if (word || subchannels_.empty()) return IoOutcome::Cc(3);
  Report(kReportChannelPath | kReportInitialized);
  return IoOutcome::Cc(0);
}

IoOutcome ChannelSubsystem::Call(std::span<uint8_t, 4096> block) {
  const std::lock_guard lock(mutex_);
  return AnswerSubsystemCall(block, !subchannels_.empty(), multiple_subchannel_sets_);
}

int64_t ChannelSubsystem::Notify(uint64_t id, uint64_t queue, uint64_t cookie) {
  ControlUnit* unit = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const Found found = FindEnabled(id);
    if (!found.subchannel) return -EINVAL;
    unit = found.subchannel->unit.get();
  }
  // Subchannels stay until the subsystem ends.
  if (!unit->Notify(static_cast<uint16_t>(queue))) return -EINVAL;
  return static_cast<int64_t>(cookie);
}

void ChannelSubsystem::WaitUntilIdle(std::unique_lock<std::mutex>& lock,
                                     const Subchannel& subchannel) {
  idle_.wait(lock, [&] { return !subchannel.running; });
}

void ChannelSubsystem::Reset() {
  std::unique_lock lock(mutex_);
  for (size_t number = 0; number < subchannels_.size(); ++number) {
    Subchannel& subchannel = *subchannels_[number];
    WaitUntilIdle(lock, subchannel);
    sink_.WithdrawIo(kSubchannelId, static_cast<uint16_t>(number));
    const bool was_enabled = subchannel.schib.pmcw.enabled();
    const uint16_t device_number = subchannel.schib.pmcw.device_number;
    subchannel.schib = {};
    subchannel.schib.pmcw = PowerOnPmcw(device_number);
    subchannel.sense.fill(0);
    if (was_enabled) subchannel.unit->SetEnabled(false);
    ControlUnit& unit = *subchannel.unit;
    lock.unlock();
    unit.Reset();
    lock.lock();
  }
  channel_reports_.clear();
  report_announced_ = false;
  multiple_subchannel_sets_ = false;
}

}  // namespace ucontrol
