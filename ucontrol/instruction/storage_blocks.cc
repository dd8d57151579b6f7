#include "ucontrol/instruction/storage_blocks.h"

#include <cstdint>
#include <cstring>
#include <optional>

#include "hypervisor/arch/facility.h"
#include "hypervisor/arch/psw.h"
#include "ucontrol/instruction/description.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::Facility;
using hypervisor::GuestAbsolute;
using hypervisor::GuestReal;
using hypervisor::kPageSize;
using hypervisor::kSegmentSize;
using hypervisor::PgmCode;
using hypervisor::Psw;

Disposition LowAddressProtection(uint64_t address) {
  constexpr uint64_t kLowAddressOrList = 0x80;  // TEID bit 56
  hypervisor::ProgramInterruption interruption;
  interruption.code = PgmCode::kProtection;
  interruption.translation_exception = address | kLowAddressOrList;
  return Disposition::Interrupt(interruption);
}

// General register R1 of PERFORM FRAME MANAGEMENT FUNCTION.
struct FrameControls {
  uint64_t raw;

  static constexpr uint64_t kReserved = 0xfffc0101;
  static constexpr uint64_t kRegion = 2;  // frame sizes
  static constexpr uint64_t kSegment = 1;

  bool set_key() const { return (raw & 0x20000) != 0; }
  bool clear_frame() const { return (raw & 0x10000) != 0; }
  bool non_quiescing() const { return (raw & 0x800) != 0; }
  bool keep_reference() const { return (raw & 0x400) != 0; }
  bool keep_change() const { return (raw & 0x200) != 0; }
  uint64_t frame_size() const { return (raw >> 12) & 7; }
  uint8_t key() const { return static_cast<uint8_t>(raw & 0xfe); }
};

constexpr uint8_t kReferenceBit = 0x04;
constexpr uint8_t kChangeBit = 0x02;

// As conditional SSKE: nothing is set if only bits differ that are not to be changed.
absl::Status SetKey(kvm::Vm& vm, hypervisor::UserAddress page, const FrameControls& controls,
                    bool conditional) {
  uint8_t key = controls.key();
  if (conditional && (controls.keep_reference() || controls.keep_change())) {
    const auto old = vm.StorageKey(page);
    if (!old.ok()) return old.status();
    uint8_t ignored = 0;
    if (controls.keep_reference()) ignored |= kReferenceBit;
    if (controls.keep_change()) ignored |= kChangeBit;
    if (((*old ^ key) & 0xfe & ~ignored) == 0) return absl::OkStatus();
  }
  return vm.SetStorageKey(page, key);
}

// One 4 KiB block; false if it isn't configured.
bool ManageBlock(Vcpu& vcpu, GuestAbsolute block, const FrameControls& controls, bool conditional) {
  const auto page = vcpu.Resolve(block);
  if (!page) return false;
  if (controls.clear_frame()) {
    uint8_t* bytes = vcpu.storage().FindPage(block);
    if (bytes == nullptr) return false;
    std::memset(bytes, 0, kPageSize);
  }
  if (!controls.set_key()) return true;
  return SetKey(vcpu.machine().vm(), *page, controls, conditional).ok();
}

}  // namespace

Disposition TestBlock(Vcpu& vcpu) {
  const GuestReal block(RegisterOperand(vcpu.cpu(), R2OfRre(vcpu.ipb())).address.page().raw());
  GuestStorage& storage = vcpu.storage();
  if (storage.IsLowAddressProtected(block.raw())) return LowAddressProtection(block.raw());
  uint8_t* bytes = storage.FindPage(storage.Prefix(block));
  if (bytes == nullptr) return storage.Fault();
  std::memset(bytes, 0, kPageSize);
  vcpu.cpu().set_gpr(0, 0);
  vcpu.cpu().set_condition_code(0);
  return Disposition::Resume();
}

Disposition PerformFrameManagementFunction(Vcpu& vcpu) {
  Cpu& cpu = vcpu.cpu();
  const hypervisor::FacilityList& facilities = DescriptionOf(vcpu).facilities;
  if (!facilities.Has(Facility::kEdat1)) return Disposition::Interrupt(PgmCode::kOperation);
  if (cpu.psw().problem_state()) return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  const FrameControls controls{cpu.gpr(R1OfRre(vcpu.ipb()))};
  const int r2 = R2OfRre(vcpu.ipb());
  const uint64_t size = controls.frame_size();
  const bool mode24 = cpu.psw().address_mask() == 0xffffff;
  if ((controls.raw & FrameControls::kReserved) != 0 || size > FrameControls::kRegion ||
      (controls.non_quiescing() && !facilities.Has(Facility::kNonquiescingKeySetting)) ||
      (size == FrameControls::kRegion && (!facilities.Has(Facility::kEdat2) || mode24))) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  const uint64_t start = RegisterOperand(cpu, r2).address.page().raw();
  GuestStorage& storage = vcpu.storage();
  if (controls.clear_frame() && storage.IsLowAddressProtected(start)) {
    return LowAddressProtection(start);
  }
  const bool conditional = facilities.Has(Facility::kConditionalSske);
  const bool single = size == 0;
  // A larger frame is done in steps of 1 MiB, and the instruction is executed again until it is
  // complete: R2 says how far it is. Only a single block has a real address.
  const uint64_t end = single ? start + kPageSize : (start / kSegmentSize + 1) * kSegmentSize;
  for (uint64_t at = start; at != end; at += kPageSize) {
    const GuestAbsolute block = single ? storage.Prefix(GuestReal(at)) : GuestAbsolute(at);
    if (!ManageBlock(vcpu, block, controls, conditional)) {
      return Disposition::Interrupt(PgmCode::kAddressing);
    }
  }
  if (single) return Disposition::Resume();
  const uint64_t mask = cpu.psw().address_mask();
  if (mask == ~uint64_t{0}) {
    cpu.set_gpr(r2, end);
  } else {
    cpu.set_gpr_low(r2, static_cast<uint32_t>(end & mask));
  }
  constexpr uint64_t kRegionSize = uint64_t{1} << 31;
  const bool complete = size == FrameControls::kSegment || end % kRegionSize == 0;
  return complete ? Disposition::Resume() : Disposition::Retry();
}

}  // namespace ucontrol
