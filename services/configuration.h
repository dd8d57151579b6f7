// The daemon's configuration file.
#ifndef SERVICES_CONFIGURATION_H_
#define SERVICES_CONFIGURATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "services/log.h"
#include "ucontrol/daemon/v1/configuration.pb.h"

namespace services {

using Configuration = ucontrol::daemon::v1::Configuration;

// INVALID_ARGUMENT with line and column of what can't be parsed.
absl::StatusOr<Configuration> ReadConfiguration(const std::string& path);

// A listener as a flag has it: unix:PATH, tcp:ADDRESS:PORT. TCP takes `tls` if it is complete.
absl::StatusOr<ucontrol::daemon::v1::Listener> ParseListener(const std::string& text,
                                                             const ucontrol::daemon::v1::Tls& tls,
                                                             bool insecure);

// What must be right before anything is opened.
absl::Status CheckConfiguration(const Configuration& configuration);

Severity LogThresholdOf(const Configuration& configuration);

}  // namespace services

#endif  // SERVICES_CONFIGURATION_H_
