// The service Machines: names become resources, and the fleet does the rest.
#ifndef SERVICES_MACHINES_SERVICE_H_
#define SERVICES_MACHINES_SERVICE_H_

#include "services/fleet.h"
#include "services/gate.h"
#include "ucontrol/v1/machine.grpc.pb.h"

namespace services {

class MachinesService final : public ucontrol::v1::Machines::Service {
 public:
  MachinesService(Gate& gate, Registry& registry, Fleet& fleet)
      : gate_(gate), registry_(registry), fleet_(fleet) {}

  grpc::Status CreateMachine(grpc::ServerContext* context,
                             const ucontrol::v1::CreateMachineRequest* request,
                             ucontrol::v1::Machine* response) override;
  grpc::Status GetMachine(grpc::ServerContext* context,
                          const ucontrol::v1::GetMachineRequest* request,
                          ucontrol::v1::Machine* response) override;
  grpc::Status ListMachines(grpc::ServerContext* context,
                            const ucontrol::v1::ListMachinesRequest* request,
                            ucontrol::v1::ListMachinesResponse* response) override;
  grpc::Status UpdateMachine(grpc::ServerContext* context,
                             const ucontrol::v1::UpdateMachineRequest* request,
                             ucontrol::v1::Machine* response) override;
  grpc::Status DeleteMachine(grpc::ServerContext* context,
                             const ucontrol::v1::DeleteMachineRequest* request,
                             google::protobuf::Empty* response) override;
  grpc::Status StartMachine(grpc::ServerContext* context,
                            const ucontrol::v1::StartMachineRequest* request,
                            ucontrol::v1::Machine* response) override;
  grpc::Status PauseMachine(grpc::ServerContext* context,
                            const ucontrol::v1::PauseMachineRequest* request,
                            ucontrol::v1::Machine* response) override;
  grpc::Status ResumeMachine(grpc::ServerContext* context,
                             const ucontrol::v1::ResumeMachineRequest* request,
                             ucontrol::v1::Machine* response) override;
  grpc::Status StopMachine(grpc::ServerContext* context,
                           const ucontrol::v1::StopMachineRequest* request,
                           google::longrunning::Operation* response) override;
  grpc::Status ResetMachine(grpc::ServerContext* context,
                            const ucontrol::v1::ResetMachineRequest* request,
                            ucontrol::v1::Machine* response) override;

 private:
  Gate& gate_;
  Registry& registry_;
  Fleet& fleet_;
};

}  // namespace services

#endif  // SERVICES_MACHINES_SERVICE_H_
