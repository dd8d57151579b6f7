// The C library's own functions behind the ones that this library puts in front of them.
#ifndef HYPERVISOR_PRELOAD_LIBC_H_
#define HYPERVISOR_PRELOAD_LIBC_H_

#include <signal.h>

namespace hypervisor::libc {

int Openat(int directory, const char* path, int flags, unsigned mode);
int Ioctl(int fd, unsigned long request, unsigned long argument);
int Close(int fd);
int CloseRange(unsigned first, unsigned last, int flags);
int Dup(int fd);
int Dup2(int from, int to);
int Dup3(int from, int to, int flags);
int Fcntl(int fd, int command, unsigned long argument);
int Faccessat(int directory, const char* path, int mode, int flags);
int Sigaction(int number, const struct sigaction* action, struct sigaction* old);

}  // namespace hypervisor::libc

#endif  // HYPERVISOR_PRELOAD_LIBC_H_
