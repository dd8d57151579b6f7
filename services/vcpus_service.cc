#include "services/vcpus_service.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/client_monitor.h"
#include "services/page.h"
#include "services/visible.h"
#include "services/wire.h"

namespace services {

namespace v1 = ucontrol::v1;
using grpc::ServerContext;
using grpc::Status;
using VcpuOr = absl::StatusOr<v1::Vcpu>;

absl::StatusOr<VcpuName> VcpusService::Find(const Caller& caller, absl::string_view field,
                                            const std::string& name) const {
  absl::StatusOr<VcpuName> vcpu = ParseVcpuName(field, name);
  if (!vcpu.ok()) return vcpu;
  const auto machine = FindChangeable<v1::Machine>(registry_, caller, vcpu->machine);
  if (!machine.ok()) return machine.status();
  return vcpu;
}

VcpuOr VcpusService::Report(const VcpuName& name) const {
  const absl::StatusOr<VcpuReport> report = host_.Report(name.machine, name.cpu_address);
  if (!report.ok()) return report.status();
  return ToWire(name.machine, *report);
}

template <typename Request>
Status VcpusService::Change(ServerContext* context, const char* method, const Request& request,
                            v1::Vcpu* response,
                            absl::FunctionRef<absl::Status(const VcpuName&)> act) {
  return gate_.Mutate<Request, v1::Vcpu>(
      context, method, v1::ROLE_OPERATOR, request, response, [&](const Caller& caller) -> VcpuOr {
        const absl::StatusOr<VcpuName> name = Find(caller, "vcpu", request.vcpu());
        if (!name.ok()) return name.status();
        if (absl::Status status = act(*name); !status.ok()) return status;
        return Report(*name);
      });
}

Status VcpusService::CreateVcpu(ServerContext* context, const v1::CreateVcpuRequest* request,
                                v1::Vcpu* response) {
  return gate_.Mutate<v1::CreateVcpuRequest, v1::Vcpu>(
      context, "Vcpus.CreateVcpu", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> VcpuOr {
        absl::Status named = CheckMachineName("parent", request->parent());
        if (!named.ok()) return named;
        const auto machine = FindChangeable<v1::Machine>(registry_, caller, request->parent());
        if (!machine.ok()) return machine.status();
        const auto vcpus = host_.Vcpus(request->parent());
        if (!vcpus.ok()) return vcpus.status();
        const Limits limits = fleet_.limits();
        if (static_cast<int64_t>(vcpus->size()) >= limits.vcpus) {
          return LimitReached("vcpus", limits.vcpus, "one more vCPU");
        }
        std::optional<uint16_t> address;
        if (!request->vcpu_id().empty()) {
          address = ParseCpuAddress(request->vcpu_id());
          if (!address || *address >= limits.vcpus) {
            return InvalidField("vcpu_id",
                                absl::StrCat("isn't a CPU address below ", limits.vcpus));
          }
        } else {
          address = 0;
          while (std::find(vcpus->begin(), vcpus->end(), *address) != vcpus->end()) ++*address;
        }
        absl::Status added = host_.AddVcpu(request->parent(), *address);
        if (!added.ok()) return added;
        return Report({request->parent(), *address});
      });
}

Status VcpusService::GetVcpu(ServerContext* context, const v1::GetVcpuRequest* request,
                             v1::Vcpu* response) {
  return gate_.Read<v1::Vcpu>(
      context, "Vcpus.GetVcpu", v1::ROLE_VIEWER, response, [&](const Caller& caller) -> VcpuOr {
        const absl::StatusOr<VcpuName> name = ParseVcpuName("name", request->name());
        if (!name.ok()) return name.status();
        const auto machine = FindVisible<v1::Machine>(registry_, caller, name->machine);
        if (!machine.ok()) return machine.status();
        return Report(*name);
      });
}

Status VcpusService::ListVcpus(ServerContext* context, const v1::ListVcpusRequest* request,
                               v1::ListVcpusResponse* response) {
  return gate_.Read<v1::ListVcpusResponse>(
      context, "Vcpus.ListVcpus", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::ListVcpusResponse> {
        absl::Status named = CheckMachineName("parent", request->parent());
        if (!named.ok()) return named;
        const auto machine = FindVisible<v1::Machine>(registry_, caller, request->parent());
        if (!machine.ok()) return machine.status();
        const auto start =
            PageStart::Parse(request->page_size(), request->page_token(), request->parent());
        if (!start.ok()) return start.status();
        const auto vcpus = host_.Vcpus(request->parent());
        if (!vcpus.ok()) return vcpus.status();
        const auto page = PageOf(
            *vcpus, *start, [](uint16_t address) { return absl::StrFormat("%05d", address); },
            [](uint16_t) { return true; });
        v1::ListVcpusResponse listed;
        for (const uint16_t address : page.items) {
          VcpuOr vcpu = Report({request->parent(), address});
          if (!vcpu.ok()) return vcpu.status();
          *listed.add_vcpus() = *std::move(vcpu);
        }
        listed.set_next_page_token(page.next_token);
        return listed;
      });
}

Status VcpusService::GetRegisters(ServerContext* context, const v1::GetRegistersRequest* request,
                                  v1::Registers* response) {
  return gate_.Read<v1::Registers>(
      context, "Vcpus.GetRegisters", v1::ROLE_OPERATOR, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::Registers> {
        const absl::StatusOr<VcpuName> name = Find(caller, "vcpu", request->vcpu());
        if (!name.ok()) return name.status();
        const auto registers = host_.Registers(name->machine, name->cpu_address);
        if (!registers.ok()) return registers.status();
        return ToWire(*registers, request->read_mask());
      });
}

Status VcpusService::UpdateRegisters(ServerContext* context,
                                     const v1::UpdateRegistersRequest* request,
                                     v1::Registers* response) {
  return gate_.Mutate<v1::UpdateRegistersRequest, v1::Registers>(
      context, "Vcpus.UpdateRegisters", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::Registers> {
        const absl::StatusOr<VcpuName> name = Find(caller, "vcpu", request->vcpu());
        if (!name.ok()) return name.status();
        const auto wanted = FromWire("registers", request->registers());
        if (!wanted.ok()) return wanted.status();
        absl::Status set = host_.SetRegisters(name->machine, name->cpu_address, *wanted);
        if (!set.ok()) return set;
        const auto registers = host_.Registers(name->machine, name->cpu_address);
        if (!registers.ok()) return registers.status();
        return ToWire(*registers, {});
      });
}

Status VcpusService::GetSieBlock(ServerContext* context, const v1::GetSieBlockRequest* request,
                                 v1::SieBlock* response) {
  return gate_.Read<v1::SieBlock>(
      context, "Vcpus.GetSieBlock", v1::ROLE_OPERATOR, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::SieBlock> {
        const absl::StatusOr<VcpuName> name = Find(caller, "vcpu", request->vcpu());
        if (!name.ok()) return name.status();
        const auto block = host_.SieBlock(name->machine, name->cpu_address);
        if (!block.ok()) return block.status();
        return ToWire(*block);
      });
}

Status VcpusService::SetInitialPsw(ServerContext* context, const v1::SetInitialPswRequest* request,
                                   v1::Vcpu* response) {
  return Change(context, "Vcpus.SetInitialPsw", *request, response, [&](const VcpuName& name) {
    return host_.SetInitialPsw(name.machine, name.cpu_address, FromWire(request->psw()));
  });
}

Status VcpusService::ResetVcpu(ServerContext* context, const v1::ResetVcpuRequest* request,
                               v1::Vcpu* response) {
  return Change(context, "Vcpus.ResetVcpu", *request, response,
                [&](const VcpuName& name) -> absl::Status {
                  CpuReset reset = CpuReset::kInitial;
                  switch (request->kind()) {
                    case v1::ResetVcpuRequest::KIND_UNSPECIFIED:
                    case v1::ResetVcpuRequest::KIND_INITIAL:
                      break;
                    case v1::ResetVcpuRequest::KIND_NORMAL:
                      reset = CpuReset::kNormal;
                      break;
                    case v1::ResetVcpuRequest::KIND_CLEAR:
                      reset = CpuReset::kClear;
                      break;
                    default:
                      return InvalidField("kind", absl::StrCat(request->kind(), " is no reset"));
                  }
                  return host_.ResetVcpu(name.machine, name.cpu_address, reset);
                });
}

Status VcpusService::StartVcpu(ServerContext* context, const v1::StartVcpuRequest* request,
                               v1::Vcpu* response) {
  return Change(context, "Vcpus.StartVcpu", *request, response, [&](const VcpuName& name) {
    return host_.StartVcpu(name.machine, name.cpu_address);
  });
}

Status VcpusService::StopVcpu(ServerContext* context, const v1::StopVcpuRequest* request,
                              v1::Vcpu* response) {
  return Change(context, "Vcpus.StopVcpu", *request, response, [&](const VcpuName& name) {
    return host_.StopVcpu(name.machine, name.cpu_address);
  });
}

Status VcpusService::StoreStatus(ServerContext* context, const v1::StoreStatusRequest* request,
                                 v1::StoreStatusResponse* response) {
  return gate_.Mutate<v1::StoreStatusRequest, v1::StoreStatusResponse>(
      context, "Vcpus.StoreStatus", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::StoreStatusResponse> {
        const absl::StatusOr<VcpuName> name = Find(caller, "vcpu", request->vcpu());
        if (!name.ok()) return name.status();
        StatusLocation location;
        if (request->location_case() == v1::StoreStatusRequest::kAddress) {
          location = {StatusLocation::Kind::kAddress, request->address()};
          if (location.address % 512 != 0) {
            return InvalidField("address",
                                absl::StrFormat("0x%x isn't a multiple of 512", location.address));
          }
        } else if (request->location_case() == v1::StoreStatusRequest::kPrefixed) {
          location.kind = StatusLocation::Kind::kPrefixed;
        }
        absl::Status stored = host_.StoreStatus(name->machine, name->cpu_address, location);
        if (!stored.ok()) return stored;
        return v1::StoreStatusResponse();
      });
}

grpc::ServerBidiReactor<v1::RunRequest, v1::RunResponse>* VcpusService::Run(
    grpc::CallbackServerContext* context) {
  return new ClientMonitor::Stream([this, context](ClientMonitor::Stream& stream) {
    std::string audited;
    return gate_.Stream(
        context, "Vcpus.Run", v1::ROLE_OPERATOR,
        [&](const Caller& caller) -> absl::Status {
          v1::RunRequest first;
          if (!stream.First(&first, kFirstMessage)) return NoFirstMessage();
          audited = first.vcpu();
          const absl::StatusOr<VcpuName> name = Find(caller, "vcpu", first.vcpu());
          if (!name.ok()) return name.status();
          auto run = host_.OpenRun(name->machine, name->cpu_address);
          if (!run.ok()) return run.status();
          return ClientMonitor(caller, store_, *std::move(run), draining_).Serve(first, stream);
        },
        &audited);
  });
}

}  // namespace services
