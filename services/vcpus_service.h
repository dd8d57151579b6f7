// The service Vcpus, but for its stream: client_monitor.h has Run.
#ifndef SERVICES_VCPUS_SERVICE_H_
#define SERVICES_VCPUS_SERVICE_H_

#include <atomic>

#include "services/fleet.h"
#include "services/gate.h"
#include "services/machine_host.h"
#include "services/memory_store.h"
#include "services/resource_name.h"
#include "ucontrol/v1/vcpu.grpc.pb.h"

namespace services {

class VcpusService final
    : public ucontrol::v1::Vcpus::WithCallbackMethod_Run<ucontrol::v1::Vcpus::Service> {
 public:
  VcpusService(Gate& gate, Registry& registry, MachineHost& host, const MemoryStore& store,
               const Fleet& fleet, const std::atomic<bool>& draining)
      : gate_(gate),
        registry_(registry),
        host_(host),
        store_(store),
        fleet_(fleet),
        draining_(draining) {}

  grpc::Status CreateVcpu(grpc::ServerContext* context,
                          const ucontrol::v1::CreateVcpuRequest* request,
                          ucontrol::v1::Vcpu* response) override;
  grpc::Status GetVcpu(grpc::ServerContext* context, const ucontrol::v1::GetVcpuRequest* request,
                       ucontrol::v1::Vcpu* response) override;
  grpc::Status ListVcpus(grpc::ServerContext* context,
                         const ucontrol::v1::ListVcpusRequest* request,
                         ucontrol::v1::ListVcpusResponse* response) override;
  grpc::Status GetRegisters(grpc::ServerContext* context,
                            const ucontrol::v1::GetRegistersRequest* request,
                            ucontrol::v1::Registers* response) override;
  grpc::Status UpdateRegisters(grpc::ServerContext* context,
                               const ucontrol::v1::UpdateRegistersRequest* request,
                               ucontrol::v1::Registers* response) override;
  grpc::Status GetSieBlock(grpc::ServerContext* context,
                           const ucontrol::v1::GetSieBlockRequest* request,
                           ucontrol::v1::SieBlock* response) override;
  grpc::Status SetInitialPsw(grpc::ServerContext* context,
                             const ucontrol::v1::SetInitialPswRequest* request,
                             ucontrol::v1::Vcpu* response) override;
  grpc::Status ResetVcpu(grpc::ServerContext* context,
                         const ucontrol::v1::ResetVcpuRequest* request,
                         ucontrol::v1::Vcpu* response) override;
  grpc::Status StartVcpu(grpc::ServerContext* context,
                         const ucontrol::v1::StartVcpuRequest* request,
                         ucontrol::v1::Vcpu* response) override;
  grpc::Status StopVcpu(grpc::ServerContext* context, const ucontrol::v1::StopVcpuRequest* request,
                        ucontrol::v1::Vcpu* response) override;
  grpc::Status StoreStatus(grpc::ServerContext* context,
                           const ucontrol::v1::StoreStatusRequest* request,
                           ucontrol::v1::StoreStatusResponse* response) override;
  grpc::ServerBidiReactor<ucontrol::v1::RunRequest, ucontrol::v1::RunResponse>* Run(
      grpc::CallbackServerContext* context) override;

 private:
  // The vCPU of a machine that the caller may change.
  absl::StatusOr<VcpuName> Find(const Caller& caller, absl::string_view field,
                                const std::string& name) const;

  absl::StatusOr<ucontrol::v1::Vcpu> Report(const VcpuName& name) const;

  // Answers a call that changes one vCPU with what the vCPU is then.
  template <typename Request>
  grpc::Status Change(grpc::ServerContext* context, const char* method, const Request& request,
                      ucontrol::v1::Vcpu* response,
                      absl::FunctionRef<absl::Status(const VcpuName&)> act);

  Gate& gate_;
  Registry& registry_;
  MachineHost& host_;
  const MemoryStore& store_;
  const Fleet& fleet_;
  const std::atomic<bool>& draining_;
};

}  // namespace services

#endif  // SERVICES_VCPUS_SERVICE_H_
