#include "ucontrol/service_call/service_call.h"

#include <array>
#include <utility>
#include <vector>

#include "hypervisor/arch/address.h"
#include "hypervisor/arch/prefix_area.h"

namespace ucontrol {
namespace {

using hypervisor::Facility;
using hypervisor::GuestAbsolute;
using hypervisor::kPageSize;
using hypervisor::PgmCode;

// The rest of a command code is a parameter of some commands.
constexpr uint32_t kCommandCode = 0xffff00ff;
constexpr uint32_t kReadScpInfo = 0x00020001;
constexpr uint32_t kReadScpInfoForced = 0x00120001;
constexpr uint32_t kReadCpuInfo = 0x00010001;
constexpr uint32_t kReadEventData = 0x00770005;
constexpr uint32_t kWriteEventData = 0x00760005;
constexpr uint32_t kWriteEventMask = 0x00780005;
constexpr uint32_t kConfigureAdapter = 0x001a0001;
constexpr uint32_t kDeconfigureAdapter = 0x001b0001;

// The service signal's parameter.
constexpr uint32_t kSccbAddress = 0xfffffff8;
constexpr uint32_t kEventPending = 0x1;

constexpr uint64_t kSccbAddressBits = 0x7ffffff8;

bool IsKnown(uint32_t command) {
  switch (command) {
    case kReadScpInfo:
    case kReadScpInfoForced:
    case kReadCpuInfo:
    case kReadEventData:
    case kWriteEventData:
    case kWriteEventMask:
    case kConfigureAdapter:
    case kDeconfigureAdapter:
      return true;
    default:
      return false;
  }
}

bool MayCrossPages(uint32_t command, const hypervisor::FacilityList& facilities) {
  return facilities.Has(Facility::kExtendedLengthSccb) &&
         (command == kReadScpInfo || command == kReadScpInfoForced || command == kReadCpuInfo);
}

}  // namespace

ServiceCall::ServiceCall(const Environment& environment) : environment_(environment) {
  {
    const absl::MutexLock lock(&mutex_);
    if (Console* console = environment_.ascii_console) {
      events_.Add(&ascii_console_.emplace(*console));
    }
    if (Console* console = environment_.line_mode_console) {
      events_.Add(&message_.emplace(OperatorMessage::Kind::kMessage, *console));
      events_.Add(&priority_message_.emplace(OperatorMessage::Kind::kPriority, *console));
      events_.Add(&command_.emplace(*console));
    }
    events_.Add(&quiesce_);
  }
  for (Console* console : {environment_.ascii_console, environment_.line_mode_console}) {
    if (console) console->OnInput([this] { SignalEvents(); });
  }
}

ServiceCall::~ServiceCall() {
  for (Console* console : {environment_.ascii_console, environment_.line_mode_console}) {
    if (console) console->OnInput(nullptr);
  }
}

PgmCode ServiceCall::Execute(uint32_t command, uint64_t sccb_address, uint32_t prefix) {
  const GuestAbsolute address(sccb_address);
  AbsoluteStorage& storage = environment_.storage;
  constexpr uint64_t kPrefixAreaMask = ~(hypervisor::prefix_area::kSize - 1);
  if (storage.Find(address, 1) == nullptr) return PgmCode::kAddressing;
  const uint64_t area = sccb_address & kPrefixAreaMask;
  if (area == 0 || area == prefix || (sccb_address & ~kSccbAddressBits) != 0) {
    return PgmCode::kSpecification;
  }
  std::array<uint8_t, Sccb::kHeader> header;
  if (!storage.Read(address, header.data(), header.size())) return PgmCode::kAddressing;
  const size_t length = LoadBigEndian<uint16_t>(header.data());
  if (length < Sccb::kHeader) return PgmCode::kSpecification;
  std::vector<uint8_t> bytes(length);
  if (!storage.Read(address, bytes.data(), length)) return PgmCode::kAddressing;
  // Another CPU of the guest may have changed the length meanwhile: the first reading counts.
  StoreBigEndian<uint16_t>(bytes.data(), static_cast<uint16_t>(length));

  Sccb sccb(std::move(bytes));
  bool event_pending = false;
  {
    const absl::MutexLock lock(&mutex_);
    Dispatch(command & kCommandCode, sccb_address, sccb);
    event_pending = events_.pending();
  }
  storage.Write(address, sccb.bytes().data(), sccb.size());
  environment_.interruptions.InjectServiceSignal(
      (static_cast<uint32_t>(sccb_address) & kSccbAddress) | (event_pending ? kEventPending : 0));
  return PgmCode::kNone;
}

void ServiceCall::Dispatch(uint32_t command, uint64_t sccb_address, Sccb& sccb) {
  if (!IsKnown(command)) return sccb.set_response(Response::kInvalidCommand);
  if (sccb_address % kPageSize + sccb.size() > kPageSize &&
      !MayCrossPages(command, environment_.machine.facilities)) {
    return sccb.set_response(Response::kBoundaryViolation);
  }
  switch (command) {
    case kReadScpInfo:
    case kReadScpInfoForced:
      return ReadScpInfo(environment_.machine, sccb);
    case kReadCpuInfo:
      return ReadCpuInfo(environment_.machine, sccb);
    case kReadEventData:
      return events_.ReadEventData(sccb);
    case kWriteEventData:
      return events_.WriteEventData(sccb);
    case kWriteEventMask:
      return events_.WriteEventMask(sccb);
    default:
      return sccb.set_response(Response::kAdapterIdInvalid);
  }
}

void ServiceCall::SignalEvents() {
  {
    const absl::MutexLock lock(&mutex_);
    if (!events_.pending()) return;
  }
  environment_.interruptions.InjectServiceSignal(kEventPending);
}

bool ServiceCall::RequestQuiesce() {
  {
    const absl::MutexLock lock(&mutex_);
    if (!events_.wants(quiesce_)) return false;
    quiesce_.Request();
  }
  environment_.interruptions.InjectServiceSignal(kEventPending);
  return true;
}

void ServiceCall::Reset() {
  const absl::MutexLock lock(&mutex_);
  events_.Reset();
  quiesce_.Reset();
}

}  // namespace ucontrol
