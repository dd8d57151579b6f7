#include "ucontrol/channel_subsystem/instructions.h"

#include <array>
#include <optional>

#include "hypervisor/arch/prefix_area.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/channel_subsystem/subsystem_call.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;
using Access = GuestStorage::Access;

ChannelSubsystem* SubsystemOf(Vcpu& vcpu) {
  return vcpu.machine().FindPart<ChannelSubsystem>();
}

Disposition Apply(Vcpu& vcpu, const IoOutcome& outcome) {
  if (outcome.interruption != PgmCode::kNone) return Disposition::Interrupt(outcome.interruption);
  vcpu.cpu().set_condition_code(outcome.condition_code);
  return Disposition::Resume();
}

// Instructions without a storage operand: `method` of the subsystem, with general register 1.
template <typename Method>
Disposition WithRegister1(Vcpu& vcpu, Method method) {
  if (vcpu.cpu().psw().problem_state())
    return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  ChannelSubsystem* subsystem = SubsystemOf(vcpu);
  if (!subsystem) return Apply(vcpu, IoOutcome::Cc(3));
  return Apply(vcpu, (subsystem->*method)(vcpu.cpu().gpr(1)));
}

// A word-aligned second operand of a privileged instruction, or how the instruction ends.
struct WordOperand {
  std::optional<Disposition> end;
  OperandAddress operand;
};

WordOperand DecodeWordOperand(Vcpu& vcpu) {
  if (vcpu.cpu().psw().problem_state()) {
    return {Disposition::Interrupt(PgmCode::kPrivilegedOperation), {}};
  }
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(4)) return {Disposition::Interrupt(PgmCode::kSpecification), {}};
  return {std::nullopt, operand};
}

// Instructions that fetch their operand before anything else happens.
template <typename Bytes, typename Method>
Disposition FetchAndApply(Vcpu& vcpu, Method method) {
  const auto [end, operand] = DecodeWordOperand(vcpu);
  if (end) return *end;
  Bytes bytes;
  if (!vcpu.storage().Read(operand, bytes.data(), bytes.size())) return vcpu.storage().Fault();
  ChannelSubsystem* subsystem = SubsystemOf(vcpu);
  if (!subsystem) return Apply(vcpu, IoOutcome::Cc(3));
  return Apply(vcpu, (subsystem->*method)(vcpu.cpu().gpr(1), bytes));
}

// Instructions that store what the subsystem answers, unless it answers with condition code 3. An
// access exception comes first whatever the answer would be.
template <typename Bytes, typename Method>
Disposition ApplyAndStore(Vcpu& vcpu, Method method) {
  const auto [end, operand] = DecodeWordOperand(vcpu);
  if (end) return *end;
  Bytes bytes{};
  if (!vcpu.storage().Check(operand, bytes.size(), Access::kStore)) return vcpu.storage().Fault();
  ChannelSubsystem* subsystem = SubsystemOf(vcpu);
  if (!subsystem) return Apply(vcpu, IoOutcome::Cc(3));
  const IoOutcome outcome = (subsystem->*method)(vcpu.cpu().gpr(1), bytes);
  if (outcome.interruption == PgmCode::kNone && outcome.condition_code != 3 &&
      !vcpu.storage().Write(operand, bytes.data(), bytes.size())) {
    return vcpu.storage().Fault();
  }
  return Apply(vcpu, outcome);
}

}  // namespace

Disposition ClearSubchannel(Vcpu& vcpu) {
  return WithRegister1(vcpu, &ChannelSubsystem::ClearSubchannel);
}

Disposition HaltSubchannel(Vcpu& vcpu) {
  return WithRegister1(vcpu, &ChannelSubsystem::HaltSubchannel);
}

Disposition ResumeSubchannel(Vcpu& vcpu) {
  return WithRegister1(vcpu, &ChannelSubsystem::ResumeSubchannel);
}

Disposition CancelSubchannel(Vcpu& vcpu) {
  return WithRegister1(vcpu, &ChannelSubsystem::CancelSubchannel);
}

Disposition ResetChannelPath(Vcpu& vcpu) {
  return WithRegister1(vcpu, &ChannelSubsystem::ResetChannelPath);
}

Disposition ModifySubchannel(Vcpu& vcpu) {
  return FetchAndApply<Schib::Bytes>(vcpu, &ChannelSubsystem::ModifySubchannel);
}

Disposition StartSubchannel(Vcpu& vcpu) {
  return FetchAndApply<Orb::Bytes>(vcpu, &ChannelSubsystem::StartSubchannel);
}

Disposition StoreSubchannel(Vcpu& vcpu) {
  return ApplyAndStore<Schib::Bytes>(vcpu, &ChannelSubsystem::StoreSubchannel);
}

Disposition TestSubchannel(Vcpu& vcpu) {
  return ApplyAndStore<Irb::Bytes>(vcpu, &ChannelSubsystem::TestSubchannel);
}

