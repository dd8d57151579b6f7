// The service Interrupts.
#ifndef SERVICES_INTERRUPTS_SERVICE_H_
#define SERVICES_INTERRUPTS_SERVICE_H_

#include "services/gate.h"
#include "services/machine_host.h"
#include "ucontrol/v1/interrupt.grpc.pb.h"

namespace services {

class InterruptsService final : public ucontrol::v1::Interrupts::Service {
 public:
  InterruptsService(Gate& gate, Registry& registry, MachineHost& host)
      : gate_(gate), registry_(registry), host_(host) {}

  grpc::Status InjectInterrupt(grpc::ServerContext* context,
                               const ucontrol::v1::InjectInterruptRequest* request,
                               google::protobuf::Empty* response) override;
  grpc::Status ListPendingInterrupts(
      grpc::ServerContext* context, const ucontrol::v1::ListPendingInterruptsRequest* request,
      ucontrol::v1::ListPendingInterruptsResponse* response) override;
  grpc::Status ClearPendingInterrupts(
      grpc::ServerContext* context, const ucontrol::v1::ClearPendingInterruptsRequest* request,
      ucontrol::v1::ClearPendingInterruptsResponse* response) override;

 private:
  Gate& gate_;
  Registry& registry_;
  MachineHost& host_;
};

}  // namespace services

#endif  // SERVICES_INTERRUPTS_SERVICE_H_
