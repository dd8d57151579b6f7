#include "hypervisor/preload/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "hypervisor/preload/libc.h"

namespace hypervisor {
namespace {

std::atomic<Descriptors*> existing = nullptr;

int Placeholder(int backing, bool close_on_exec) {
  if (backing >= 0) return libc::Fcntl(backing, close_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
  return epoll_create1(close_on_exec ? EPOLL_CLOEXEC : 0);
}

}  // namespace

Descriptors& ProcessDescriptors() {
  static Descriptors* const descriptors = [] {
    auto* made = new Descriptors;
    existing = made;
    pthread_atfork([] { existing.load()->Lock(); }, [] { existing.load()->Unlock(); },
                   [] { existing.load()->Unlock(); });
    return made;
  }();
  return *descriptors;
}

Descriptors* ExistingDescriptors() {
  return existing.load(std::memory_order_acquire);
}

Descriptors::Descriptors() : device_({.pages_in_files = true}) {}

bool Descriptors::Assign(int fd, int file) {
  if (fd >= kMax) return false;
  const std::lock_guard lock(mutex_);
  ++uses_[file];
  files_[fd].store(file + 1, std::memory_order_release);
  return true;
}

int Descriptors::Expose(int file, bool close_on_exec) {
  const int fd = Placeholder(device_.Backing(file), close_on_exec);
  if (fd >= 0 && Assign(fd, file)) return fd;
  const int error = fd < 0 ? errno : EMFILE;
  if (fd >= 0) libc::Close(fd);
  device_.Close(file);
  return -error;
}

bool Descriptors::Share(int fd, int copy) {
  const int file = DeviceFile(fd);
  if (file < 0 || Assign(copy, file)) return true;
  libc::Close(copy);
  return false;
}

void Descriptors::Forget(int fd) {
  if (DeviceFile(fd) < 0) return;
  int last = -1;
  {
    const std::lock_guard lock(mutex_);
    const int file = files_[fd].exchange(0) - 1;
    if (file < 0) return;
    if (--uses_[file] == 0) {
      uses_.erase(file);
      last = file;
    }
  }
  // Without the lock: the file closes descriptors of its own.
  if (last >= 0) device_.Close(last);
}

void Descriptors::ForgetRange(unsigned first, unsigned last) {
  for (unsigned fd = first; fd <= last && fd < kMax; ++fd) Forget(static_cast<int>(fd));
}

}  // namespace hypervisor
