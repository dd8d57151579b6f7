#include "ucontrol/guest_storage.h"

#include <algorithm>
#include <cstring>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/facility.h"
#include "ucontrol/access_register.h"
#include "ucontrol/dat.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace cr0 = hypervisor::cr0;
using hypervisor::AddressSpaceControl;
using hypervisor::Facility;
using hypervisor::GuestAbsolute;
using hypervisor::GuestLogical;
using hypervisor::GuestReal;
using hypervisor::kPageMask;
using hypervisor::kPageSize;
using hypervisor::PgmCode;
using hypervisor::Psw;

namespace {

// Bits of a translation-exception identification besides the page address.
constexpr uint64_t kTeidStore = 0x400;
constexpr uint64_t kTeidFetch = 0x800;
constexpr uint64_t kTeidLowAddress = 0x80;
constexpr uint64_t kTeidKey = 0x08;
constexpr uint64_t kTeidDat = 0x04;
constexpr uint64_t kTeidAccessList = 0x0c;

constexpr uint8_t kKeyOfStorageOverride = 9;

}  // namespace

bool GuestStorage::Latch(PgmCode code, uint64_t translation_exception, int access_register) {
  latched_ = {};
  latched_.code = code;
  latched_.translation_exception = translation_exception;
  latched_.exception_access_id = static_cast<uint8_t>(access_register);
  return false;
}

Disposition GuestStorage::Fault() {
  const hypervisor::ProgramInterruption latched = latched_;
  latched_ = {};
  return Disposition::Interrupt(latched);
}

GuestAbsolute GuestStorage::Prefix(GuestReal address) const {
  const uint64_t prefix = vcpu_.cpu().prefix();
  const uint64_t area = address.raw() & ~uint64_t{0x1fff};
  if (area == 0) return GuestAbsolute(address.raw() | prefix);
  if (area == prefix) return GuestAbsolute(address.raw() & 0x1fff);
  return GuestAbsolute(address.raw());
}

bool GuestStorage::IsLowAddressProtected(uint64_t address) const {
  if (!(vcpu_.cpu().cr(0) & cr0::kLowAddressProtection)) return false;
  return (address & ~uint64_t{0x11ff}) == 0;  // 0-511 and 4096-4607
}

uint8_t GuestStorage::KeyOf(GuestAbsolute address) {
  const auto user = vcpu_.Resolve(address);
  if (!user) return 0;
  return vcpu_.machine().vm().StorageKey(*user).value_or(0);
}

uint8_t* GuestStorage::FindPage(GuestAbsolute page) {
  const auto user = vcpu_.Resolve(page.page());
  if (!user) {
    Latch(PgmCode::kAddressing);
    return nullptr;
  }
  return reinterpret_cast<uint8_t*>(user->raw());
}

// The space that an operand is in, with the number that a TEID gives it.
bool GuestStorage::SelectSpace(const OperandAddress& operand, Space& space) {
  Cpu& cpu = vcpu_.cpu();
  const auto control = cpu.psw().address_space_control();
  space.id = static_cast<uint64_t>(control);
  switch (control) {
    case AddressSpaceControl::kPrimary:
      space.asce = cpu.cr(hypervisor::kPrimaryAsce);
      return true;
    case AddressSpaceControl::kSecondary:
      space.asce = cpu.cr(hypervisor::kSecondaryAsce);
      return true;
    case AddressSpaceControl::kHome:
      space.asce = cpu.cr(hypervisor::kHomeAsce);
      return true;
    case AddressSpaceControl::kAccessRegister:
      break;
  }
  // Access register 0 always means the primary space.
  const uint32_t alet = operand.access_register ? cpu.ar(operand.access_register) : 0;
  const ArtResult art = TranslateAccessRegister(
      cpu, alet, [this](GuestReal entry) { return LoadReal<uint64_t>(entry); });
  if (art.fault != PgmCode::kNone) return Latch(art.fault, 0, operand.access_register);
  space.asce = art.asce.raw;
  space.is_fetch_only = art.is_fetch_only;
  return true;
}

