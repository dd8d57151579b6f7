#include "hypervisor/sie/host_fault_guard.h"

#include <signal.h>
#include <ucontext.h>

#include <cstdint>

namespace hypervisor {
namespace {

struct sigaction previous_segv;
struct sigaction previous_bus;

}  // namespace

struct HostFaultSignal {
  static bool Recover([[maybe_unused]] HostFaultGuard& guard, [[maybe_unused]] void* context) {
#ifdef __x86_64__
    if (!guard.recovery) return false;
    auto& rip = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
    const uint64_t next = guard.recovery->ContinueAt(static_cast<uint64_t>(rip));
    if (next) rip = static_cast<greg_t>(next);
    return next != 0;
#else
    return false;
#endif
  }

  static void Receive(int number, siginfo_t* info, void* context) {
    HostFaultGuard* guard = HostFaultGuard::current_;
    const auto fault = reinterpret_cast<uint64_t>(info->si_addr);
    if (guard && info->si_code > 0) {
      for (const auto& [start, mapping] : guard->space_.mappings()) {
        const uint64_t length = mapping.last - mapping.start;
        if (fault - mapping.user.raw() > length) continue;
        if (Recover(*guard, context)) return;
        siglongjmp(guard->escape, 1);
      }
    }
    const struct sigaction& previous = number == SIGSEGV ? previous_segv : previous_bus;
    if (previous.sa_flags & SA_SIGINFO) {
      previous.sa_sigaction(number, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
      previous.sa_handler(number);
    } else {
      signal(number, SIG_DFL);
      raise(number);
    }
  }

  static bool Install() {
    struct sigaction action = {};
    action.sa_sigaction = Receive;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
    return true;
  }
};

constinit thread_local HostFaultGuard* HostFaultGuard::current_ = nullptr;

bool HostFaultGuard::Install() {
  return HostFaultSignal::Install();
}

}  // namespace hypervisor
