#include "services/host_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

namespace services {
namespace {

using hypervisor::kSegmentSize;

absl::Status Refused(const std::string& name, uint64_t size) {
  return absl::ResourceExhaustedError(
      absl::StrFormat("%s: 0x%x bytes: %s", name, size, std::generic_category().message(errno)));
}

// Room for `size` bytes that begins at a multiple of 1 MiB, and of the host's huge pages; null if
// there is none.
uint8_t* ReserveAligned(uint64_t size) {
  constexpr uint64_t kAlignment = std::max<uint64_t>(kSegmentSize, 2 << 20);
  const uint64_t room = size + kAlignment;
  void* const start =
      mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  const auto first = reinterpret_cast<uintptr_t>(start);
  const uintptr_t aligned = (first + kAlignment - 1) / kAlignment * kAlignment;
  if (aligned > first) munmap(start, aligned - first);
  const uintptr_t behind = aligned + size;
  if (first + room > behind) munmap(reinterpret_cast<void*>(behind), first + room - behind);
  return reinterpret_cast<uint8_t*>(aligned);
}

}  // namespace

absl::StatusOr<std::shared_ptr<HostMemory>> HostMemory::Create(const std::string& name,
                                                               uint64_t size) {
  const int file = memfd_create(name.substr(0, 200).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return Refused(name, size);
  uint8_t* start = nullptr;
  // Sealed, so that nobody takes pages away from under a mapping: that would be SIGBUS.
  const bool made = ftruncate(file, static_cast<off_t>(size)) == 0 &&
                    fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0 &&
                    (start = ReserveAligned(size)) != nullptr &&
                    mmap(start, size, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file, 0) != MAP_FAILED;
  if (!made) {
    absl::Status refused = Refused(name, size);
    if (start != nullptr) munmap(start, size);
    close(file);
    return refused;
  }
  return std::shared_ptr<HostMemory>(new HostMemory(name, size, file, start));
}

absl::StatusOr<std::shared_ptr<HostMemory>> HostMemory::CreateAnonymous(const std::string& name,
                                                                        uint64_t size) {
  uint8_t* const start = ReserveAligned(size);
  if (start == nullptr) return Refused(name, size);
  if (mmap(start, size, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED) {
    absl::Status refused = Refused(name, size);
    munmap(start, size);
    return refused;
  }
  madvise(start, size, MADV_HUGEPAGE);
  return std::shared_ptr<HostMemory>(new HostMemory(name, size, -1, start));
}

HostMemory::~HostMemory() {
  munmap(start_, size_);
  if (file_ >= 0) close(file_);
}

hypervisor::UserAddress HostMemory::user() const {
  return hypervisor::UserAddress(reinterpret_cast<uintptr_t>(start_));
}

absl::StatusOr<int> HostMemory::Duplicate() const {
  if (file_ < 0) return absl::FailedPreconditionError(name_ + ": has no file");
  const int copy = fcntl(file_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return Refused(name_, size_);
  return copy;
}

absl::StatusOr<uint8_t*> HostMemory::Locate(uint64_t offset, uint64_t length) const {
  if (offset > size_ || length > size_ - offset) {
    return absl::OutOfRangeError(absl::StrFormat("%s: 0x%x bytes at 0x%x pass its end at 0x%x",
                                                 name_, length, offset, size_));
  }
  return start_ + offset;
}

absl::StatusOr<std::string> HostMemory::Read(uint64_t offset, uint64_t length) const {
  const absl::StatusOr<uint8_t*> bytes = Locate(offset, length);
  if (!bytes.ok()) return bytes.status();
  return std::string(reinterpret_cast<const char*>(*bytes), length);
}

absl::Status HostMemory::Write(uint64_t offset, absl::string_view bytes) {
  const absl::StatusOr<uint8_t*> target = Locate(offset, bytes.size());
  if (!target.ok()) return target.status();
  std::memcpy(*target, bytes.data(), bytes.size());
  return absl::OkStatus();
}

}  // namespace services
