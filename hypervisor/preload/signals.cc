#include "hypervisor/preload/signals.h"

#include <errno.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <mutex>

#include "hypervisor/preload/descriptors.h"
#include "hypervisor/preload/libc.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace hypervisor {
namespace {

constexpr int kSignals = 65;

// In the static thread block: a signal handler must not be the first to ask for it.
__attribute__((tls_model("initial-exec"))) thread_local volatile int running_file = -1;

struct Handler {
  std::atomic<void (*)(int)> plain = nullptr;
  std::atomic<void (*)(int, siginfo_t*, void*)> detailed = nullptr;
};
std::array<Handler, kSignals> handlers;
std::mutex handlers_mutex;

// The program's handler of a signal that this library's stands in front of, as sigaction tells it.
std::array<struct sigaction, kSignals> actions;

void Receive(int number, siginfo_t* info, void* context) {
  const int file = running_file;
  if (file >= 0) {
    const int error = errno;
    ExistingDescriptors()->device().Kick(file);
    errno = error;
  }
  Handler& handler = handlers[number];
  if (auto* detailed = handler.detailed.load()) return detailed(number, info, context);
  if (auto* plain = handler.plain.load()) plain(number);
}

// Signals that an instruction causes come from the guest's storage accesses, or are bugs; they
// interrupt nothing.
bool IsWatched(int number) {
  return number > 0 && number < kSignals && number != SIGSEGV && number != SIGBUS &&
         number != SIGILL && number != SIGFPE && number != SIGTRAP;
}

bool IsFunction(const struct sigaction& action) {
  return action.sa_flags & SA_SIGINFO ||
         (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

int Install(int number, const struct sigaction* action, struct sigaction* old) {
  if (!IsWatched(number)) return libc::Sigaction(number, action, old);
  const std::lock_guard lock(handlers_mutex);
  struct sigaction before {};
  struct sigaction ours {};
  if (action) {
    ours = *action;
    if (IsFunction(*action)) {
      ours.sa_sigaction = &Receive;
      ours.sa_flags |= SA_SIGINFO;
      Handler& handler = handlers[number];
      const bool detailed = (action->sa_flags & SA_SIGINFO) != 0;
      handler.detailed = detailed ? action->sa_sigaction : nullptr;
      handler.plain = detailed ? nullptr : action->sa_handler;
    }
  }
  const int result = libc::Sigaction(number, action ? &ours : nullptr, &before);
  if (result != 0) return result;
  if (old) *old = IsFunction(before) && before.sa_sigaction == &Receive ? actions[number] : before;
  if (action) actions[number] = *action;
  return 0;
}

}  // namespace

KickedBySignals::KickedBySignals(int file) {
  running_file = file;
}
KickedBySignals::~KickedBySignals() {
  running_file = -1;
}

}  // namespace hypervisor

EXPORT int sigaction(int number, const struct sigaction* action, struct sigaction* old) noexcept {
  return hypervisor::Install(number, action, old);
}

EXPORT void (*signal(int number, void (*handler)(int)) noexcept)(int) {
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (hypervisor::Install(number, &action, &old) != 0) return SIG_ERR;
  return old.sa_handler;
}
