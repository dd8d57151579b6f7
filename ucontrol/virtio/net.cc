#include "ucontrol/virtio/net.h"

#include <algorithm>
#include <utility>

#include "ucontrol/virtio/checksum.h"

namespace ucontrol::virtio {
namespace {

constexpr int kChecksum = 0;
constexpr int kGuestChecksum = 1;
constexpr int kMtu = 3;
constexpr int kMac = 5;
constexpr int kMergeableBuffers = 15;
constexpr int kLinkStatus = 16;

constexpr size_t kReceiveQueue = 0;
constexpr size_t kTransmitQueue = 1;

// struct virtio_net_hdr: flags, segmentation, header length, segment size, checksum start and
// offset; number of buffers, which old drivers without mergeable buffers don't have.
constexpr size_t kOldHeaderSize = 10;
constexpr size_t kHeaderSize = 12;
constexpr uint8_t kNeedsChecksum = 1;
constexpr uint8_t kChecksumValid = 2;
constexpr uint16_t kLinkUp = 1;

constexpr size_t kMaximumFrame = 65536 + 18;
constexpr int kFramesAtOnce = 128;
// What a guest doesn't make room for waits up to here, then is lost.
constexpr size_t kMaximumReceivedBytes = 2 * 1024 * 1024;

}  // namespace

Net::Net(std::unique_ptr<Network> network, const MacAddress& address)
    : network_(std::move(network)), address_(address), worker_("virtio-net", [this] { Serve(); }) {
  network_->SetReceiver([this](Network::Frame frame) {
    if (frame.size() > kMaximumFrame || received_bytes_ + frame.size() > kMaximumReceivedBytes) {
      return;
    }
    received_.emplace_back(frame.begin(), frame.end());
    received_bytes_ += frame.size();
  });
}

Net::~Net() {
  worker_.Stop();
}

uint64_t Net::features() const {
  uint64_t features = Feature(kChecksum) | Feature(kMtu) | Feature(kMac) |
                      Feature(kMergeableBuffers) | Feature(kLinkStatus);
  if (network_->checksums_are_good()) features |= Feature(kGuestChecksum);
  return features;
}

std::vector<uint8_t> Net::Configuration(ByteOrder order) const {
  std::vector<uint8_t> bytes(12);
  std::copy(address_.begin(), address_.end(), bytes.begin());
  Store<uint16_t>(order, &bytes[6], kLinkUp);
  Store<uint16_t>(order, &bytes[8], 1);  // pair of queues
  Store<uint16_t>(order, &bytes[10], network_->mtu());
  return bytes;
}

void Net::Start(Driver& driver) {
  driver_ = &driver;
  worker_.Start();
  worker_.Kick();
}

void Net::Stop() {
  worker_.Stop();
}

size_t Net::HeaderSize() const {
  const bool old = driver_->order() == ByteOrder::kBig && !driver_->Has(kMergeableBuffers);
  return old ? kOldHeaderSize : kHeaderSize;
}

void Net::Serve() {
  broken_ = false;
  received_.clear();
  received_bytes_ = 0;
  taken_ = 0;
  room_ = 0;
  bool idle = true;
  while (!worker_.stopping()) {
    Wait(idle);
    idle = !Transmit();
    DeliverFrames();
    if (broken_) return driver_->NeedsReset();
  }
}

// While frames wait for the guest, those behind them wait in the network, which makes senders
// slower instead of losing what they send.
void Net::Wait(bool idle) {
  polls_.clear();
  polls_.push_back({worker_.kick_fd(), POLLIN, 0});
  int timeout = idle ? -1 : 0;
  const bool listening = received_.empty();
  if (listening) network_->AddPolls(polls_, timeout);
  poll(polls_.data(), polls_.size(), timeout);
  if (polls_[0].revents) worker_.ClearKick();
  if (listening) network_->Serve(std::span<const pollfd>(polls_).subspan(1));
}

bool Net::Transmit() {
  Virtqueue& ring = driver_->queue(kTransmitQueue);
  if (!ring.in_use()) return false;
  int frames = 0;
  bool more = true;
  ring.SuppressNotifications();
  while (more) {
    while (frames < kFramesAtOnce && ring.Take(transmitted_)) {
      TransmitFrame(transmitted_.readable);
      ring.Return(transmitted_, 0);
      ++frames;
    }
    more = frames < kFramesAtOnce && ring.ExpectNotifications();
  }
  driver_->Interrupt(kTransmitQueue);
  if (ring.broken()) broken_ = true;
  return frames == kFramesAtOnce;
}

void Net::TransmitFrame(const Buffers& buffers) {
  const size_t header_size = HeaderSize();
  if (buffers.size() < header_size) {
    broken_ = true;
    return;
  }
  if (buffers.size() - header_size > kMaximumFrame) return;
  std::array<uint8_t, kHeaderSize> header;
  buffers.CopyTo(header.data(), 0, header_size);
  frame_.resize(buffers.size() - header_size);
  buffers.CopyTo(frame_.data(), header_size, frame_.size());
  // Nothing but whole packets was agreed on.
  if (header[1]) return;
  if (header[0] & kNeedsChecksum) {
    const uint16_t start = Load<uint16_t>(driver_->order(), &header[6]);
    const uint16_t offset = Load<uint16_t>(driver_->order(), &header[8]);
    if (!CompleteChecksum(frame_, start, offset)) return;
  }
  network_->Send(frame_);
}

void Net::DeliverFrames() {
  Virtqueue& ring = driver_->queue(kReceiveQueue);
  if (!ring.in_use() || received_.empty()) return;
  ring.SuppressNotifications();
  bool delivered = false;
  while (!received_.empty() && !broken_) {
    switch (Deliver(received_.front())) {
      case Delivery::kDone:
        delivered = true;
        received_bytes_ -= received_.front().size();
        received_.pop_front();
        continue;
      case Delivery::kNoBuffers:
        if (ring.ExpectNotifications() && !worker_.stopping()) continue;
        break;
      case Delivery::kBroken:
        broken_ = true;
        break;
    }
    break;
  }
  if (delivered) driver_->Interrupt(kReceiveQueue);
}

// Puts one frame into as many chains as it takes. They are the driver's again all at once.
Net::Delivery Net::Deliver(const std::vector<uint8_t>& frame) {
  Virtqueue& ring = driver_->queue(kReceiveQueue);
  const bool mergeable = driver_->Has(kMergeableBuffers);
  const size_t header_size = HeaderSize();
  const size_t total = header_size + frame.size();
  while (room_ < total) {
    if (taken_ && !mergeable) return Delivery::kDone;  // too long for this driver: lost
    if (buffers_.size() == taken_) buffers_.emplace_back();
    Chain& chain = buffers_[taken_];
    if (!ring.Take(chain)) return ring.broken() ? Delivery::kBroken : Delivery::kNoBuffers;
    const uint64_t size = chain.writable.size();
    if (size < (taken_ ? 1 : header_size)) return Delivery::kBroken;
    ++taken_;
    room_ += size;
  }

  std::array<uint8_t, kHeaderSize> header{};
  if (driver_->Has(kGuestChecksum)) header[0] = kChecksumValid;
  Store<uint16_t>(driver_->order(), &header[10], taken_);
  buffers_[0].writable.CopyFrom(header.data(), 0, header_size);
  size_t done = 0;
  for (uint16_t i = 0; i < taken_; ++i) {
    const size_t before = i == 0 ? header_size : 0;
    const uint64_t part =
        buffers_[i].writable.CopyFrom(frame.data() + done, before, frame.size() - done);
    done += part;
    ring.Return(buffers_[i], static_cast<uint32_t>(before + part), /*more=*/i + 1 < taken_);
  }
  taken_ = 0;
  room_ = 0;
  return Delivery::kDone;
}

}  // namespace ucontrol::virtio
