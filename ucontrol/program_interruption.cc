#include "ucontrol/program_interruption.h"

#include "hypervisor/arch/prefix_area.h"
#include "hypervisor/arch/psw.h"
#include "ucontrol/assigned_storage.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace prefix_area = hypervisor::prefix_area;
namespace uapi = hypervisor::uapi;
using hypervisor::IsNullifying;
using hypervisor::PgmCode;
using hypervisor::ProgramInterruption;
using hypervisor::Psw;

namespace {

constexpr uint16_t kPer = static_cast<uint16_t>(PgmCode::kPerEvent);
constexpr uint8_t kPerInstructionFetching = 0x40;

// kvm_s390_pgm_info.flags: KVM_S390_PGM_FLAGS_*.
constexpr uint8_t kFlagIlcValid = 0x01;
constexpr uint8_t kFlagIlcMask = 0x06;
constexpr uint8_t kFlagNoRewind = 0x08;

bool HasTranslationException(PgmCode code) {
  switch (code) {
    case PgmCode::kProtection:
    case PgmCode::kSegmentTranslation:
    case PgmCode::kPageTranslation:
    case PgmCode::kAsceType:
    case PgmCode::kRegionFirstTranslation:
    case PgmCode::kRegionSecondTranslation:
    case PgmCode::kRegionThirdTranslation:
    case PgmCode::kSpaceSwitch:
    case PgmCode::kLsteSequence:
      return true;
    default: {
      const auto raw = static_cast<uint16_t>(code);
      return raw >= 0x20 && raw <= 0x26;
    }
  }
}

bool HasExceptionAccessId(PgmCode code) {
  switch (code) {
    case PgmCode::kProtection:
    case PgmCode::kSegmentTranslation:
    case PgmCode::kPageTranslation:
    case PgmCode::kAsceType:
    case PgmCode::kRegionFirstTranslation:
    case PgmCode::kRegionSecondTranslation:
    case PgmCode::kRegionThirdTranslation:
    case PgmCode::kAlenTranslation:
    case PgmCode::kAleSequence:
    case PgmCode::kAsteValidity:
    case PgmCode::kAsteSequence:
    case PgmCode::kExtendedAuthority:
    case PgmCode::kAsteInstance:
      return true;
    default:
      return false;
  }
}

bool HasOperandAccessId(PgmCode code) {
  return HasTranslationException(code) && IsNullifying(code) && static_cast<uint16_t>(code) != 0x2e;
}

void StoreParameters(AssignedStorage& area, const ProgramInterruption& program) {
  const PgmCode code = program.code;
  if (HasTranslationException(code))
    area.Store(prefix_area::kTranslationException, program.translation_exception);
  if (HasExceptionAccessId(code))
    area.Store(prefix_area::kExceptionAccessId, program.exception_access_id);
  if (HasOperandAccessId(code))
    area.Store(prefix_area::kOperandAccessId, program.operand_access_id);
  if (code == PgmCode::kMonitorEvent) {
    area.Store(prefix_area::kMonitorClass, uint16_t{program.monitor_class});
    area.Store(prefix_area::kMonitorCode, program.monitor_code);
  }
  if (code == PgmCode::kData || code == PgmCode::kVectorProcessing)
    area.Store(prefix_area::kDataExceptionCode, program.data_exception_code);
}

// The state that follows is the one that led here: nothing but an interruption that the new PSW
// allows could end it.
std::optional<Disposition> FindLoop(const Psw& now, const Psw& next, const ProgramEvent& event) {
  // An odd address is no matter in the wait state, where nothing is fetched.
  const bool is_valid = next.IsValid() && (next.wait() || !(next.address & 1));
  if (event.program.code == PgmCode::kSpecification && !is_valid) {
    return Disposition::Crash(CrashCause::kProgramInterruptionLoop,
                              "program-interruption loop: the program-new PSW is invalid");
  }
  if (next.wait()) return std::nullopt;
  constexpr uint64_t kSame =
      Psw::kIo | Psw::kExternal | Psw::kDat | Psw::kAddressSpaceControl | Psw::kProblemState;
  if ((now.mask & kSame) != (next.mask & kSame)) return std::nullopt;
  if (now.mask & (Psw::kIo | Psw::kExternal)) return std::nullopt;
  uint64_t instruction = now.address;
  if (!IsNullifying(event.program.code)) instruction -= event.instruction_length;
  if (instruction != next.address) return std::nullopt;
  if (event.program.code == PgmCode::kOperation) {
    return Disposition::Crash(CrashCause::kOperationExceptionLoop,
                              "operation-exception loop at the program-new PSW");
  }
  return Disposition::Crash(CrashCause::kProgramInterruptionLoop,
                            "program-interruption loop at the program-new PSW");
}

// The PER event that the interception brought, and then of the EXECUTE if there was one.
std::optional<PerEvent> PerOfInterception(Vcpu& vcpu) {
  const uapi::SieBlock& block = vcpu.block();
  if (block.icptcode == static_cast<uint8_t>(uapi::Interception::kInstructionAndProgram)) {
    return PerEvent{block.perc, block.peratmid, block.peraid, block.peraddr};
  }
  if (!(block.icptstatus & uapi::kIcptPerIfetch)) return std::nullopt;
  const Psw psw = vcpu.cpu().psw();
  return PerEvent{kPerInstructionFetching, 0, 0,
                  (psw.address - vcpu.InstructionLength()) & psw.address_mask()};
}

}  // namespace