std::optional<GuestStorage::Translation> GuestStorage::Translate(const OperandAddress& operand,
                                                                 Access access) {
  Cpu& cpu = vcpu_.cpu();
  if (!cpu.psw().dat()) return Translation{GuestReal(operand.address.raw())};
  Space space;
  if (!SelectSpace(operand, space)) return std::nullopt;

  const hypervisor::FacilityList& facilities = vcpu_.machine().facilities();
  const bool enhanced = (cpu.cr(0) & cr0::kEnhancedDat) != 0;
  const DatControls controls{enhanced && facilities.Has(Facility::kEdat1),
                             enhanced && facilities.Has(Facility::kEdat2)};
  const Asce asce{space.asce};
  const DatResult result =
      TranslateLogical(operand.address, asce, controls,
                       [this](GuestReal entry) { return LoadReal<uint64_t>(entry); });
  if (result.fault == PgmCode::kNone)
    // Prefixing is its own inverse: it makes a real address of an absolute one.
    return Translation{result.is_large ? GuestReal(Prefix(result.real).raw()) : result.real,
                       result.is_protected, space.id, asce.is_private(), space.is_fetch_only};
  // An addressing or translation-specification exception has no address to tell.
  if (!hypervisor::IsNullifying(result.fault)) {
    Latch(result.fault);
    return std::nullopt;
  }
  Latch(result.fault, Teid(operand.address, access, space.id), operand.access_register);
  return std::nullopt;
}

uint64_t GuestStorage::Teid(GuestLogical address, Access access, uint64_t space) const {
  uint64_t teid = address.page().raw() | space;
  if (vcpu_.machine().facilities().Has(Facility::kAccessExceptionIndication))
    teid |= access == Access::kStore ? kTeidStore : kTeidFetch;
  return teid;
}

bool GuestStorage::IsKeyProtected(GuestAbsolute address, GuestLogical logical, Access access,
                                  bool is_private) {
  Cpu& cpu = vcpu_.cpu();
  const uint8_t psw_key = cpu.psw().key();
  if (!psw_key) return false;
  const uint8_t key = KeyOf(address);
  const uint8_t access_control = key >> 4;
  if (access_control == psw_key) return false;
  if ((cpu.cr(0) & cr0::kStorageProtectionOverride) && access_control == kKeyOfStorageOverride)
    return false;
  if (access == Access::kStore) return true;
  if (!(key & 0x08)) return false;
  const bool overridden = (cpu.cr(0) & cr0::kFetchProtectionOverride) && !is_private;
  return !(overridden && logical.raw() < 2048);
}

// All pages of an operand in turn; nothing is touched before the last one has been found.
bool GuestStorage::Collect(const OperandAddress& operand, uint64_t length, Access access,
                           Pieces& pieces) {
  if (length > kMaximumLength) return Latch(PgmCode::kAddressing);
  const uint64_t address_mask = vcpu_.cpu().psw().address_mask();
  uint64_t address = operand.address.raw();
  pieces.count = 0;
  while (length) {
    const OperandAddress here{GuestLogical(address & address_mask), operand.access_register};
    const uint64_t part = std::min(length, kPageSize - here.address.byte_in_page());
    const bool low = access == Access::kStore && IsLowAddressProtected(here.address.raw());
    // Low-address protection doesn't hold in a private space, which only DAT tells.
    if (low && !vcpu_.cpu().psw().dat())
      return Latch(PgmCode::kProtection, Teid(here.address, access, 0) | kTeidLowAddress);
    const auto translation = Translate(here, access);
    if (!translation) return false;
    const uint64_t teid = Teid(here.address, access, translation->space);
    if (low && !translation->is_private)
      return Latch(PgmCode::kProtection, teid | kTeidLowAddress, here.access_register);
    if (access == Access::kStore && translation->is_fetch_only)
      return Latch(PgmCode::kProtection, teid | kTeidAccessList, here.access_register);
    if (access == Access::kStore && translation->dat_protected)
      return Latch(PgmCode::kProtection, teid | kTeidDat, here.access_register);
    const GuestAbsolute absolute = Prefix(translation->real);
    uint8_t* const page = FindPage(absolute);
    if (!page) return false;
    if (IsKeyProtected(absolute, here.address, access, translation->is_private))
      return Latch(PgmCode::kProtection, teid | kTeidKey, here.access_register);
    pieces.piece[pieces.count++] = {page + here.address.byte_in_page(), part};
    address = here.address.raw() + part;
    length -= part;
  }
  return true;
}

bool GuestStorage::CollectAbsolute(GuestAbsolute address, uint64_t length, Pieces& pieces) {
  if (length > kMaximumLength) return Latch(PgmCode::kAddressing);
  pieces.count = 0;
  while (length) {
    const uint64_t part = std::min(length, kPageSize - address.byte_in_page());
    uint8_t* const page = FindPage(address);
    if (!page) return false;
    pieces.piece[pieces.count++] = {page + address.byte_in_page(), part};
    address = address + part;
    length -= part;
  }
  return true;
}

