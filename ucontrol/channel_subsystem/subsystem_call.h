// The commands of CHANNEL SUBSYSTEM CALL.
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_SUBSYSTEM_CALL_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_SUBSYSTEM_CALL_H_

#include <cstdint>
#include <span>

#include "ucontrol/channel_subsystem/io_outcome.h"

namespace ucontrol {

// Answers the request in `block` behind the request itself. Channel path 0 is the only one there
// can be; a guest may turn `multiple_subchannel_sets` on.
IoOutcome AnswerSubsystemCall(std::span<uint8_t, 4096> block, bool channel_path_installed,
                              bool& multiple_subchannel_sets);

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_SUBSYSTEM_CALL_H_