Disposition InterruptProgram(Vcpu& vcpu, const ProgramEvent& event) {
  AssignedStorage area(vcpu);
  if (!area.exists()) return NoPrefixArea();
  const Psw next = area.LoadPsw(prefix_area::kProgramNewPsw);
  if (const auto loop = FindLoop(vcpu.cpu().psw(), next, event)) return *loop;

  auto code = static_cast<uint16_t>(event.program.code);
  StoreParameters(area, event.program);
  if (event.per) {
    code |= kPer;
    area.Store(prefix_area::kPerCode, event.per->code);
    area.Store(prefix_area::kPerAtmid, event.per->atmid);
    area.Store(prefix_area::kPerAddress, event.per->address);
    area.Store(prefix_area::kPerAccessId, event.per->access_id);
  }
  area.Store(prefix_area::kProgramIlc, uint16_t{event.instruction_length});
  area.Store(prefix_area::kProgramCode, code);
  area.Store(prefix_area::kBreakingEventAddress, vcpu.cpu().breaking_event_address());
  area.SwapPsw(prefix_area::kProgramOldPsw, prefix_area::kProgramNewPsw);
  return Disposition::Resume();
}

Disposition EndWithProgramInterruption(Vcpu& vcpu, const ProgramInterruption& interruption) {
  ProgramEvent event{interruption, PerOfInterception(vcpu), vcpu.InstructionLength()};
  if (IsNullifying(interruption.code)) vcpu.Rewind();
  return InterruptProgram(vcpu, event);
}

Disposition EndWithPerEvent(Vcpu& vcpu) {
  const auto per = PerOfInterception(vcpu);
  if (!per) return Disposition::Resume();
  return InterruptProgram(vcpu, ProgramEvent{{}, per, vcpu.InstructionLength()});
}

Disposition ForwardProgramInterruption(Vcpu& vcpu) {
  const uapi::SieBlock& block = vcpu.block();
  ProgramEvent event;
  event.program.code = static_cast<PgmCode>(block.iprcc & ~kPer);
  event.program.exception_access_id = block.eai;
  event.program.operand_access_id = block.oai;
  event.program.monitor_class = static_cast<uint8_t>(block.mcn);
  event.program.data_exception_code = block.dxc;
  event.program.translation_exception = block.tecmc;
  event.program.monitor_code = block.tecmc;
  if (block.iprcc & kPer) {
    event.per = PerEvent{block.perc, block.peratmid, block.peraid, block.peraddr};
  }
  event.instruction_length = block.pgmilc & 6;
  return InterruptProgram(vcpu, event);
}

Disposition InterruptProgram(Vcpu& vcpu, const uapi::Irq& irq) {
  ProgramEvent event;
  event.program.code = static_cast<PgmCode>(irq.pgm.code & ~kPer);
  event.program.exception_access_id = irq.pgm.exc_access_id;
  event.program.operand_access_id = irq.pgm.op_access_id;
  event.program.monitor_class = static_cast<uint8_t>(irq.pgm.mon_class_nr);
  event.program.data_exception_code = irq.pgm.data_exc_code;
  event.program.translation_exception = irq.pgm.trans_exc_code;
  event.program.monitor_code = irq.pgm.mon_code;
  if (irq.pgm.code & kPer) {
    event.per =
        PerEvent{irq.pgm.per_code, irq.pgm.per_atmid, irq.pgm.per_access_id, irq.pgm.per_address};
  }
  event.instruction_length =
      irq.pgm.flags & kFlagIlcValid ? irq.pgm.flags & kFlagIlcMask : vcpu.InstructionLength();
  if (IsNullifying(event.program.code) && !(irq.pgm.flags & kFlagNoRewind)) vcpu.Rewind();
  return InterruptProgram(vcpu, event);
}

}  // namespace ucontrol
