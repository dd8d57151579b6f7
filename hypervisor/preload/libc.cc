#include "hypervisor/preload/libc.h"

#include <dlfcn.h>
#include <stdlib.h>

namespace hypervisor::libc {
namespace {

// Without the function there is nothing to fall back to: the C library is not the one we were
// built for.
template <typename Function>
Function* Find(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return reinterpret_cast<Function*>(found);
}

}  // namespace

int Openat(int directory, const char* path, int flags, unsigned mode) {
  static auto* const function = Find<int(int, const char*, int, ...)>("openat");
  return function(directory, path, flags, mode);
}

int Ioctl(int fd, unsigned long request, unsigned long argument) {
  static auto* const function = Find<int(int, unsigned long, ...)>("ioctl");
  return function(fd, request, argument);
}

int Close(int fd) {
  static auto* const function = Find<int(int)>("close");
  return function(fd);
}

int CloseRange(unsigned first, unsigned last, int flags) {
  static auto* const function = Find<int(unsigned, unsigned, int)>("close_range");
  return function(first, last, flags);
}

int Dup(int fd) {
  static auto* const function = Find<int(int)>("dup");
  return function(fd);
}

int Dup2(int from, int to) {
  static auto* const function = Find<int(int, int)>("dup2");
  return function(from, to);
}

int Dup3(int from, int to, int flags) {
  static auto* const function = Find<int(int, int, int)>("dup3");
  return function(from, to, flags);
}

int Fcntl(int fd, int command, unsigned long argument) {
  static auto* const function = Find<int(int, int, ...)>("fcntl");
  return function(fd, command, argument);
}

int Faccessat(int directory, const char* path, int mode, int flags) {
  static auto* const function = Find<int(int, const char*, int, int)>("faccessat");
  return function(directory, path, mode, flags);
}

int Sigaction(int number, const struct sigaction* action, struct sigaction* old) {
  static auto* const function =
      Find<int(int, const struct sigaction*, struct sigaction*)>("sigaction");
  return function(number, action, old);
}

}  // namespace hypervisor::libc
