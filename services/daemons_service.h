// The service Daemons: what this daemon is.
#ifndef SERVICES_DAEMONS_SERVICE_H_
#define SERVICES_DAEMONS_SERVICE_H_

#include "services/fleet.h"
#include "services/gate.h"
#include "services/machine_host.h"
#include "ucontrol/v1/daemon.grpc.pb.h"

namespace services {

class DaemonsService final : public ucontrol::v1::Daemons::Service {
 public:
  DaemonsService(Gate& gate, const Fleet& fleet, const MachineHost& host)
      : gate_(gate), fleet_(fleet), host_(host) {}

  grpc::Status GetVersion(grpc::ServerContext* context,
                          const ucontrol::v1::GetVersionRequest* request,
                          ucontrol::v1::GetVersionResponse* response) override;

 private:
  Gate& gate_;
  const Fleet& fleet_;
  const MachineHost& host_;
};

}  // namespace services

#endif  // SERVICES_DAEMONS_SERVICE_H_
