#include "ucontrol/virtio/block.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace ucontrol::virtio {
namespace {

using Kind = DiskRequest::Kind;

constexpr int kSegmentMaximum = 2;
constexpr int kReadOnly = 5;
constexpr int kBlockSize = 6;
constexpr int kFlush = 9;
constexpr int kTopology = 10;
constexpr int kCacheMode = 11;
constexpr int kMultipleQueues = 12;
constexpr int kDiscard = 13;
constexpr int kWriteZeroes = 14;

constexpr uint32_t kTypeIn = 0;
constexpr uint32_t kTypeOut = 1;
constexpr uint32_t kTypeFlush = 4;
constexpr uint32_t kTypeSerial = 8;
constexpr uint32_t kTypeDiscard = 11;
constexpr uint32_t kTypeWriteZeroes = 13;

constexpr uint8_t kStatusOk = 0;
constexpr uint8_t kStatusError = 1;
constexpr uint8_t kStatusUnsupported = 2;

constexpr uint64_t kHeaderSize = 16;
constexpr uint64_t kRangeSize = 16;
constexpr size_t kSerialSize = 20;
constexpr uint32_t kWritebackOffset = 32;
constexpr uint32_t kConfigurationSize = 60;

constexpr uint16_t kQueueSize = 256;
constexpr uint32_t kMaximumPiecesOfDriver = kQueueSize - 2;
constexpr uint32_t kMaximumDiscardSectors = 1 << 22;
// What can't be zeroed otherwise is written, at most this much at once.
constexpr uint32_t kMaximumZeroSectors = 1 << 16;

absl::StatusOr<uint64_t> SizeOf(int fd) {
  struct stat file;
  if (fstat(fd, &file) < 0) return absl::ErrnoToStatus(errno, "fstat of a disk");
  uint64_t size = static_cast<uint64_t>(file.st_size);
  if (S_ISBLK(file.st_mode)) {
    if (ioctl(fd, BLKGETSIZE64, &size) < 0) return absl::ErrnoToStatus(errno, "BLKGETSIZE64");
  } else if (!S_ISREG(file.st_mode)) {
    return absl::InvalidArgumentError("a disk is a file or a block device");
  }
  if (size % Block::kSectorSize) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the size 0x%x of a disk is a multiple of 512", size));
  }
  return size;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Block>> Block::Open(absl::string_view path, const Options& options) {
  const std::string name(path.data(), path.size());
  const int fd = open(name.c_str(), (options.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrFormat("open of the disk %s", name));
  return Create(fd, options);
}

absl::StatusOr<std::unique_ptr<Block>> Block::Create(int fd, const Options& options) {
  const absl::StatusOr<uint64_t> size = SizeOf(fd);
  absl::Status status = size.status();
  if (options.serial.size() > kSerialSize) {
    status = absl::InvalidArgumentError("a disk's serial has at most 20 characters");
  }
  if (options.queues < 1 || options.queues > kMaximumQueues) {
    status = absl::InvalidArgumentError(
        absl::StrFormat("a disk has 1 to 16 queues, not %d", options.queues));
  }
  if (!status.ok()) {
    close(fd);
    return status;
  }
  return std::unique_ptr<Block>(new Block(fd, *size / kSectorSize, options));
}

Block::Block(int fd, uint64_t sectors, const Options& options)
    : fd_(fd),
      sectors_(sectors),
      options_(options),
      io_(options.synchronous ? DiskIo::CreateSynchronous(fd) : DiskIo::Create(fd)),
      answered_(options.queues),
      worker_("virtio-block", [this] { Serve(); }) {}

Block::~Block() {
  worker_.Stop();
  close(fd_);
}

uint64_t Block::features() const {
  uint64_t features = Feature(kSegmentMaximum) | Feature(kBlockSize) | Feature(kFlush) |
                      Feature(kTopology) | Feature(kCacheMode);
  if (options_.queues > 1) features |= Feature(kMultipleQueues);
  return features |
         (options_.read_only ? Feature(kReadOnly) : Feature(kDiscard) | Feature(kWriteZeroes));
}

std::vector<uint16_t> Block::queue_sizes() const {
  return std::vector<uint16_t>(options_.queues, kQueueSize);
}

std::vector<uint8_t> Block::Configuration(ByteOrder order) const {
  std::vector<uint8_t> bytes(kConfigurationSize);
  Store<uint64_t>(order, &bytes[0], sectors_);
  Store<uint32_t>(order, &bytes[12], kMaximumPiecesOfDriver);
  Store<uint32_t>(order, &bytes[20], kSectorSize);
  bytes[24] = 3;                          // 4 KiB are written at once
  Store<uint16_t>(order, &bytes[26], 8);  // least and
  Store<uint32_t>(order, &bytes[28], 0);  // best size of a request
  bytes[kWritebackOffset] = writeback_;
  Store<uint16_t>(order, &bytes[34], options_.queues);
  Store<uint32_t>(order, &bytes[36], kMaximumDiscardSectors);
  Store<uint32_t>(order, &bytes[40], 1);  // range a request
  Store<uint32_t>(order, &bytes[44], 8);  // its alignment
  Store<uint32_t>(order, &bytes[48], kMaximumZeroSectors);
  Store<uint32_t>(order, &bytes[52], 1);
  bytes[56] = 1;  // blocks may go where zeroes are
  return bytes;
}

void Block::WriteConfiguration(uint32_t offset, std::span<const uint8_t> bytes, ByteOrder) {
  if (offset > kWritebackOffset || offset + bytes.size() <= kWritebackOffset) return;
  writeback_ = (bytes[kWritebackOffset - offset] & 1) != 0;
}

void Block::Start(Driver& driver) {
  driver_ = &driver;
  worker_.Start();
  worker_.Kick();
}

void Block::Stop() {
  worker_.Stop();
  writeback_ = true;
}

void Block::Notify(size_t) {
  worker_.Kick();
}

// On the device's thread. Requests under way when it is to stop are brought to their end: the guest
// doesn't reuse their buffers before the reset is done.
void Block::Serve() {
  std::vector<DiskRequest*> completed;
  bool broken = false;
  while (in_flight_ || (!broken && !worker_.stopping())) {
    if (!broken && !worker_.stopping() && !BeginQueues()) {
      broken = true;
      driver_->NeedsReset();
    }
    for (size_t queue = 0; queue < answered_.size(); ++queue) {
      if (answered_[queue]) driver_->Interrupt(queue);
      answered_[queue] = false;
    }
    if (broken && !in_flight_) return;
    completed.clear();
    io_->Wait(worker_.kick_fd(), completed);
    worker_.ClearKick();
    for (DiskRequest* request : completed) {
      --in_flight_;
      Finish(static_cast<Request&>(*request));
    }
  }
  for (size_t queue = 0; queue < answered_.size(); ++queue) {
    if (answered_[queue]) driver_->Interrupt(queue);
    answered_[queue] = false;
  }
}

bool Block::BeginQueues() {
  const size_t queues = std::min(answered_.size(), driver_->queue_count());
  for (size_t queue = 0; queue < queues; ++queue) {
    if (!BeginQueue(queue)) return false;
  }
  return true;
}

bool Block::BeginQueue(size_t queue) {
  Virtqueue& ring = driver_->queue(queue);
  do {
    ring.SuppressNotifications();
    while (!worker_.stopping()) {
      // The rest follows when some of these are complete, notified or not.
      if (in_flight_ == DiskIo::kMaximumInFlight) return true;
      if (free_.empty()) {
        requests_.push_back(std::make_unique<Request>());
        free_.push_back(requests_.back().get());
      }
      Request& request = *free_.back();
      if (!ring.Take(request.chain)) break;
      free_.pop_back();
      request.queue = queue;
      if (!Begin(request)) {
        free_.push_back(&request);
        return false;
      }
    }
    if (ring.broken()) return false;
  } while (ring.ExpectNotifications() && !worker_.stopping());
  return !ring.broken();
}

bool Block::Begin(Request& request) {
  std::array<uint8_t, kHeaderSize> header;
  const Chain& chain = request.chain;
  if (chain.readable.CopyTo(header.data(), 0, kHeaderSize) != kHeaderSize ||
      chain.writable.size() == 0) {
    return false;
  }
  const uint64_t sector = Load<uint64_t>(driver_->order(), &header[8]);
  switch (Load<uint32_t>(driver_->order(), &header[0])) {
    case kTypeIn:
      BeginTransfer(request, Kind::kRead, sector);
      break;
    case kTypeOut:
      BeginTransfer(request, Kind::kWrite, sector);
      break;
    case kTypeFlush:
      request.kind = Kind::kFlush;
      Submit(request);
      break;
    case kTypeSerial: {
      std::array<char, kSerialSize> serial{};
      std::copy(options_.serial.begin(), options_.serial.end(), serial.begin());
      const uint64_t room = std::min<uint64_t>(kSerialSize, chain.writable.size() - 1);
      Answer(request, kStatusOk,
             static_cast<uint32_t>(chain.writable.CopyFrom(serial.data(), 0, room)));
      break;
    }
    case kTypeDiscard:
      BeginRange(request, Kind::kDiscard);
      break;
    case kTypeWriteZeroes:
      BeginRange(request, Kind::kZero);
      break;
    default:
      Answer(request, kStatusUnsupported);
      break;
  }
  return true;
}

void Block::BeginTransfer(Request& request, Kind kind, uint64_t sector) {
  const Chain& chain = request.chain;
  const bool write = kind == Kind::kWrite;
  const Buffers bytes = write
                            ? chain.readable.Slice(kHeaderSize, chain.readable.size() - kHeaderSize)
                            : chain.writable.Slice(0, chain.writable.size() - 1);
  if (!IsInside(sector, bytes.size()) || (write && options_.read_only)) {
    return Answer(request, kStatusError);
  }
  if (!bytes.size()) return Answer(request, kStatusOk);
  request.kind = kind;
  request.durable = write && WritesThrough();
  request.offset = sector * kSectorSize;
  request.length = bytes.size();
  request.pieces = bytes.pieces();
  Submit(request);
}

void Block::BeginRange(Request& request, Kind kind) {
  const Buffers& readable = request.chain.readable;
  std::array<uint8_t, kRangeSize> range;
  if (options_.read_only || readable.size() != kHeaderSize + kRangeSize) {
    return Answer(request, kStatusError);
  }
  readable.CopyTo(range.data(), kHeaderSize, kRangeSize);
  const uint64_t sector = Load<uint64_t>(driver_->order(), &range[0]);
  const uint32_t sectors = Load<uint32_t>(driver_->order(), &range[8]);
  const uint32_t flags = Load<uint32_t>(driver_->order(), &range[12]);
  // Bit 0, unmap, belongs to write-zeroes alone.
  if (flags & (kind == Kind::kZero ? ~1u : ~0u)) return Answer(request, kStatusUnsupported);
  const uint32_t limit = kind == Kind::kZero ? kMaximumZeroSectors : kMaximumDiscardSectors;
  if (sectors > limit || !IsInside(sector, uint64_t{sectors} * kSectorSize)) {
    return Answer(request, kStatusError);
  }
  if (!sectors) return Answer(request, kStatusOk);
  request.kind = kind;
  request.may_unmap = (flags & 1) != 0;
  request.durable = kind == Kind::kZero && WritesThrough();
  request.offset = sector * kSectorSize;
  request.length = uint64_t{sectors} * kSectorSize;
  Submit(request);
}

void Block::Submit(Request& request) {
  request.error = 0;
  request.done = 0;
  request.first_piece = 0;
  ++in_flight_;
  io_->Submit(request);
}

void Block::Finish(Request& request) {
  if (request.kind == Kind::kZero && request.durable && !request.error) {
    request.kind = Kind::kFlush;
    return Submit(request);
  }
  const bool read = request.kind == Kind::kRead && !request.error;
  Answer(request, request.error ? kStatusError : kStatusOk,
         read ? static_cast<uint32_t>(request.length) : 0);
}

// `written` doesn't count the status, which is the last byte of what the driver gave to be written.
void Block::Answer(Request& request, uint8_t status, uint32_t written) {
  const Buffers& writable = request.chain.writable;
  writable.CopyFrom(&status, writable.size() - 1, 1);
  driver_->queue(request.queue).Return(request.chain, written + 1);
  answered_[request.queue] = true;
  free_.push_back(&request);
}

bool Block::IsInside(uint64_t sector, uint64_t bytes) const {
  return bytes % kSectorSize == 0 && sector <= sectors_ && bytes / kSectorSize <= sectors_ - sector;
}

// A driver that can't flush, or doesn't want to, is told of a write when it is on the disk.
bool Block::WritesThrough() const {
  if (driver_->Has(kCacheMode)) return !writeback_;
  return !driver_->Has(kFlush);
}

}  // namespace ucontrol::virtio
