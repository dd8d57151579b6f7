#include "ucontrol/channel_subsystem/channel_program.h"

#include <algorithm>

#include "ucontrol/big_endian.h"

namespace ucontrol {
namespace {

// A channel would run a program of any length; this one runs on a CPU's thread, so a program that
// never ends must end.
constexpr int kMaximumCcws = 4096;
constexpr int kMaximumTransfers = 255;

constexpr uint8_t kSenseCommandReject = 0x80;

constexpr bool IsTransferInChannel(const Ccw& ccw, bool format_1) {
  return format_1 ? ccw.command == Ccw::kTransferInChannel
                  : (ccw.command & 0x0f) == Ccw::kTransferInChannel;
}

}  // namespace

ChannelProgram::End ChannelProgram::Run(uint32_t address) {
  next_ = address;
  uint8_t program_controlled = 0;
  for (bool first = true;; first = false) {
    Ccw ccw;
    if (FetchCcw(ccw) != Fetch::kOk) return ProgramCheck();
    const bool format_1 = (orb_.control & Orb::kFormat1) != 0;
    if (first && IsTransferInChannel(ccw, format_1)) return ProgramCheck();
    if (FollowTransfers(ccw) != Fetch::kOk || !IsValid(ccw, false)) return ProgramCheck();
    if (ccw.Has(Ccw::kSuspend)) {
      End end;
      end.suspended = true;
      end.ccw_address = next_;
      end.count = ccw.count;
      end.subchannel_status = program_controlled;
      return end;
    }

    const Ccw command = ccw;
    Transfer transfer(storage_, orb_);
    transfer.Add(ccw, next_);
    if (ccw.Has(Ccw::kProgramControlled)) program_controlled = Scsw::kProgramControlled;
    while (ccw.Has(Ccw::kChainData)) {
      if (FetchCcw(ccw) != Fetch::kOk || FollowTransfers(ccw) != Fetch::kOk ||
          !IsValid(ccw, true)) {
        return ProgramCheck();
      }
      transfer.Add(ccw, next_);
      if (ccw.Has(Ccw::kProgramControlled)) program_controlled = Scsw::kProgramControlled;
    }

    const Ending ending = Execute(command, transfer);
    End end;
    end.ccw_address = transfer.ccw_end();
    end.count = transfer.residual_count();
    end.subchannel_status = program_controlled;
    switch (ending) {
      case Ending::kDone:
        break;
      case Ending::kCommandReject:
        sense_ = {kSenseCommandReject};
        end.device_status = Scsw::kUnitCheck;
        return end;
      case Ending::kProgramCheck:
        end.subchannel_status |= Scsw::kProgramCheck;
        return end;
    }
    const bool wrong_length = transfer.used() != transfer.count() && !ccw.Has(Ccw::kSuppressLength);
    if (wrong_length) end.subchannel_status |= Scsw::kIncorrectLength;
    if (wrong_length || !ccw.Has(Ccw::kChainCommand)) {
      end.device_status = Scsw::kChannelEnd | Scsw::kDeviceEnd;
      return end;
    }
  }
}

ChannelProgram::Fetch ChannelProgram::FetchCcw(Ccw& ccw) {
  const bool format_1 = (orb_.control & Orb::kFormat1) != 0;
  const uint32_t limit = format_1 ? 0x7ffffff8 : 0xfffff8;
  const uint32_t at = next_;
  next_ = at + Ccw::kSize;
  std::array<uint8_t, Ccw::kSize> bytes;
  if (++ccws_ > kMaximumCcws || at == 0 || at % Ccw::kSize || at > limit ||
      !storage_.Read(hypervisor::GuestAbsolute(at), bytes.data(), bytes.size())) {
    return Fetch::kProgramCheck;
  }
  ccw = format_1 ? Ccw::LoadFormat1(bytes) : Ccw::LoadFormat0(bytes);
  return Fetch::kOk;
}

// Replaces a TRANSFER IN CHANNEL by the CCW it points to, which must be another command.
ChannelProgram::Fetch ChannelProgram::FollowTransfers(Ccw& ccw) {
  const bool format_1 = (orb_.control & Orb::kFormat1) != 0;
  if (!IsTransferInChannel(ccw, format_1)) return Fetch::kOk;
  if (format_1 && (ccw.flags || ccw.count)) return Fetch::kProgramCheck;
  if (++transfers_ > kMaximumTransfers) return Fetch::kProgramCheck;
  next_ = ccw.address;
  if (FetchCcw(ccw) != Fetch::kOk || IsTransferInChannel(ccw, format_1)) {
    return Fetch::kProgramCheck;
  }
  return Fetch::kOk;
}

bool ChannelProgram::IsValid(const Ccw& ccw, bool chained_data) const {
  const bool format_1 = (orb_.control & Orb::kFormat1) != 0;
  // With data chaining the command code of all but the first CCW is ignored.
  if (!chained_data && ((ccw.command & 0x0f) == 0 || (ccw.command & 0x0f) == 8)) return false;
  if (ccw.Has(Ccw::kModifiedIndirectAddress)) return false;
  if (ccw.Has(Ccw::kSuspend) && (chained_data || !(orb_.control & Orb::kSuspendControl))) {
    return false;
  }
  if (!format_1) return ccw.count != 0;
  if (ccw.address >> 31) return false;
  return ccw.count || !(chained_data || ccw.Has(Ccw::kChainData));
}

Ending ChannelProgram::Execute(const Ccw& ccw, Transfer& transfer) {
  switch (ccw.command) {
    case Ccw::kNoOperation:
      // An immediate operation: no byte moves and the count means nothing.
      transfer.set_used(transfer.count());
      return Ending::kDone;
    case Ccw::kBasicSense:
      return BasicSense(transfer);
    case Ccw::kSenseId:
      return SenseIdentity(transfer);
    default:
      return unit_.Execute(ccw.command, transfer);
  }
}

Ending ChannelProgram::BasicSense(Transfer& transfer) {
  const auto length = std::min<uint32_t>(transfer.count(), sense_.size());
  if (!transfer.Store(0, sense_.data(), length)) return Ending::kProgramCheck;
  transfer.set_used(length);
  sense_.fill(0);
  return Ending::kDone;
}

Ending ChannelProgram::SenseIdentity(Transfer& transfer) {
  const SenseId id = unit_.sense_id();
  std::array<uint8_t, 7> bytes{0xff};
  StoreBigEndian<uint16_t>(&bytes[1], id.control_unit_type);
  bytes[3] = id.control_unit_model;
  StoreBigEndian<uint16_t>(&bytes[4], id.device_type);
  bytes[6] = id.device_model;
  const auto length = std::min<uint32_t>(transfer.count(), bytes.size());
  if (!transfer.Store(0, bytes.data(), length)) return Ending::kProgramCheck;
  transfer.set_used(length);
  return Ending::kDone;
}

ChannelProgram::End ChannelProgram::ProgramCheck() const {
  End end;
  end.subchannel_status = Scsw::kProgramCheck;
  end.ccw_address = next_;
  return end;
}

}  // namespace ucontrol
