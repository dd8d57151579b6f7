// Program interruptions: which leave SIE, and how the others are presented in the guest (PoP:
// Interruptions, "Program Interruption").
#include "hypervisor/arch/prefix_area.h"
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor {

bool GuestCpu::InterceptsProgramInterruption() const {
  const uint32_t ictl = block_->ictl;
  if (ictl & uapi::kIctlPint) return true;
  if (per_code_ && (block_->cpuflags & uapi::kCpuPer)) return true;
  switch (program_interruption_.code) {
    case PgmCode::kAddressing:
    case PgmCode::kSpecialOperation:
      return true;
    case PgmCode::kSpecification:
      return !(block_->ecb & uapi::kEcbSpeci);
    case PgmCode::kProtection:
      return !(block_->eca & uapi::kEcaProtexci);
    case PgmCode::kPrivilegedOperation:
      return (ictl & uapi::kIctlPrivop) != 0;
    default:
      return false;
  }
}

bool GuestCpu::PresentProgramInterruption() {
  const ProgramInterruption& program = program_interruption_;
  if (program.code == PgmCode::kOperation && (block_->ictl & uapi::kIctlOperexc)) {
    interception_ = uapi::Interception::kOperationException;
    return true;
  }
  if (!InterceptsProgramInterruption()) {
    DeliverProgramInterruption();
    return false;
  }
  uapi::SieBlock& block = *block_;
  interception_ = uapi::Interception::kProgram;
  block.pgmilc = length_;
  block.iprcc = static_cast<uint16_t>(static_cast<uint16_t>(program.code) | (per_code_ ? 0x80 : 0));
  block.dxc = program.data_exception_code;
  block.mcn = program.monitor_class;
  block.tecmc =
      program.code == PgmCode::kMonitorEvent ? program.monitor_code : program.translation_exception;
  block.eai = program.exception_access_id;
  block.oai = program.operand_access_id;
  block.perc = per_code_;
  block.peratmid = per_atmid_;
  block.peraddr = per_code_ ? per_address_ : 0;
  per_code_ = 0;
  return true;
}

void GuestCpu::SwapPsw(uint64_t old_location, uint64_t new_location, const Psw& old) {
  StoreReal<uint64_t>(old_location, old.mask);
  StoreReal<uint64_t>(old_location + 8, old.address);
  const Psw next{LoadReal<uint64_t>(new_location), LoadReal<uint64_t>(new_location + 8)};
  LoadPsw(next);
  ia_ = next_ia_;
}

void GuestCpu::DeliverProgramInterruption() {
  const ProgramInterruption& program = program_interruption_;
  // What the interruption stores is for the host to have: a fault here ends SIE, not the guest.
  stop_ = Stop::kNone;
  const auto code = static_cast<uint16_t>(program.code);
  StoreReal<uint16_t>(prefix_area::kProgramIlc, length_);
  StoreReal<uint16_t>(prefix_area::kProgramCode,
                      static_cast<uint16_t>(code | (per_code_ ? 0x80 : 0)));
  switch (program.code) {
    case PgmCode::kData:
    case PgmCode::kVectorProcessing:
      StoreReal<uint32_t>(prefix_area::kDataExceptionCode, program.data_exception_code);
      break;
    case PgmCode::kMonitorEvent:
      StoreReal<uint16_t>(prefix_area::kMonitorClass, program.monitor_class);
      StoreReal<uint64_t>(prefix_area::kMonitorCode, program.monitor_code);
      break;
    case PgmCode::kProtection:
    case PgmCode::kSegmentTranslation:
    case PgmCode::kPageTranslation:
    case PgmCode::kAsceType:
    case PgmCode::kRegionFirstTranslation:
    case PgmCode::kRegionSecondTranslation:
    case PgmCode::kRegionThirdTranslation:
      StoreReal<uint64_t>(prefix_area::kTranslationException, program.translation_exception);
      StoreReal<uint8_t>(prefix_area::kExceptionAccessId, program.exception_access_id);
      StoreReal<uint8_t>(prefix_area::kOperandAccessId, program.operand_access_id);
      break;
    case PgmCode::kSpaceSwitch:
    case PgmCode::kAfxTranslation:
    case PgmCode::kAsxTranslation:
    case PgmCode::kLxTranslation:
    case PgmCode::kExTranslation:
    case PgmCode::kPrimaryAuthority:
    case PgmCode::kSecondaryAuthority:
    case PgmCode::kLfxTranslation:
    case PgmCode::kLsxTranslation:
    case PgmCode::kLsteSequence:
      StoreReal<uint64_t>(prefix_area::kTranslationException, program.translation_exception);
      break;
    case PgmCode::kAlenTranslation:
    case PgmCode::kAleSequence:
    case PgmCode::kAsteValidity:
    case PgmCode::kAsteSequence:
    case PgmCode::kExtendedAuthority:
    case PgmCode::kAsteInstance:
    case PgmCode::kAletSpecification:
      StoreReal<uint8_t>(prefix_area::kExceptionAccessId, program.exception_access_id);
      break;
    default:
      break;
  }
  if (per_code_) {
    StoreReal<uint8_t>(prefix_area::kPerCode, per_code_);
    StoreReal<uint8_t>(prefix_area::kPerAtmid, per_atmid_);
    StoreReal<uint64_t>(prefix_area::kPerAddress, per_address_);
    per_code_ = 0;
  }
  StoreReal<uint64_t>(prefix_area::kBreakingEventAddress, state_->breaking_event_address);
  SwapPsw(prefix_area::kProgramOldPsw, prefix_area::kProgramNewPsw, psw());
}

void GuestCpu::DeliverSupervisorCall(uint8_t number) {
  // The first store stops on a fault of the host, before anything has changed: all of the area is
  // in one page.
  StoreReal<uint16_t>(prefix_area::kSvcIlc, length_);
  if (Stopped()) return;
  StoreReal<uint16_t>(prefix_area::kSvcCode, number);
  Psw old = psw();
  old.address = next_ia_;
  SwapPsw(prefix_area::kSvcOldPsw, prefix_area::kSvcNewPsw, old);
}

void GuestCpu::DeliverExternalInterruption(ExternalCode code) {
  StoreReal<uint16_t>(prefix_area::kExternalCpuAddress, 0);
  StoreReal<uint16_t>(prefix_area::kExternalCode, static_cast<uint16_t>(code));
  SwapPsw(prefix_area::kExternalOldPsw, prefix_area::kExternalNewPsw, psw());
}

}  // namespace hypervisor
