#include "ucontrol/instruction/test_protection.h"

#include <cstdint>

#include "hypervisor/arch/control_registers.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

namespace cr0 = hypervisor::cr0;
using hypervisor::PgmCode;

constexpr uint8_t kFetchProtection = 0x08;
constexpr uint8_t kOverrideKey = 9;
constexpr uint64_t kFetchOverrideEnd = 2048;

struct Permission {
  bool fetch;
  bool store;
};

Permission ByKey(uint64_t control0, uint64_t address, uint8_t access_key, uint8_t storage_key) {
  const uint8_t key = storage_key >> 4;
  const bool matches = access_key == 0 || access_key == key ||
                       ((control0 & cr0::kStorageProtectionOverride) != 0 && key == kOverrideKey);
  const bool fetch_override =
      (control0 & cr0::kFetchProtectionOverride) != 0 && address < kFetchOverrideEnd;
  return {.fetch = matches || (storage_key & kFetchProtection) == 0 || fetch_override,
          .store = matches};
}

// Whether a translation that failed says so in the condition code, not by an interruption.
bool IsUnavailable(PgmCode code) {
  return code != PgmCode::kTranslationSpecification && code != PgmCode::kAddressing;
}

}  // namespace

// Condition code 0: fetch and store are permitted, 1: only fetch, 2: neither, 3: not translatable.
Disposition TestProtection(Vcpu& vcpu) {
  Cpu& cpu = vcpu.cpu();
  GuestStorage& storage = vcpu.storage();
  const OperandAddress operand = SecondOperand(cpu, vcpu.ipb());
  const auto access_key =
      static_cast<uint8_t>((SseSecondOperand(cpu, vcpu.ipb()).address.raw() >> 4) & 0xf);

  const auto translation = storage.Translate(operand, GuestStorage::Access::kFetch);
  if (!translation) {
    const Disposition fault = storage.Fault();
    if (!IsUnavailable(fault.interruption().code)) return fault;
    cpu.set_condition_code(3);
    return Disposition::Resume();
  }
  const hypervisor::GuestAbsolute page = storage.Prefix(translation->real).page();
  if (storage.FindPage(page) == nullptr) return storage.Fault();
  Permission permission = ByKey(cpu.cr(0), operand.address.raw(), access_key, storage.KeyOf(page));
  if (translation->dat_protected || storage.IsLowAddressProtected(operand.address.raw())) {
    permission.store = false;
  }
  cpu.set_condition_code(!permission.fetch ? 2 : permission.store ? 0 : 1);
  return Disposition::Resume();
}

}  // namespace ucontrol
