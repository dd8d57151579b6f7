// The functions that a program reaches /dev/kvm by. All that concern other files go straight on.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "hypervisor/preload/descriptors.h"
#include "hypervisor/preload/libc.h"
#include "hypervisor/preload/signals.h"
#include "hypervisor/uapi/device_control.h"
#include "hypervisor/uapi/kvm.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace hypervisor {
namespace {

bool IsDevice(const char* path) {
  return path && strcmp(path, "/dev/kvm") == 0;
}

int Answer(int64_t result) {
  if (result >= 0) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

int Open(int directory, const char* path, int flags, unsigned mode) {
  if (!IsDevice(path)) return libc::Openat(directory, path, flags, mode);
  Descriptors& descriptors = ProcessDescriptors();
  const int file = descriptors.device().Open();
  if (file < 0) return Answer(file);
  return Answer(descriptors.Expose(file, (flags & O_CLOEXEC) != 0));
}

// Requests that the kernel answers for every file, before its driver sees them.
bool IsOfEveryFile(uint32_t request) {
  switch (request) {
    case 0x5450:  // FIONCLEX
    case 0x5451:  // FIOCLEX
    case 0x5421:  // FIONBIO
    case 0x5452:  // FIOASYNC
      return true;
    default:
      return false;
  }
}

bool OpensFile(uint32_t request) {
  return request == uapi::kCreateVm || request == uapi::kCreateVcpu || request == uapi::kGetStatsFd;
}

int64_t CreateDevice(Descriptors& descriptors, int file, unsigned long argument) {
  const int64_t result = descriptors.device().Ioctl(file, uapi::kCreateDevice, argument);
  if (result < 0) return result;
  auto* device = reinterpret_cast<uapi::CreateDevice*>(argument);
  if (device->flags & uapi::kCreateDeviceTest) return result;
  const int fd = descriptors.Expose(static_cast<int>(device->fd), true);
  if (fd < 0) return fd;
  device->fd = static_cast<uint32_t>(fd);
  return result;
}

int64_t Ask(Descriptors& descriptors, int file, uint32_t request, unsigned long argument) {
  if (request == uapi::kRun) {
    const KickedBySignals kicked(file);
    return descriptors.device().Ioctl(file, request, argument);
  }
  if (request == uapi::kCreateDevice) return CreateDevice(descriptors, file, argument);
  const int64_t result = descriptors.device().Ioctl(file, request, argument);
  if (result < 0 || !OpensFile(request)) return result;
  return descriptors.Expose(static_cast<int>(result), true);
}

// After a duplicate was made: it stands for what the original stands for.
int Follow(int fd, int copy) {
  Descriptors* descriptors = ExistingDescriptors();
  if (copy < 0 || !descriptors) return copy;
  if (descriptors->Share(fd, copy)) return copy;
  errno = EMFILE;
  return -1;
}

void Forget(int fd) {
  if (Descriptors* descriptors = ExistingDescriptors()) descriptors->Forget(fd);
}

}  // namespace
}  // namespace hypervisor

using hypervisor::ExistingDescriptors;
namespace libc = hypervisor::libc;

#define MODE_ARGUMENT(flags)               \
  unsigned mode = 0;                       \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list rest;                          \
    va_start(rest, flags);                 \
    mode = va_arg(rest, unsigned);         \
    va_end(rest);                          \
  }

EXPORT int open(const char* path, int flags, ...) {
  MODE_ARGUMENT(flags)
  return hypervisor::Open(AT_FDCWD, path, flags, mode);
}
EXPORT int open64(const char* path, int flags, ...) {
  MODE_ARGUMENT(flags)
  return hypervisor::Open(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
EXPORT int openat(int directory, const char* path, int flags, ...) {
  MODE_ARGUMENT(flags)
  return hypervisor::Open(directory, path, flags, mode);
}
EXPORT int openat64(int directory, const char* path, int flags, ...) {
  MODE_ARGUMENT(flags)
  return hypervisor::Open(directory, path, flags | O_LARGEFILE, mode);
}
// What _FORTIFY_SOURCE makes of the above.
EXPORT int __open_2(const char* path, int flags) {
  return hypervisor::Open(AT_FDCWD, path, flags, 0);
}
EXPORT int __open64_2(const char* path, int flags) {
  return hypervisor::Open(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}
EXPORT int __openat_2(int directory, const char* path, int flags) {
  return hypervisor::Open(directory, path, flags, 0);
}
EXPORT int __openat64_2(int directory, const char* path, int flags) {
  return hypervisor::Open(directory, path, flags | O_LARGEFILE, 0);
}

// A program may pass a structure where the kernel takes its address: the calling convention of
// s390x passes the address of a copy, so the argument is right as it is.
EXPORT int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list rest;
  va_start(rest, request);
  const auto argument = va_arg(rest, unsigned long);
  va_end(rest);
  hypervisor::Descriptors* descriptors = ExistingDescriptors();
  const int file = descriptors ? descriptors->DeviceFile(fd) : -1;
  const auto code = static_cast<uint32_t>(request);
  if (file < 0 || hypervisor::IsOfEveryFile(code)) return libc::Ioctl(fd, request, argument);
  return hypervisor::Answer(hypervisor::Ask(*descriptors, file, code, argument));
}

EXPORT int close(int fd) {
  hypervisor::Forget(fd);
  return libc::Close(fd);
}

EXPORT int close_range(unsigned first, unsigned last, int flags) noexcept {
  constexpr int kOnlyMark = 4;  // CLOSE_RANGE_CLOEXEC
  hypervisor::Descriptors* descriptors = ExistingDescriptors();
  if (descriptors && !(flags & kOnlyMark)) descriptors->ForgetRange(first, last);
  return libc::CloseRange(first, last, flags);
}

EXPORT int dup(int fd) noexcept {
  return hypervisor::Follow(fd, libc::Dup(fd));
}

EXPORT int dup2(int from, int to) noexcept {
  if (from == to) return libc::Dup2(from, to);
  if (libc::Fcntl(from, F_GETFD, 0) >= 0) hypervisor::Forget(to);
  return hypervisor::Follow(from, libc::Dup2(from, to));
}

EXPORT int dup3(int from, int to, int flags) noexcept {
  if (from != to && libc::Fcntl(from, F_GETFD, 0) >= 0) hypervisor::Forget(to);
  return hypervisor::Follow(from, libc::Dup3(from, to, flags));
}

namespace {

int DuplicateOrControl(int fd, int command, unsigned long argument) {
  const int result = libc::Fcntl(fd, command, argument);
  if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) return result;
  return hypervisor::Follow(fd, result);
}

}  // namespace

EXPORT int fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  const auto argument = va_arg(rest, unsigned long);
  va_end(rest);
  return DuplicateOrControl(fd, command, argument);
}
EXPORT int fcntl64(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  const auto argument = va_arg(rest, unsigned long);
  va_end(rest);
  return DuplicateOrControl(fd, command, argument);
}

EXPORT int access(const char* path, int mode) noexcept {
  if (hypervisor::IsDevice(path)) return hypervisor::Answer(mode & X_OK ? -EACCES : 0);
  return libc::Faccessat(AT_FDCWD, path, mode, 0);
}
EXPORT int faccessat(int directory, const char* path, int mode, int flags) noexcept {
  if (hypervisor::IsDevice(path)) return hypervisor::Answer(mode & X_OK ? -EACCES : 0);
  return libc::Faccessat(directory, path, mode, flags);
}
