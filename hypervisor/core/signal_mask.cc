#include "hypervisor/core/signal_mask.h"

#include <cerrno>
#include <cstring>

#include "hypervisor/core/user_copy.h"

namespace hypervisor {
namespace {

constexpr uint32_t kKernelSetSize = 8;  // of the kernel's sigset_t
constexpr int kSignals = 64;

sigset_t FromKernel(uint64_t mask) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal = 1; signal <= kSignals; ++signal) {
    if (mask >> (signal - 1) & 1 && signal != SIGKILL && signal != SIGSTOP) sigaddset(&set, signal);
  }
  // A fault in guest storage is the engine's business and must get through.
  sigdelset(&set, SIGSEGV);
  sigdelset(&set, SIGBUS);
  return set;
}

bool IsAnyUnblocked(const sigset_t& waiting, const sigset_t& mask) {
  for (int signal = 1; signal <= kSignals; ++signal) {
    if (sigismember(&waiting, signal) == 1 && sigismember(&mask, signal) == 0) return true;
  }
  return false;
}

}  // namespace

int64_t SetSignalMask(Vcpu& vcpu, uint64_t argument) {
  if (argument == 0) {
    vcpu.signal_mask.reset();
    return 0;
  }
  uapi::SignalMask header;
  if (!CopyFromUser(&header, argument, sizeof(header))) return -EFAULT;
  if (header.len != kKernelSetSize) return -EINVAL;
  uint64_t mask = 0;
  if (!CopyFromUser(&mask, argument + sizeof(header), sizeof(mask))) return -EFAULT;
  vcpu.signal_mask = FromKernel(mask);
  return 0;
}

void RunSignalMask::Replace(const sigset_t& mask) {
  sigset_t waiting;
  sigpending(&waiting);
  pending_ = IsAnyUnblocked(waiting, mask);
  pthread_sigmask(SIG_SETMASK, pending_ ? nullptr : &mask, &outside_);
}

void RunSignalMask::Restore() {
  pthread_sigmask(SIG_SETMASK, &outside_, nullptr);
}

}  // namespace hypervisor
