#include "ucontrol/instruction/facilities.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "hypervisor/arch/facility.h"
#include "hypervisor/arch/prefix_area.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/instruction/description.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::FacilityList;
using hypervisor::GuestReal;
using hypervisor::PgmCode;

// Doublewords up to the last facility; at least one.
int LengthOf(const FacilityList& facilities) {
  int length = FacilityList::kDoublewords;
  while (length > 1 && facilities.doubleword(length - 1) == 0) --length;
  return length;
}

}  // namespace

Disposition StoreFacilityList(Vcpu& vcpu) {
  const uint64_t first = DescriptionOf(vcpu).facilities.doubleword(0);
  const GuestReal location(hypervisor::prefix_area::kStfl);
  if (!vcpu.storage().StoreReal(location, static_cast<uint32_t>(first >> 32))) {
    return vcpu.storage().Fault();
  }
  return Disposition::Resume();
}

// Only intercepted if the engine has no list; a problem-state program may execute it.
Disposition StoreFacilityListExtended(Vcpu& vcpu) {
  const FacilityList& facilities = DescriptionOf(vcpu).facilities;
  if (!facilities.Has(hypervisor::Facility::kStfle)) {
    return Disposition::Interrupt(PgmCode::kOperation);
  }
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(8)) return Disposition::Interrupt(PgmCode::kSpecification);

  const int length = LengthOf(facilities);
  const int room = static_cast<int>(vcpu.cpu().gpr(0) & 0xff) + 1;
  std::array<uint8_t, 8 * FacilityList::kDoublewords> bytes;
  for (int i = 0; i < length; ++i) StoreBigEndian(&bytes[8 * i], facilities.doubleword(i));
  if (!vcpu.storage().Write(operand, bytes.data(), 8 * std::min(length, room))) {
    return vcpu.storage().Fault();
  }
  vcpu.cpu().set_gpr(0, (vcpu.cpu().gpr(0) & ~uint64_t{0xff}) | static_cast<uint64_t>(length - 1));
  vcpu.cpu().set_condition_code(room >= length ? 0 : 3);
  return Disposition::Resume();
}

}  // namespace ucontrol
