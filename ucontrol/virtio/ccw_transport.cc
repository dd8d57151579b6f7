#include "ucontrol/virtio/ccw_transport.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ucontrol/big_endian.h"

namespace ucontrol::virtio {
namespace {

using hypervisor::GuestAbsolute;

enum Command : uint8_t {
  kWriteFeatures = 0x11,
  kReadFeatures = 0x12,
  kSetQueue = 0x13,
  kWriteConfiguration = 0x21,
  kReadConfiguration = 0x22,
  kWriteStatus = 0x31,
  kReadQueueConfiguration = 0x32,
  kResetDevice = 0x33,
  kSetIndicators = 0x43,
  kSetConfigurationIndicators = 0x53,
  kReadStatus = 0x72,
  kSetAdapterIndicators = 0x73,
  kSetRevision = 0x83,
};

constexpr uint8_t kDriverOk = 0x04;
constexpr uint8_t kFeaturesOk = 0x08;
constexpr uint8_t kNeedsReset = 0x40;

// Whether the transfer has room for exactly `size` bytes, or for more and the excess is allowed.
bool Fits(const Transfer& transfer, uint32_t size) {
  return transfer.count() == size || (transfer.count() > size && transfer.suppress_length());
}

template <size_t kSize>
bool Fetch(Transfer& transfer, std::array<uint8_t, kSize>& bytes) {
  if (!Fits(transfer, kSize) || !transfer.Fetch(0, bytes.data(), kSize)) return false;
  transfer.set_used(kSize);
  return true;
}

}  // namespace

CcwTransport::CcwTransport(std::unique_ptr<Device> device, AbsoluteStorage& storage,
                           InterruptionSink& sink)
    : device_(std::move(device)),
      storage_(storage),
      sink_(sink),
      queue_sizes_(device_->queue_sizes()),
      queues_(queue_sizes_.size(), Virtqueue(storage)) {}

CcwTransport::~CcwTransport() {
  StopDevice();
}

std::optional<uint16_t> CcwTransport::Attach(std::unique_ptr<Device> device, uint16_t device_number,
                                             ChannelSubsystem& subsystem, AbsoluteStorage& storage,
                                             InterruptionSink& sink) {
  auto transport = std::make_unique<CcwTransport>(std::move(device), storage, sink);
  CcwTransport& attached = *transport;
  attached.subsystem_ = &subsystem;
  const auto subchannel = subsystem.Attach(std::move(transport), device_number);
  if (subchannel) attached.subchannel_ = *subchannel;
  return subchannel;
}

SenseId CcwTransport::sense_id() const {
  return {kControlUnitType, static_cast<uint8_t>(device_->type()), 0, 0};
}

// The revision is forgotten whenever the subchannel is enabled or disabled.
void CcwTransport::SetEnabled(bool) {
  revision_ = kNoRevision;
}

Ending CcwTransport::Execute(uint8_t command, Transfer& transfer) {
  if (command == kSetRevision) return SetRevision(transfer);
  // Any other command that comes first is one of a driver that knows no revisions.
  if (revision_ == kNoRevision) {
    revision_ = 0;
    order_ = ByteOrder::kBig;
  }
  switch (command) {
    case kReadFeatures:
      return ReadFeatures(transfer);
    case kWriteFeatures:
      return WriteFeatures(transfer);
    case kReadConfiguration:
      return ReadConfiguration(transfer);
    case kWriteConfiguration:
      return WriteConfiguration(transfer);
    case kReadStatus:
      return ReadStatus(transfer);
    case kWriteStatus:
      return WriteStatus(transfer);
    case kReadQueueConfiguration:
      return ReadQueueConfiguration(transfer);
    case kSetQueue:
      return SetQueue(transfer);
    case kSetIndicators:
      return SetIndicators(transfer, /*of_configuration=*/false);
    case kSetConfigurationIndicators:
      return SetIndicators(transfer, /*of_configuration=*/true);
    case kSetAdapterIndicators:
      return SetAdapterIndicators(transfer);
    case kResetDevice:
      return ResetDevice(transfer);
    default:
      return Ending::kCommandReject;
  }
}

Ending CcwTransport::SetRevision(Transfer& transfer) {
  // {revision, length of what follows}; no revision so far has anything to follow.
  std::array<uint8_t, 4> bytes;
  if (transfer.count() < bytes.size() || !transfer.Fetch(0, bytes.data(), bytes.size())) {
    return Ending::kProgramCheck;
  }
  const uint16_t revision = LoadBigEndian<uint16_t>(&bytes[0]);
  const uint16_t length = LoadBigEndian<uint16_t>(&bytes[2]);
  if (!Fits(transfer, 4 + uint32_t{length})) return Ending::kProgramCheck;
  if (revision_ != kNoRevision || revision > kNewestRevision) return Ending::kCommandReject;
  transfer.set_used(4 + uint32_t{length});
  revision_ = revision;
  order_ = revision ? ByteOrder::kLittle : ByteOrder::kBig;
  return Ending::kDone;
}

uint64_t CcwTransport::OfferedFeatures() const {
  const uint64_t features =
      device_->features() | Feature(kIndirectDescriptors) | Feature(kEventIndex);
  return legacy() ? features & 0xffffffff : features | Feature(kVersion1);
}

Ending CcwTransport::ReadFeatures(Transfer& transfer) {
  std::array<uint8_t, 5> bytes;
  if (!Fetch(transfer, bytes)) return Ending::kProgramCheck;
  const uint8_t index = bytes[4];
  const auto word = static_cast<uint32_t>(index < 2 ? OfferedFeatures() >> (32 * index) : 0);
  Store<uint32_t>(ByteOrder::kLittle, bytes.data(), word);
  return transfer.Store(0, bytes.data(), bytes.size()) ? Ending::kDone : Ending::kProgramCheck;
}

Ending CcwTransport::WriteFeatures(Transfer& transfer) {
  std::array<uint8_t, 5> bytes;
  if (!Fetch(transfer, bytes)) return Ending::kProgramCheck;
  const uint8_t index = bytes[4];
  const uint64_t word = Load<uint32_t>(ByteOrder::kLittle, bytes.data());
  {
    const std::lock_guard lock(mutex_);
    if (status_ & (kFeaturesOk | kDriverOk)) return Ending::kCommandReject;
  }
  // A word that doesn't exist may only be zero.
  if (index > 1) return word ? Ending::kCommandReject : Ending::kDone;
  driver_features_ =
      (driver_features_ & ~(uint64_t{0xffffffff} << (32 * index))) | word << (32 * index);
  // A driver of before virtio 1.0 is held to what there is without being asked whether it agrees.
  if (legacy()) driver_features_ &= OfferedFeatures();
  return Ending::kDone;
}

Ending CcwTransport::ReadConfiguration(Transfer& transfer) {
  const std::vector<uint8_t> bytes = device_->Configuration(order_);
  if (transfer.count() > bytes.size() && !transfer.suppress_length()) return Ending::kProgramCheck;
  const auto length = static_cast<uint32_t>(std::min<size_t>(transfer.count(), bytes.size()));
  if (!transfer.Store(0, bytes.data(), length)) return Ending::kProgramCheck;
  transfer.set_used(length);
  return Ending::kDone;
}

Ending CcwTransport::WriteConfiguration(Transfer& transfer) {
  const size_t size = device_->Configuration(order_).size();
  if (transfer.count() > size && !transfer.suppress_length()) return Ending::kProgramCheck;
  std::vector<uint8_t> bytes(std::min<size_t>(transfer.count(), size));
  if (!transfer.Fetch(0, bytes.data(), static_cast<uint32_t>(bytes.size()))) {
    return Ending::kProgramCheck;
  }
  transfer.set_used(static_cast<uint32_t>(bytes.size()));
  device_->WriteConfiguration(0, bytes, order_);
  return Ending::kDone;
}

Ending CcwTransport::ReadStatus(Transfer& transfer) {
  if (revision_ < 2) return Ending::kCommandReject;
  if (!Fits(transfer, 1)) return Ending::kProgramCheck;
  uint8_t status;
  {
    const std::lock_guard lock(mutex_);
    status = status_;
  }
  if (!transfer.Store(0, &status, 1)) return Ending::kProgramCheck;
  transfer.set_used(1);
  return Ending::kDone;
}

Ending CcwTransport::WriteStatus(Transfer& transfer) {
  std::array<uint8_t, 1> bytes;
  if (!Fetch(transfer, bytes)) return Ending::kProgramCheck;
  const uint8_t wanted = bytes[0];
  if (wanted == 0) {
    ForgetDriver();
    return Ending::kDone;
  }
  uint8_t before;
  {
    const std::lock_guard lock(mutex_);
    before = status_;
    if (!legacy()) {
      const bool agrees = !(driver_features_ & ~OfferedFeatures()) && Has(kVersion1);
      if ((wanted & kFeaturesOk) && !(before & kFeaturesOk) && !agrees) {
        return Ending::kCommandReject;
      }
      if ((wanted & kDriverOk) && !(wanted & kFeaturesOk)) return Ending::kCommandReject;
    }
    status_ = static_cast<uint8_t>((wanted & ~kNeedsReset) | (before & kNeedsReset));
  }
  if ((wanted & kDriverOk) && !(before & (kDriverOk | kNeedsReset))) StartDevice();
  if (!(wanted & kDriverOk)) StopDevice();
  return Ending::kDone;
}

Ending CcwTransport::ReadQueueConfiguration(Transfer& transfer) {
  std::array<uint8_t, 4> bytes;
  if (!Fits(transfer, bytes.size()) || !transfer.Fetch(0, bytes.data(), 2)) {
    return Ending::kProgramCheck;
  }
  const uint16_t index = LoadBigEndian<uint16_t>(&bytes[0]);
  StoreBigEndian<uint16_t>(&bytes[2], index < queue_sizes_.size() ? queue_sizes_[index] : 0);
  if (!transfer.Store(0, bytes.data(), bytes.size())) return Ending::kProgramCheck;
  transfer.set_used(bytes.size());
  return Ending::kDone;
}

Ending CcwTransport::SetQueue(Transfer& transfer) {
  uint16_t index = 0;
  std::optional<Virtqueue::Layout> layout;
  if (legacy()) {
    std::array<uint8_t, 16> bytes;
    if (!Fetch(transfer, bytes)) return Ending::kProgramCheck;
    const uint64_t queue = LoadBigEndian<uint64_t>(&bytes[0]);
    index = LoadBigEndian<uint16_t>(&bytes[12]);
    const uint16_t size = queue ? LoadBigEndian<uint16_t>(&bytes[14]) : 0;
    layout =
        Virtqueue::Layout::Legacy(GuestAbsolute(queue), LoadBigEndian<uint32_t>(&bytes[8]), size);
  } else {
    std::array<uint8_t, 32> bytes;
    if (!Fetch(transfer, bytes)) return Ending::kProgramCheck;
    index = LoadBigEndian<uint16_t>(&bytes[12]);
    layout.emplace();
    layout->descriptors = GuestAbsolute(LoadBigEndian<uint64_t>(&bytes[0]));
    layout->size = layout->descriptors.raw() ? LoadBigEndian<uint16_t>(&bytes[14]) : 0;
    layout->available = GuestAbsolute(LoadBigEndian<uint64_t>(&bytes[16]));
    layout->used = GuestAbsolute(LoadBigEndian<uint64_t>(&bytes[24]));
  }
  if (started_ || index >= queues_.size()) return Ending::kCommandReject;
  if (layout && layout->size == 0) {
    queues_[index].SetLayout({});
    return Ending::kDone;
  }
  if (!layout || !layout->IsValid() || layout->size > queue_sizes_[index]) {
    return Ending::kCommandReject;
  }
  queues_[index].SetLayout(*layout);
  return Ending::kDone;
}

Ending CcwTransport::SetIndicators(Transfer& transfer, bool of_configuration) {
  std::array<uint8_t, 8> bytes;
  if (!Fetch(transfer, bytes)) return Ending::kProgramCheck;
  const GuestAbsolute address(LoadBigEndian<uint64_t>(bytes.data()));
  const std::lock_guard lock(mutex_);
  if (of_configuration) {
    indicators_.SetConfiguration(address);
    return Ending::kDone;
  }
  return indicators_.SetClassic(address) ? Ending::kDone : Ending::kCommandReject;
}

Ending CcwTransport::SetAdapterIndicators(Transfer& transfer) {
  std::array<uint8_t, 25> bytes;
  if (!Fetch(transfer, bytes)) return Ending::kProgramCheck;
  if (legacy()) return Ending::kCommandReject;
  Indicators::Adapter adapter;
  adapter.summary = GuestAbsolute(LoadBigEndian<uint64_t>(&bytes[0]));
  adapter.bits = GuestAbsolute(LoadBigEndian<uint64_t>(&bytes[8]));
  adapter.first_bit = LoadBigEndian<uint64_t>(&bytes[16]);
  adapter.isc = bytes[24] & 7;
  const std::lock_guard lock(mutex_);
  return indicators_.SetAdapter(adapter) ? Ending::kDone : Ending::kCommandReject;
}

Ending CcwTransport::ResetDevice(Transfer& transfer) {
  transfer.set_used(transfer.count());
  ForgetDriver();
  return Ending::kDone;
}

bool CcwTransport::Notify(uint32_t queue) {
  if (queue >= queues_.size()) return false;
  device_->Notify(queue);
  return true;
}

void CcwTransport::Reset() {
  ForgetDriver();
  revision_ = kNoRevision;
}

void CcwTransport::Shutdown() {
  StopDevice();
}

void CcwTransport::ForgetDriver() {
  StopDevice();
  driver_features_ = 0;
  for (Virtqueue& queue : queues_) queue.SetLayout({});
  const std::lock_guard lock(mutex_);
  status_ = 0;
  indicators_.Clear();
}

void CcwTransport::StartDevice() {
  driver_order_ = order_;
  Virtqueue::Rules rules;
  rules.order = driver_order_;
  rules.indirect_descriptors = Has(kIndirectDescriptors);
  rules.event_index = Has(kEventIndex);
  for (Virtqueue& queue : queues_) queue.Start(rules);
  started_ = true;
  device_->Start(*this);
}

void CcwTransport::StopDevice() {
  if (!started_) return;
  device_->Stop();
  started_ = false;
}

void CcwTransport::Interrupt(size_t queue) {
  if (!queues_[queue].WantsInterruption()) return;
  Indicators::Interruption interruption;
  IoInterruption adapter;
  {
    const std::lock_guard lock(mutex_);
    interruption = indicators_.IndicateQueue(storage_, static_cast<uint32_t>(queue));
    adapter.word = 0x80000000 | uint32_t{indicators_.isc()} << 27;
  }
  if (interruption == Indicators::Interruption::kAdapter) sink_.InjectIo(adapter);
  if (interruption == Indicators::Interruption::kSubchannel) subsystem_->Alert(subchannel_);
}

void CcwTransport::ConfigurationChanged() {
  Indicators::Interruption interruption;
  {
    const std::lock_guard lock(mutex_);
    interruption = indicators_.IndicateConfiguration(storage_);
  }
  if (interruption == Indicators::Interruption::kSubchannel) subsystem_->Alert(subchannel_);
}

void CcwTransport::NeedsReset() {
  {
    const std::lock_guard lock(mutex_);
    status_ |= kNeedsReset;
  }
  ConfigurationChanged();
}

}  // namespace ucontrol::virtio
