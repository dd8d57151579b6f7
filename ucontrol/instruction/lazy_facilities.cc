#include "ucontrol/instruction/lazy_facilities.h"

#include "hypervisor/uapi/sie_block.h"
#include "ucontrol/instruction/description.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;
namespace uapi = hypervisor::uapi;

constexpr int kGuardedStorageFacility = 133;
constexpr int kRuntimeInstrumentationFacility = 64;
constexpr uint8_t kGuardedStorageControl = 0x40;          // ECB_GS
constexpr uint8_t kRuntimeInstrumentationControl = 0x01;  // ECB3_RI

}  // namespace

Disposition EnableStorageKeys(Vcpu& vcpu) {
  constexpr uint32_t kKeyControls = uapi::kIctlIske | uapi::kIctlSske | uapi::kIctlRrbe;
  if ((vcpu.block().ictl & kKeyControls) == 0) return Disposition::Interrupt(PgmCode::kOperation);
  vcpu.block().ictl &= ~kKeyControls;
  return Disposition::Retry();
}

Disposition EnableGuardedStorage(Vcpu& vcpu) {
  if (!DescriptionOf(vcpu).facilities.Has(kGuardedStorageFacility) ||
      (vcpu.block().ecb & kGuardedStorageControl) != 0) {
    return Disposition::Interrupt(PgmCode::kOperation);
  }
  vcpu.block().ecb |= kGuardedStorageControl;
  return Disposition::Retry();
}

Disposition EnableRuntimeInstrumentation(Vcpu& vcpu) {
  if (!DescriptionOf(vcpu).facilities.Has(kRuntimeInstrumentationFacility) ||
      (vcpu.block().ecb3 & kRuntimeInstrumentationControl) != 0) {
    return Disposition::Interrupt(PgmCode::kOperation);
  }
  vcpu.block().ecb3 |= kRuntimeInstrumentationControl;
  return Disposition::Retry();
}

}  // namespace ucontrol
