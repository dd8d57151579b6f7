// Access-register translation (PoP: Program Execution, "Access-Register-Translation Process").
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor {

bool GuestCpu::TranslateAccessRegister(int ar, uint64_t& asce_word) {
  const uint32_t alet = ar == 0 ? 0 : state_->ar[ar];
  if (alet == 0) {
    asce_word = state_->cr[kPrimaryAsce];
    return true;
  }
  if (alet == 1) {
    asce_word = state_->cr[kSecondaryAsce];
    return true;
  }
  uint32_t aste = 0;
  if (!FindAccessListSpace(ar, aste)) return false;
  asce_word = LoadReal<uint64_t>(aste + 8);
  return !Stopped();
}

bool GuestCpu::FindAccessListSpace(int ar, uint32_t& origin) {
  const uint32_t alet = state_->ar[ar];
  const auto fail = [&](PgmCode code) {
    InterruptTranslation(code, 0, static_cast<uint8_t>(ar));
    return false;
  };
  if (alet & 0xfe000000) return fail(PgmCode::kAletSpecification);

  // The effective access list: the primary space's, or the dispatchable unit's.
  const bool primary_list = (alet & 0x01000000) != 0;
  const uint64_t control = primary_list ? state_->cr[5] : state_->cr[2];
  const uint32_t block = static_cast<uint32_t>(control) & 0x7fffffc0;
  const auto designation = LoadReal<uint32_t>(block + 16);
  if (Stopped()) return false;
  const uint32_t number = alet & 0xffff;
  if (number / 8 > (designation & 0x7f)) return fail(PgmCode::kAlenTranslation);
  const uint64_t entry = (designation & 0x7fffff80) + uint64_t{number} * 16;
  const auto word0 = LoadReal<uint32_t>(entry);
  const auto word2 = LoadReal<uint32_t>(entry + 8);
  const auto word3 = LoadReal<uint32_t>(entry + 12);
  if (Stopped()) return false;
  if (word0 & 0x80000000) return fail(PgmCode::kAlenTranslation);
  if ((word0 >> 16 & 0xff) != (alet >> 16 & 0xff)) return fail(PgmCode::kAleSequence);

  const uint32_t aste = word2 & 0x7fffffc0;
  const auto aste0 = LoadReal<uint32_t>(aste);
  const auto aste5 = LoadReal<uint32_t>(aste + 20);
  if (Stopped()) return false;
  if (aste0 & 0x80000000) return fail(PgmCode::kAsteValidity);
  if (aste5 != word3) return fail(PgmCode::kAsteSequence);

  // A private entry is for its owner, or for whom the authority table admits.
  const auto owner = static_cast<uint16_t>(word0);
  const auto index = static_cast<uint16_t>(state_->cr[8] >> 16);
  if ((word0 & 0x01000000) && owner != index) {
    const auto length_and_origin = LoadReal<uint32_t>(aste + 4);
    if (Stopped()) return false;
    const uint32_t table_length = length_and_origin >> 4 & 0xfff;
    if (index / 16u > table_length) return fail(PgmCode::kExtendedAuthority);
    const auto authority = LoadReal<uint8_t>((aste0 & 0x7ffffffc) + index / 4u);
    if (Stopped()) return false;
    if (!(authority << (index % 4 * 2) & 0x40)) return fail(PgmCode::kExtendedAuthority);
  }
  origin = aste;
  return true;
}

}  // namespace hypervisor