// Takes what a CPU with this CR6 would be interrupted with, the PSW's mask apart. Operand address
// zero: stored where the interruption would have stored it.
Disposition TestPendingInterruption(Vcpu& vcpu) {
  const auto [end, operand] = DecodeWordOperand(vcpu);
  if (end) return *end;
  const bool assigned = operand.address == hypervisor::GuestLogical(0);
  const hypervisor::GuestReal assigned_location(hypervisor::prefix_area::kSubchannelId);
  if (!assigned && !vcpu.storage().Check(operand, 8, Access::kStore)) {
    return vcpu.storage().Fault();
  }
  const std::optional<IoInterruption> taken = vcpu.machine().TakeIo(vcpu.cpu().cr(6));
  if (!taken) return Apply(vcpu, IoOutcome::Cc(0));
  std::array<uint8_t, 12> bytes;
  StoreBigEndian<uint16_t>(&bytes[0], taken->subchannel_id);
  StoreBigEndian<uint16_t>(&bytes[2], taken->subchannel_number);
  StoreBigEndian<uint32_t>(&bytes[4], taken->parameter);
  StoreBigEndian<uint32_t>(&bytes[8], taken->word);
  const bool stored = assigned ? vcpu.storage().WriteReal(assigned_location, bytes.data(), 12)
                               : vcpu.storage().Write(operand, bytes.data(), 8);
  if (!stored) {
    vcpu.machine().InjectIo(*taken);
    return vcpu.storage().Fault();
  }
  return Apply(vcpu, IoOutcome::Cc(1));
}

// No device here checks the limit, nor is anything measured: these two only tell reserved bits
// apart.
Disposition SetAddressLimit(Vcpu& vcpu) {
  if (vcpu.cpu().psw().problem_state())
    return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  if (vcpu.cpu().gpr(1) & 0x8000ffff) return Disposition::Interrupt(PgmCode::kOperand);
  return Disposition::Resume();
}

Disposition SetChannelMonitor(Vcpu& vcpu) {
  if (vcpu.cpu().psw().problem_state())
    return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  const uint64_t control = vcpu.cpu().gpr(1);
  const bool update_blocks = (control & 2) != 0;
  if ((control & 0x0ffffffc) || (update_blocks && vcpu.cpu().gpr(2) % 32)) {
    return Disposition::Interrupt(PgmCode::kOperand);
  }
  return Disposition::Resume();
}

Disposition StoreChannelReportWord(Vcpu& vcpu) {
  const auto [end, operand] = DecodeWordOperand(vcpu);
  if (end) return *end;
  if (!vcpu.storage().Check(operand, 4, Access::kStore)) return vcpu.storage().Fault();
  uint32_t word = 0;
  ChannelSubsystem* subsystem = SubsystemOf(vcpu);
  const IoOutcome outcome = subsystem ? subsystem->StoreChannelReportWord(word) : IoOutcome::Cc(1);
  if (!vcpu.storage().Store<uint32_t>(operand, word)) return vcpu.storage().Fault();
  return Apply(vcpu, outcome);
}

// No channel path is ever busy with anything when a guest looks.
Disposition StoreChannelPathStatus(Vcpu& vcpu) {
  if (vcpu.cpu().psw().problem_state())
    return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(32)) return Disposition::Interrupt(PgmCode::kSpecification);
  const std::array<uint8_t, 32> status{};
  if (!vcpu.storage().Write(operand, status.data(), status.size())) return vcpu.storage().Fault();
  return Disposition::Resume();
}

Disposition ChannelSubsystemCall(Vcpu& vcpu) {
  if (vcpu.cpu().psw().problem_state())
    return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  const OperandAddress operand = RegisterOperand(vcpu.cpu(), R1OfRre(vcpu.ipb()));
  if (!operand.address.IsAligned(hypervisor::kPageSize)) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  std::array<uint8_t, hypervisor::kPageSize> block;
  if (!vcpu.storage().Read(operand, block.data(), block.size())) return vcpu.storage().Fault();
  // The request is checked before the response's place is.
  const uint16_t length = LoadBigEndian<uint16_t>(block.data());
  bool none = false;
  ChannelSubsystem* subsystem = SubsystemOf(vcpu);
  const IoOutcome outcome =
      subsystem ? subsystem->Call(block) : AnswerSubsystemCall(block, false, none);
  if (outcome.interruption == PgmCode::kNone) {
    const uint16_t written = LoadBigEndian<uint16_t>(&block[length]);
    if (!vcpu.storage().Write(operand + length, &block[length], written)) {
      return vcpu.storage().Fault();
    }
  }
  return Apply(vcpu, outcome);
}

Disposition SignalAdapter(Vcpu& vcpu) {
  if (vcpu.cpu().psw().problem_state())
    return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  return Apply(vcpu, IoOutcome::Cc(3));
}

}  // namespace ucontrol
