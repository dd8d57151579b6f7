#include "hypervisor/core/user_copy.h"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace hypervisor {
namespace {

using Transfer = ssize_t (*)(pid_t, const iovec*, unsigned long, const iovec*, unsigned long,
                             unsigned long);

// Where the direct call does not exist (qemu user mode) or is forbidden, a memory file is the way
// around: read(2) and write(2) answer EFAULT for a bad address as well.
class Detour {
 public:
  Detour() : file_(memfd_create("user_copy", MFD_CLOEXEC)) {}
  Detour(const Detour&) = delete;
  Detour& operator=(const Detour&) = delete;
  ~Detour() {
    if (file_ >= 0) close(file_);
  }

  bool Copy(void* to, const void* from, size_t size) {
    auto* out = static_cast<uint8_t*>(to);
    const auto* in = static_cast<const uint8_t*>(from);
    while (size != 0) {
      const size_t step = std::min(size, size_t{65536});
      const ssize_t stored = pwrite(file_, in, step, 0);
      if (stored <= 0) return false;
      const ssize_t loaded = pread(file_, out, static_cast<size_t>(stored), 0);
      if (loaded <= 0) return false;
      in += loaded;
      out += loaded;
      size -= static_cast<size_t>(loaded);
    }
    return true;
  }

 private:
  int file_;
};

std::atomic<bool> direct_call_works = true;

// `local` is ours and good; `remote` is the caller's.
bool Copy(Transfer transfer, void* local, void* remote, size_t size) {
  auto* ours = static_cast<uint8_t*>(local);
  auto* theirs = static_cast<uint8_t*>(remote);
  while (size != 0) {
    const iovec local_part{ours, size};
    const iovec remote_part{theirs, size};
    const ssize_t done = transfer(getpid(), &local_part, 1, &remote_part, 1, 0);
    if (done < 0 && (errno == ENOSYS || errno == EPERM)) {
      direct_call_works.store(false, std::memory_order_relaxed);
      return transfer == &process_vm_readv ? Detour().Copy(ours, theirs, size)
                                           : Detour().Copy(theirs, ours, size);
    }
    if (done <= 0) return false;
    ours += done;
    theirs += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

bool Wraps(uint64_t address, size_t size) {
  return address + size < address;
}

void* Pointer(uint64_t address) {
  return reinterpret_cast<void*>(static_cast<uintptr_t>(address));
}

}  // namespace

bool CopyFromUser(void* to, uint64_t from, size_t size) {
  if (Wraps(from, size)) return false;
  if (!direct_call_works.load(std::memory_order_relaxed))
    return Detour().Copy(to, Pointer(from), size);
  return Copy(&process_vm_readv, to, Pointer(from), size);
}

bool CopyToUser(uint64_t to, const void* from, size_t size) {
  if (Wraps(to, size)) return false;
  if (!direct_call_works.load(std::memory_order_relaxed))
    return Detour().Copy(Pointer(to), from, size);
  return Copy(&process_vm_writev, const_cast<void*>(from), Pointer(to), size);
}

bool IsReadable(uint64_t address) {
  uint8_t byte = 0;
  return CopyFromUser(&byte, address, 1);
}

}  // namespace hypervisor
