// Runs the handler of one instruction, as the monitor does after its interception.
#ifndef TESTS_UCONTROL_INSTRUCTION_HANDLER_FIXTURE_H_
#define TESTS_UCONTROL_INSTRUCTION_HANDLER_FIXTURE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "hypervisor/arch/interruption.h"
#include "tests/ucontrol/machine_fixture.h"
#include "ucontrol/instruction/instruction_table.h"

namespace ucontrol {

class HandlerFixture : public MachineFixture {
 protected:
  static constexpr uint64_t kCode = 0x8000;  // where the instruction stands

  // An instruction's halfwords, left-justified as ipa and ipb have them.
  struct Text {
    uint16_t ipa;
    uint32_t ipb;
  };
  // S and RS formats: base `b` and displacement `d`.
  static Text S(uint16_t opcode, int b, int d) {
    return {opcode, static_cast<uint32_t>(b) << 28 | static_cast<uint32_t>(d) << 16};
  }
  static Text Rs(uint8_t opcode, int r1, int r3, int b, int d) {
    return S(static_cast<uint16_t>(opcode << 8 | r1 << 4 | r3), b, d);
  }
  static Text Rre(uint16_t opcode, int r1, int r2) {
    return {opcode, static_cast<uint32_t>(r1) << 20 | static_cast<uint32_t>(r2) << 16};
  }

  // The handler's answer; `prepare` sets registers before. Supervisor state, key 0, 64 bits.
  template <typename Prepare>
  Disposition Execute(const Text& text, Prepare prepare) {
    std::optional<Disposition> answer;
    On(0, [&] {
      const uint64_t length = text.ipa < 0x4000 ? 2 : text.ipa < 0xc000 ? 4 : 6;
      cpu().set_psw({k64Bit, kCode + length});
      vcpu().block().ipa = text.ipa;
      vcpu().block().ipb = text.ipb;
      vcpu().block().icptstatus = 0;
      fake().Intercept(hypervisor::uapi::Interception::kInstruction);
      prepare(cpu());
      const InstructionHandler handler = FindInstruction(text.ipa, text.ipb);
      answer = handler ? handler(vcpu()) : Disposition::Interrupt(hypervisor::PgmCode::kOperation);
    });
    return *answer;
  }
  Disposition Execute(const Text& text) {
    return Execute(text, [](Cpu&) {});
  }

  // The program interruption that an instruction ends with; kNone if it completes.
  template <typename Prepare>
  hypervisor::PgmCode CodeOf(const Text& text, Prepare prepare) {
    const Disposition answer = Execute(text, prepare);
    if (answer.kind() == Disposition::Kind::kResume) return hypervisor::PgmCode::kNone;
    EXPECT_EQ(answer.kind(), Disposition::Kind::kInterrupt);
    return answer.interruption().code;
  }
  hypervisor::PgmCode CodeOf(const Text& text) {
    return CodeOf(text, [](Cpu&) {});
  }
  hypervisor::PgmCode CodeInProblemState(const Text& text) {
    return CodeOf(text, [](Cpu& registers) {
      hypervisor::Psw psw = registers.psw();
      psw.mask |= hypervisor::Psw::kProblemState;
      registers.set_psw(psw);
    });
  }
  uint8_t cc() { return cpu().psw().condition_code(); }
};

}  // namespace ucontrol

#endif  // TESTS_UCONTROL_INSTRUCTION_HANDLER_FIXTURE_H_
