// Carries out a channel program: fetches its CCWs and hands their commands to the control unit.
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_PROGRAM_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_PROGRAM_H_

#include <array>
#include <cstdint>
#include <optional>

#include "ucontrol/absolute_storage.h"
#include "ucontrol/channel_subsystem/ccw.h"
#include "ucontrol/channel_subsystem/control_unit.h"
#include "ucontrol/channel_subsystem/subchannel_status.h"

namespace ucontrol {

using SenseBytes = std::array<uint8_t, 32>;

class ChannelProgram {
 public:
  // How it ended, as the SCSW says it. A suspended program ends with no device status.
  struct End {
    bool suspended = false;
    uint8_t device_status = 0;
    uint8_t subchannel_status = 0;
    uint32_t ccw_address = 0;
    uint16_t count = 0;
  };

  // `sense` is what BASIC SENSE reads and what a unit check leaves behind.
  ChannelProgram(AbsoluteStorage& storage, ControlUnit& unit, const Orb& orb, SenseBytes& sense)
      : storage_(storage), unit_(unit), orb_(orb), sense_(sense) {}

  // Runs from the CCW at `address` on: the ORB's, or the one that a suspended program stopped at.
  End Run(uint32_t address);

 private:
  enum class Fetch { kOk, kProgramCheck };

  Fetch FetchCcw(Ccw& ccw);
  Fetch FollowTransfers(Ccw& ccw);
  bool IsValid(const Ccw& ccw, bool chained_data) const;
  Ending Execute(const Ccw& ccw, Transfer& transfer);
  Ending SenseIdentity(Transfer& transfer);
  Ending BasicSense(Transfer& transfer);
  End ProgramCheck() const;

  AbsoluteStorage& storage_;
  ControlUnit& unit_;
  const Orb& orb_;
  SenseBytes& sense_;
  uint32_t next_ = 0;  // address of the CCW to be fetched
  int ccws_ = 0;
  int transfers_ = 0;
};

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_PROGRAM_H_
