// A signal that a process handles ends the KVM_RUN that its thread is in with EINTR. The software
// SIE runs in the process itself, so the handler has to tell it.
#ifndef HYPERVISOR_PRELOAD_SIGNALS_H_
#define HYPERVISOR_PRELOAD_SIGNALS_H_

namespace hypervisor {

// While it exists, a handled signal on this thread kicks the vCPU that `file` is.
class KickedBySignals {
 public:
  explicit KickedBySignals(int file);
  ~KickedBySignals();
  KickedBySignals(const KickedBySignals&) = delete;
  KickedBySignals& operator=(const KickedBySignals&) = delete;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_PRELOAD_SIGNALS_H_
