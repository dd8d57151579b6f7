#include "ucontrol/instruction/control_registers.h"

#include <array>
#include <concepts>
#include <cstdint>

#include "ucontrol/big_endian.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

// Control registers R1 to R3, from 15 on to 0.
int CountOf(uint16_t ipa) {
  return ((R3OfRs(ipa) - R1OfRs(ipa)) & 15) + 1;
}

// T is what each register has in storage: all of it, or its low half.
template <std::unsigned_integral T>
Disposition Load(Vcpu& vcpu, const OperandAddress& operand) {
  if (!operand.address.IsAligned(sizeof(T))) return Disposition::Interrupt(PgmCode::kSpecification);
  const int count = CountOf(vcpu.ipa());
  std::array<uint8_t, 16 * sizeof(T)> bytes;
  if (!vcpu.storage().Read(operand, bytes.data(), count * sizeof(T))) return vcpu.storage().Fault();
  constexpr uint64_t kLoaded = T(~T{0});
  for (int i = 0; i < count; ++i) {
    const int r = (R1OfRs(vcpu.ipa()) + i) & 15;
    const uint64_t value = LoadBigEndian<T>(&bytes[i * sizeof(T)]);
    vcpu.cpu().set_cr(r, (vcpu.cpu().cr(r) & ~kLoaded) | value);
  }
  vcpu.PurgeTranslations();
  return Disposition::Resume();
}

template <std::unsigned_integral T>
Disposition Store(Vcpu& vcpu, const OperandAddress& operand) {
  if (!operand.address.IsAligned(sizeof(T))) return Disposition::Interrupt(PgmCode::kSpecification);
  const int count = CountOf(vcpu.ipa());
  std::array<uint8_t, 16 * sizeof(T)> bytes;
  for (int i = 0; i < count; ++i) {
    const int r = (R1OfRs(vcpu.ipa()) + i) & 15;
    StoreBigEndian(&bytes[i * sizeof(T)], static_cast<T>(vcpu.cpu().cr(r)));
  }
  if (!vcpu.storage().Write(operand, bytes.data(), count * sizeof(T))) {
    return vcpu.storage().Fault();
  }
  return Disposition::Resume();
}

}  // namespace

Disposition LoadControl(Vcpu& vcpu) {
  return Load<uint32_t>(vcpu, SecondOperand(vcpu.cpu(), vcpu.ipb()));
}

Disposition LoadControlLong(Vcpu& vcpu) {
  return Load<uint64_t>(vcpu, LongDisplacementOperand(vcpu.cpu(), vcpu.ipb()));
}

Disposition StoreControl(Vcpu& vcpu) {
  return Store<uint32_t>(vcpu, SecondOperand(vcpu.cpu(), vcpu.ipb()));
}

Disposition StoreControlLong(Vcpu& vcpu) {
  return Store<uint64_t>(vcpu, LongDisplacementOperand(vcpu.cpu(), vcpu.ipb()));
}

}  // namespace ucontrol
