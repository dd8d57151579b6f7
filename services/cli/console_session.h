// A person, or a pipe, at the console of a machine.
#ifndef SERVICES_CLI_CONSOLE_SESSION_H_
#define SERVICES_CLI_CONSOLE_SESSION_H_

#include <string>

#include "absl/status/statusor.h"
#include "services/cli/client.h"
#include "ucontrol/v1/console.pb.h"

namespace services::cli {

// How it ended.
struct ConsoleEnding {
  enum class Kind {
    kMachineStopped,  // all that it printed was shown
    kDetached,        // by the escape key
    kTurnOff,         // the escape key asked for that
    kInterrupted,     // by SIGINT or SIGTERM, without a terminal
  };
  Kind kind = Kind::kMachineStopped;
  // What the guest reported on a line of its own: "ucontrol.run: status N", "EXIT: STATUS=N"; or
  // -1.
  int reported_status = -1;
};

// From now on SIGINT, SIGTERM, SIGHUP and SIGWINCH wait for a session. To be called before there is
// a client, whose threads would take them.
void HoldSignals();

// Shows the output and, unless `first` says read_only, sends what is typed. Control-] is the escape
// key of a terminal.
absl::StatusOr<ConsoleEnding> Converse(Client& client,
                                       const ucontrol::v1::AttachConsoleRequest& first);

}  // namespace services::cli

#endif  // SERVICES_CLI_CONSOLE_SESSION_H_
