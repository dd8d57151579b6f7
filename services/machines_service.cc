#include "services/machines_service.h"

#include "services/list.h"
#include "services/resource_name.h"
#include "services/visible.h"

namespace services {

namespace v1 = ucontrol::v1;
using google::protobuf::Empty;
using grpc::ServerContext;
using grpc::Status;
using MachineOr = absl::StatusOr<v1::Machine>;

Status MachinesService::CreateMachine(ServerContext* context,
                                      const v1::CreateMachineRequest* request,
                                      v1::Machine* response) {
  return gate_.Mutate<v1::CreateMachineRequest, v1::Machine>(
      context, "Machines.CreateMachine", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) { return fleet_.Create(caller, *request); });
}

Status MachinesService::GetMachine(ServerContext* context, const v1::GetMachineRequest* request,
                                   v1::Machine* response) {
  return gate_.Read<v1::Machine>(context, "Machines.GetMachine", v1::ROLE_VIEWER, response,
                                 [&](const Caller& caller) -> MachineOr {
                                   absl::Status named = CheckMachineName("name", request->name());
                                   if (!named.ok()) return named;
                                   const auto machine =
                                       FindVisible<v1::Machine>(registry_, caller, request->name());
                                   if (!machine.ok()) return machine.status();
                                   return **machine;
                                 });
}

Status MachinesService::ListMachines(ServerContext* context, const v1::ListMachinesRequest* request,
                                     v1::ListMachinesResponse* response) {
  return gate_.Read<v1::ListMachinesResponse>(
      context, "Machines.ListMachines", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::ListMachinesResponse> {
        const auto page = ListVisible<v1::Machine>(registry_, caller, *request);
        if (!page.ok()) return page.status();
        v1::ListMachinesResponse listed;
        for (const auto& machine : page->items) *listed.add_machines() = *machine;
        listed.set_next_page_token(page->next_token);
        return listed;
      });
}

Status MachinesService::UpdateMachine(ServerContext* context,
                                      const v1::UpdateMachineRequest* request,
                                      v1::Machine* response) {
  return gate_.Mutate<v1::UpdateMachineRequest, v1::Machine>(
      context, "Machines.UpdateMachine", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) { return fleet_.Update(caller, *request); });
}

Status MachinesService::DeleteMachine(ServerContext* context,
                                      const v1::DeleteMachineRequest* request, Empty* response) {
  return gate_.Mutate<v1::DeleteMachineRequest, Empty>(
      context, "Machines.DeleteMachine", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<Empty> {
        absl::Status status = CheckMachineName("name", request->name());
        if (status.ok()) status = fleet_.Delete(caller, *request);
        if (!status.ok()) return status;
        return Empty();
      });
}

Status MachinesService::StartMachine(ServerContext* context, const v1::StartMachineRequest* request,
                                     v1::Machine* response) {
  return gate_.Mutate<v1::StartMachineRequest, v1::Machine>(
      context, "Machines.StartMachine", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> MachineOr {
        absl::Status named = CheckMachineName("name", request->name());
        if (!named.ok()) return named;
        return fleet_.Start(caller, *request);
      });
}

Status MachinesService::PauseMachine(ServerContext* context, const v1::PauseMachineRequest* request,
                                     v1::Machine* response) {
  return gate_.Mutate<v1::PauseMachineRequest, v1::Machine>(
      context, "Machines.PauseMachine", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> MachineOr {
        absl::Status named = CheckMachineName("name", request->name());
        if (!named.ok()) return named;
        return fleet_.Pause(caller, *request);
      });
}

Status MachinesService::ResumeMachine(ServerContext* context,
                                      const v1::ResumeMachineRequest* request,
                                      v1::Machine* response) {
  return gate_.Mutate<v1::ResumeMachineRequest, v1::Machine>(
      context, "Machines.ResumeMachine", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> MachineOr {
        absl::Status named = CheckMachineName("name", request->name());
        if (!named.ok()) return named;
        return fleet_.Resume(caller, *request);
      });
}

Status MachinesService::StopMachine(ServerContext* context, const v1::StopMachineRequest* request,
                                    google::longrunning::Operation* response) {
  using google::longrunning::Operation;
  return gate_.Mutate<v1::StopMachineRequest, Operation>(
      context, "Machines.StopMachine", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<Operation> {
        absl::Status named = CheckMachineName("name", request->name());
        if (!named.ok()) return named;
        return fleet_.Stop(caller, *request);
      });
}

Status MachinesService::ResetMachine(ServerContext* context, const v1::ResetMachineRequest* request,
                                     v1::Machine* response) {
  return gate_.Mutate<v1::ResetMachineRequest, v1::Machine>(
      context, "Machines.ResetMachine", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> MachineOr {
        absl::Status named = CheckMachineName("name", request->name());
        if (!named.ok()) return named;
        return fleet_.Reset(caller, *request);
      });
}

}  // namespace services
