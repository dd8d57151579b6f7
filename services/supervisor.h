// What the supervisor that started us is told: systemd's sd_notify, without its library.
#ifndef SERVICES_SUPERVISOR_H_
#define SERVICES_SUPERVISOR_H_

#include <string>

namespace services {

// As "READY=1"; nothing happens unless NOTIFY_SOCKET is set.
void TellSupervisor(const std::string& state);

}  // namespace services

#endif  // SERVICES_SUPERVISOR_H_