// Prefixing exchanges two areas of 8 KiB, so it is done for each page.
bool GuestStorage::CollectReal(GuestReal address, uint64_t length, Pieces& pieces) {
  if (length > kMaximumLength) return Latch(PgmCode::kAddressing);
  pieces.count = 0;
  while (length) {
    const uint64_t part = std::min(length, kPageSize - address.byte_in_page());
    uint8_t* const page = FindPage(Prefix(address));
    if (!page) return false;
    pieces.piece[pieces.count++] = {page + address.byte_in_page(), part};
    address = address + part;
    length -= part;
  }
  return true;
}

namespace {

// Other CPUs see an aligned operand of 2, 4 or 8 bytes change as a whole.
template <typename T>
bool CopyWhole(void* to, const void* from, uint64_t length) {
  if (length != sizeof(T)) return false;
  T value;
  if (reinterpret_cast<uintptr_t>(from) % sizeof(T) == 0)
    value = __atomic_load_n(static_cast<const T*>(from), __ATOMIC_ACQUIRE);
  else
    std::memcpy(&value, from, sizeof(T));
  if (reinterpret_cast<uintptr_t>(to) % sizeof(T) == 0)
    __atomic_store_n(static_cast<T*>(to), value, __ATOMIC_RELEASE);
  else
    std::memcpy(to, &value, sizeof(T));
  return true;
}

void Copy(void* to, const void* from, uint64_t length) {
  if (CopyWhole<uint64_t>(to, from, length) || CopyWhole<uint32_t>(to, from, length) ||
      CopyWhole<uint16_t>(to, from, length)) {
    return;
  }
  std::memcpy(to, from, length);
}

}  // namespace

void GuestStorage::CopyOut(const Pieces& pieces, void* bytes) {
  auto* to = static_cast<uint8_t*>(bytes);
  for (int i = 0; i < pieces.count; ++i) {
    Copy(to, pieces.piece[i].bytes, pieces.piece[i].length);
    to += pieces.piece[i].length;
  }
}

void GuestStorage::CopyIn(const Pieces& pieces, const void* bytes) {
  const auto* from = static_cast<const uint8_t*>(bytes);
  for (int i = 0; i < pieces.count; ++i) {
    Copy(pieces.piece[i].bytes, from, pieces.piece[i].length);
    from += pieces.piece[i].length;
  }
}

bool GuestStorage::Read(const OperandAddress& operand, void* bytes, uint64_t length) {
  Pieces pieces;
  if (!Collect(operand, length, Access::kFetch, pieces)) return false;
  CopyOut(pieces, bytes);
  return true;
}

bool GuestStorage::Write(const OperandAddress& operand, const void* bytes, uint64_t length) {
  Pieces pieces;
  if (!Collect(operand, length, Access::kStore, pieces)) return false;
  CopyIn(pieces, bytes);
  return true;
}

bool GuestStorage::Check(const OperandAddress& operand, uint64_t length, Access access) {
  Pieces pieces;
  return Collect(operand, length, access, pieces);
}

bool GuestStorage::ReadReal(GuestReal address, void* bytes, uint64_t length) {
  Pieces pieces;
  if (!CollectReal(address, length, pieces)) return false;
  CopyOut(pieces, bytes);
  return true;
}

bool GuestStorage::WriteReal(GuestReal address, const void* bytes, uint64_t length) {
  Pieces pieces;
  if (!CollectReal(address, length, pieces)) return false;
  CopyIn(pieces, bytes);
  return true;
}

bool GuestStorage::ReadAbsolute(GuestAbsolute address, void* bytes, uint64_t length) {
  Pieces pieces;
  if (!CollectAbsolute(address, length, pieces)) return false;
  CopyOut(pieces, bytes);
  return true;
}

bool GuestStorage::WriteAbsolute(GuestAbsolute address, const void* bytes, uint64_t length) {
  Pieces pieces;
  if (!CollectAbsolute(address, length, pieces)) return false;
  CopyIn(pieces, bytes);
  return true;
}

std::optional<uint8_t> GuestStorage::OpcodeAtPsw() {
  const Psw psw = vcpu_.cpu().psw();
  // Instructions come from the home space in home mode and else from the primary space.
  Psw fetching = psw;
  if (psw.dat() && psw.address_space_control() != AddressSpaceControl::kHome)
    fetching.mask &= ~Psw::kAddressSpaceControl;
  vcpu_.cpu().set_psw(fetching);
  const auto translation =
      Translate({GuestLogical(psw.address & psw.address_mask()), 0}, Access::kFetch);
  vcpu_.cpu().set_psw(psw);
  std::optional<uint8_t> opcode;
  if (translation) {
    uint8_t byte;
    if (ReadReal(translation->real, &byte, 1)) opcode = byte;
  }
  latched_ = {};
  return opcode;
}

}  // namespace ucontrol
