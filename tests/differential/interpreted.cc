#include "tests/differential/interpreted.h"

#include <csignal>
#include <cstring>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"

namespace hypervisor {
namespace {

// Linux's arch/s390 says which signal a program gets.
uint32_t SignalOf(PgmCode code, uint32_t data_exception_code) {
  switch (code) {
    case PgmCode::kProtection:
    case PgmCode::kAddressing:
    case PgmCode::kAsceType:
    case PgmCode::kSegmentTranslation:
    case PgmCode::kPageTranslation:
      return SIGSEGV;
    case PgmCode::kData:
      return data_exception_code == kDxcDecimalOperand ? SIGILL : SIGFPE;
    case PgmCode::kVectorProcessing:
    case PgmCode::kFixedPointOverflow:
    case PgmCode::kFixedPointDivide:
    case PgmCode::kDecimalOverflow:
    case PgmCode::kDecimalDivide:
    case PgmCode::kHfpExponentOverflow:
    case PgmCode::kHfpExponentUnderflow:
    case PgmCode::kHfpSignificance:
    case PgmCode::kHfpDivide:
    case PgmCode::kHfpSquareRoot:
      return SIGFPE;
    default:
      return SIGILL;
  }
}

}  // namespace

Interpreted::Interpreted(FacilityList facilities) : machine_(facilities) {
  machine_.space.Unmap(VcpuAddress(0), GuestMachine::kStorageSize);
  const UserAddress storage(reinterpret_cast<uint64_t>(machine_.At(0)));
  machine_.space.Map(storage, VcpuAddress(CODE_SEGMENT), kSegmentSize);
  machine_.space.Map(storage + kSegmentSize, VcpuAddress(DATA_SEGMENT), kSegmentSize);
  machine_.block.ictl = uapi::kIctlPint;
  machine_.cpu.cr[0] |= cr0::kVector;
}

Answer Interpreted::Run(const Vector& vector) {
  CpuState& cpu = machine_.cpu;
  for (unsigned i = 0; i < sizeof(vector.code); ++i)
    Segment(CODE)[i] = i < vector.length ? vector.code[i] : 0;
  FillWindow(vector.memory_seed, Segment(MIDDLE_WINDOW));
  FillWindow(~vector.memory_seed, Segment(LAST_WINDOW));
  cpu.psw.mask = Psw::kExtendedAddressing | Psw::kBasicAddressing | Psw::kProblemState |
                 uint64_t{vector.condition_code} << 44 | uint64_t{vector.program_mask} << 40;
  cpu.psw.address = CODE;
  cpu.fpc = vector.fpc;
  for (int i = 0; i < 16; ++i) {
    cpu.gpr[i] = vector.gpr[i];
    cpu.vr[i] = VectorRegister{vector.fpr[i], vector.vr_low[i]};
    cpu.vr[16 + i] = VectorRegister{vector.vr_high[i][0], vector.vr_high[i][1]};
    cpu.ar[i] = vector.ar[i];
  }
  const SieExit exit = machine_.Run();
  Answer answer{};
  if (exit.reason == SieExit::Reason::kSegmentMissing) {
    answer.signal = SIGSEGV;
  } else if (exit.reason == SieExit::Reason::kIntercepted && machine_.block.iprcc != 0) {
    answer.signal = SignalOf(static_cast<PgmCode>(machine_.block.iprcc), machine_.block.dxc);
    answer.signal_code = machine_.block.iprcc;
  }
  machine_.block.iprcc = 0;
  answer.address = cpu.psw.address;
  answer.condition_code = cpu.psw.condition_code();
  answer.program_mask = cpu.psw.program_mask();
  answer.fpc = cpu.fpc;
  answer.memory_hash =
      HashWindow(HashWindow(0xcbf29ce484222325u, Segment(MIDDLE_WINDOW)), Segment(LAST_WINDOW));
  for (int i = 0; i < 16; ++i) {
    answer.gpr[i] = cpu.gpr[i];
    answer.fpr[i] = cpu.vr[i].high;
    answer.vr_low[i] = cpu.vr[i].low;
    answer.vr_high[i][0] = cpu.vr[16 + i].high;
    answer.vr_high[i][1] = cpu.vr[16 + i].low;
    answer.ar[i] = cpu.ar[i];
  }
  return answer;
}

std::vector<uint8_t> Interpreted::Windows() {
  std::vector<uint8_t> windows(2 * WINDOW_SIZE);
  std::memcpy(windows.data(), Segment(MIDDLE_WINDOW), WINDOW_SIZE);
  std::memcpy(windows.data() + WINDOW_SIZE, Segment(LAST_WINDOW), WINDOW_SIZE);
  return windows;
}

}  // namespace hypervisor
