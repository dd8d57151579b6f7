#include "ucontrol/memories.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

namespace ucontrol {

using hypervisor::kSegmentSize;
using hypervisor::UserAddress;

namespace {

// More than any process has room for.
constexpr uint64_t kMaximumSize = uint64_t{1} << 46;

// An address range of our own, aligned to a segment and to the host's huge pages, with nothing
// behind it.
void* ReserveAligned(uint64_t size) {
  constexpr uint64_t kAlignment = std::max<uint64_t>(kSegmentSize, 2 << 20);
  void* const raw = mmap(nullptr, size + kAlignment, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  auto* const bytes = static_cast<uint8_t*>(raw);
  const uint64_t before =
      (kAlignment - reinterpret_cast<uintptr_t>(bytes) % kAlignment) % kAlignment;
  if (before) munmap(bytes, before);
  const uint64_t after = kAlignment - before;
  if (after) munmap(bytes + before + size, after);
  return bytes + before;
}

// A file of that size; -1 if the host refuses.
int MakeFile(absl::string_view name, uint64_t size) {
  const int file =
      memfd_create(std::string(name.substr(0, 200)).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file >= 0 && ftruncate(file, static_cast<off_t>(size)) < 0) {
    const int error = errno;
    close(file);
    errno = error;
    return -1;
  }
  // Nobody can take pages away behind our back: that would be SIGBUS.
  if (file >= 0) fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  return file;
}

void CloseFile(int file) {
  if (file >= 0) close(file);
}

}  // namespace

Memories::~Memories() {
  for (const auto& [name, owned] : memories_) {
    munmap(owned.reservation.start, owned.reservation.size);
    CloseFile(owned.file);
  }
  for (const Reservation& reservation : deleted_) munmap(reservation.start, reservation.size);
}

absl::Status Memories::Create(absl::string_view name, const Options& options) {
  if (name.empty()) return absl::InvalidArgumentError("a memory needs a name");
  if (!options.size || options.size % kSegmentSize || options.size > kMaximumSize) {
    return absl::InvalidArgumentError(
        absl::StrFormat("memory %s: size 0x%x isn't a multiple of 0x%x from there to 0x%x", name,
                        options.size, kSegmentSize, kMaximumSize));
  }
  const std::lock_guard lock(mutex_);
  if (memories_.count(std::string(name)))
    return absl::AlreadyExistsError(absl::StrFormat("memory %s exists", name));

  const int file = options.shared ? MakeFile(name, options.size) : -1;
  if (options.shared && file < 0) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "memory %s: size 0x%x: %s", name, options.size, std::generic_category().message(errno)));
  }
  void* const start = ReserveAligned(options.size);
  const int how = options.shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  if (!start || mmap(start, options.size, PROT_READ | PROT_WRITE, how | MAP_FIXED | MAP_NORESERVE,
                     file, 0) == MAP_FAILED) {
    if (start) munmap(start, options.size);
    CloseFile(file);
    return absl::ResourceExhaustedError(
        absl::StrFormat("memory %s: no room for 0x%x in our address space", name, options.size));
  }
  if (options.huge_pages) madvise(start, options.size, MADV_HUGEPAGE);
  memories_[std::string(name)] = {
      {std::string(name), options, UserAddress(reinterpret_cast<uintptr_t>(start))},
      {start, options.size},
      file};
  return absl::OkStatus();
}

absl::Status Memories::Delete(absl::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = memories_.find(std::string(name));
  if (found == memories_.end())
    return absl::NotFoundError(absl::StrFormat("there is no memory %s", name));
  const Reservation reservation = found->second.reservation;
  static_cast<void>(mmap(reservation.start, reservation.size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0));
  CloseFile(found->second.file);
  memories_.erase(found);
  deleted_.push_back(reservation);
  return absl::OkStatus();
}

absl::StatusOr<UserAddress> Memories::Locate(absl::string_view name, uint64_t offset,
                                             uint64_t length) const {
  const auto memory = Find(name);
  if (!memory.ok()) return memory.status();
  const uint64_t size = memory->options.size;
  if (offset > size || length > size - offset) {
    return absl::OutOfRangeError(
        absl::StrFormat("memory %s: 0x%x + 0x%x passes its size 0x%x", name, offset, length, size));
  }
  return memory->user + offset;
}

absl::StatusOr<Memories::Memory> Memories::Find(absl::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = memories_.find(std::string(name));
  if (found == memories_.end())
    return absl::NotFoundError(absl::StrFormat("there is no memory %s", name));
  return found->second.memory;
}

std::vector<Memories::Memory> Memories::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<Memory> list;
  for (const auto& [name, owned] : memories_) list.push_back(owned.memory);
  return list;
}

}  // namespace ucontrol
