// SIE, START INTERPRETIVE EXECUTION: runs a guest CPU until something needs its host.
//
// One Sie a vCPU. Run belongs to the thread that holds the vCPU; Kick to anyone.
#ifndef HYPERVISOR_SIE_SIE_H_
#define HYPERVISOR_SIE_SIE_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "hypervisor/arch/address.h"
#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/arch/facility.h"
#include "hypervisor/storage/address_space.h"
#include "hypervisor/storage/storage_key.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {

class BroadcastDomain;  // broadcast_domain.h

// Why SIE ended.
struct SieExit {
  enum class Reason {
    kIntercepted,     // block.icptcode and its parameters say why
    kSegmentMissing,  // the guest touched an unmapped segment at `address`; the instruction is
                      // nullified
    kBackingMissing,  // a mapped segment has no accessible memory behind `address`: EFAULT
    kKicked,
  };
  Reason reason;
  VcpuAddress address;  // of the page, for the two faults
};

class SharedCode;  // translator/cache/shared_code.h

// What engines of one VM have translated, for all of them. The first of them makes it.
struct CodeOfVm {
  std::mutex mutex;
  std::shared_ptr<SharedCode> code;
};

// What a vCPU's SIE works on, all of it owned by the vCPU or its VM and outliving the Sie.
struct SieEnvironment {
  AddressSpace& space;
  StorageKeys& keys;
  BroadcastDomain& broadcast;      // the vCPUs that purges reach: those of one VM
  const FacilityList& facilities;  // what the guest's STFLE lists and its instructions need
  CodeOfVm* code = nullptr;        // null: the vCPU translates for itself only
};

// Counts by their names.
using EngineStatistics = std::map<std::string, uint64_t>;

class Sie {
 public:
  virtual ~Sie() = default;

  // Enters the guest. Registers, PSW, control registers, prefix and timers are in `cpu` but for the
  // CPU timer, epoch and controls, which are in `block`; both are current again on return.
  // block.icptcode is zeroed at entry. block.cpuflags is sampled all the time.
  virtual SieExit Run(uapi::SieBlock& block, CpuState& cpu) = 0;

  // Ends the present Run, or the next one, with kKicked. Never blocks.
  virtual void Kick() = 0;

  // Forgets a kick that no Run has taken yet.
  virtual void ClearKick() = 0;

  // Guest instructions executed so far. For the thread that holds the vCPU.
  virtual uint64_t instructions() const = 0;

  // Adds what this engine has counted so far to what others have: "instructions", and what else it
  // finds worth knowing. For the thread that holds the vCPU.
  virtual void AddStatistics(EngineStatistics& sums) const {
    sums["instructions"] += instructions();
  }
};

std::unique_ptr<Sie> MakeInterpreter(const SieEnvironment& environment);
// These two are in //hypervisor/sie:engines. Null where the translator isn't built in, or the host
// can't execute its code.
std::unique_ptr<Sie> MakeTranslator(const SieEnvironment& environment);
// The engine that UCONTROL_ENGINE names in our environment, "interpreter" or "translator"; null for
// any other name. Without it, the default.
std::unique_ptr<Sie> MakeEngine(const SieEnvironment& environment);

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_SIE_H_
