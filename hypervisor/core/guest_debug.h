// KVM_SET_GUEST_DEBUG: PER on behalf of the host (PoP: Control, "Program-Event Recording").
#ifndef HYPERVISOR_CORE_GUEST_DEBUG_H_
#define HYPERVISOR_CORE_GUEST_DEBUG_H_

#include <array>
#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

int64_t SetGuestDebug(Vcpu& vcpu, const uapi::GuestDebug& debug);

// The guest's PER controls are the host's for the time of one KVM_RUN.
class GuestDebugControls {
 public:
  explicit GuestDebugControls(Vcpu& vcpu);
  GuestDebugControls(const GuestDebugControls&) = delete;
  GuestDebugControls& operator=(const GuestDebugControls&) = delete;
  ~GuestDebugControls();

 private:
  Vcpu& vcpu_;
  std::array<uint64_t, 16> guest_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_GUEST_DEBUG_H_
