#include "ucontrol/diagnose/diagnose.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "ucontrol/diagnose/functions.h"
#include "ucontrol/instruction_handler.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

struct Function {
  uint16_t code;
  InstructionHandler handle;
};

constexpr auto kFunctions = std::to_array<Function>({
    {0x010, ReleasePages},
    {0x044, VoluntaryTimeSliceEnd},
    {0x09c, DirectedYield},
    {0x258, ReferencePages},
    {0x288, ControlWatchdog},
    {0x308, ControlProgramLoading},
    {0x318, NameControlProgram},
    {0x500, CallVirtio},
    {0x501, Break},
});

}  // namespace

// Bits 48-63 of the second-operand address are the function code.
Disposition Diagnose(Vcpu& vcpu) {
  if (vcpu.cpu().psw().problem_state()) {
    return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  }
  const auto code = static_cast<uint16_t>(SecondOperandSum(vcpu.cpu(), vcpu.ipb()));
  const auto function = std::ranges::find(kFunctions, code, &Function::code);
  if (function == kFunctions.end()) return Disposition::Interrupt(PgmCode::kSpecification);
  return function->handle(vcpu);
}

}  // namespace ucontrol
