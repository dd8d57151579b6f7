#include "ucontrol/instruction/instruction_table.h"

#include <algorithm>
#include <array>
#include <span>

#include "ucontrol/channel_subsystem/instructions.h"
#include "ucontrol/diagnose/diagnose.h"
#include "ucontrol/instruction/clock.h"
#include "ucontrol/instruction/control_registers.h"
#include "ucontrol/instruction/facilities.h"
#include "ucontrol/instruction/identity.h"
#include "ucontrol/instruction/lazy_facilities.h"
#include "ucontrol/instruction/prefix.h"
#include "ucontrol/instruction/program_status_word.h"
#include "ucontrol/instruction/service_call.h"
#include "ucontrol/instruction/storage_blocks.h"
#include "ucontrol/instruction/store_hypervisor_information.h"
#include "ucontrol/instruction/store_system_information.h"
#include "ucontrol/instruction/test_protection.h"
#include "ucontrol/signal_processor.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

struct Row {
  uint16_t opcode;
  InstructionHandler handler;
};

// A handler that tests for the problem state stands in the table by itself.
template <InstructionHandler kHandler>
Disposition Privileged(Vcpu& vcpu) {
  if (vcpu.cpu().psw().problem_state()) {
    return Disposition::Interrupt(hypervisor::PgmCode::kPrivilegedOperation);
  }
  return kHandler(vcpu);
}

// Opcodes of one byte.
constexpr auto kOneByte = std::to_array<Row>({
    {0x82, Privileged<LoadPsw>},
    {0x83, Diagnose},
    {0xae, SignalProcessor},
    {0xb6, Privileged<StoreControl>},
    {0xb7, Privileged<LoadControl>},
});

// The first halfword.
constexpr auto kHalfword = std::to_array<Row>({
    {0x0104, PerformTimingFacilityFunction},
    {0x0107, Privileged<SetClockProgrammableField>},
    {0xb202, Privileged<StoreCpuId>},
    {0xb204, Privileged<SetClock>},
    {0xb210, Privileged<SetPrefix>},
    {0xb211, Privileged<StorePrefix>},
    {0xb212, Privileged<StoreCpuAddress>},
    {0xb220, Privileged<CallServiceProcessor>},
    {0xb229, Privileged<EnableStorageKeys>},  // INSERT STORAGE KEY EXTENDED
    {0xb22a, Privileged<EnableStorageKeys>},  // RESET REFERENCE BIT EXTENDED
    {0xb22b, Privileged<EnableStorageKeys>},  // SET STORAGE KEY EXTENDED
    {0xb22c, Privileged<TestBlock>},
    {0xb230, ClearSubchannel},
    {0xb231, HaltSubchannel},
    {0xb232, ModifySubchannel},
    {0xb233, StartSubchannel},
    {0xb234, StoreSubchannel},
    {0xb235, TestSubchannel},
    {0xb236, TestPendingInterruption},
    {0xb237, SetAddressLimit},
    {0xb238, ResumeSubchannel},
    {0xb239, StoreChannelReportWord},
    {0xb23a, StoreChannelPathStatus},
    {0xb23b, ResetChannelPath},
    {0xb23c, SetChannelMonitor},
    {0xb256, StoreHypervisorInformation},
    {0xb25f, ChannelSubsystemCall},
    {0xb274, SignalAdapter},
    {0xb276, CancelSubchannel},
    {0xb27d, Privileged<StoreSystemInformation>},
    {0xb2b0, StoreFacilityListExtended},
    {0xb2b1, Privileged<StoreFacilityList>},
    {0xb2b2, Privileged<LoadPswExtended>},
    {0xb98d, ExtractPsw},
    {0xb9af, PerformFrameManagementFunction},
    {0xe501, Privileged<TestProtection>},
});

// The first and the last byte of six.
constexpr auto kSplit = std::to_array<Row>({
    {0xe349, EnableGuardedStorage},  // STORE GUARDED STORAGE CONTROLS
    {0xe34d, EnableGuardedStorage},  // LOAD GUARDED STORAGE CONTROLS
    {0xeb25, Privileged<StoreControlLong>},
    {0xeb2f, Privileged<LoadControlLong>},
    {0xeb60, EnableRuntimeInstrumentation},
    {0xeb61, EnableRuntimeInstrumentation},
    {0xeb62, EnableRuntimeInstrumentation},
    {0xeb71, Privileged<LoadPswExtendedLong>},
});

// The first byte and bits 12-15.
constexpr auto kRuntimeInstrumentation = std::to_array<Row>({
    {0xaa0, EnableRuntimeInstrumentation},
    {0xaa1, EnableRuntimeInstrumentation},
    {0xaa2, EnableRuntimeInstrumentation},
    {0xaa3, EnableRuntimeInstrumentation},
    {0xaa4, EnableRuntimeInstrumentation},
});

constexpr bool IsAscending(std::span<const Row> rows) {
  return std::ranges::adjacent_find(rows, std::ranges::greater_equal(), &Row::opcode) == rows.end();
}
static_assert(IsAscending(kOneByte) && IsAscending(kHalfword) && IsAscending(kSplit));

InstructionHandler Find(std::span<const Row> rows, uint16_t opcode) {
  const auto row = std::ranges::lower_bound(rows, opcode, {}, &Row::opcode);
  return row != rows.end() && row->opcode == opcode ? row->handler : nullptr;
}

}  // namespace

InstructionHandler FindInstruction(uint16_t ipa, uint32_t ipb) {
  const auto first = static_cast<uint16_t>(ipa >> 8);
  switch (first) {
    case 0x01:
    case 0xb2:
    case 0xb9:
    case 0xe5:
      return Find(kHalfword, ipa);
    case 0xe3:
    case 0xeb:
      return Find(kSplit, static_cast<uint16_t>(first << 8 | (ipb & 0xff)));
    case 0xaa:
      return Find(kRuntimeInstrumentation, static_cast<uint16_t>(first << 4 | (ipa & 0xf)));
    default:
      return Find(kOneByte, first);
  }
}

}  // namespace ucontrol
