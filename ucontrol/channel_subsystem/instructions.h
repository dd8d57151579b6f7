// The handlers of the I/O instructions (PoP: I/O Instructions). All are privileged; operands are
// logical addresses. They find the ChannelSubsystem among the machine's parts, and a machine
// without one answers as a machine without subchannels.
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_INSTRUCTIONS_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_INSTRUCTIONS_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition ClearSubchannel(Vcpu& vcpu);          // B230
Disposition HaltSubchannel(Vcpu& vcpu);           // B231
Disposition ModifySubchannel(Vcpu& vcpu);         // B232
Disposition StartSubchannel(Vcpu& vcpu);          // B233
Disposition StoreSubchannel(Vcpu& vcpu);          // B234
Disposition TestSubchannel(Vcpu& vcpu);           // B235
Disposition TestPendingInterruption(Vcpu& vcpu);  // B236
Disposition SetAddressLimit(Vcpu& vcpu);          // B237
Disposition ResumeSubchannel(Vcpu& vcpu);         // B238
Disposition StoreChannelReportWord(Vcpu& vcpu);   // B239
Disposition StoreChannelPathStatus(Vcpu& vcpu);   // B23A
Disposition ResetChannelPath(Vcpu& vcpu);         // B23B
Disposition SetChannelMonitor(Vcpu& vcpu);        // B23C
Disposition ChannelSubsystemCall(Vcpu& vcpu);     // B25F
Disposition SignalAdapter(Vcpu& vcpu);            // B274
Disposition CancelSubchannel(Vcpu& vcpu);         // B276

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_INSTRUCTIONS_H_
