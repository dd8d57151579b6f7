#include "services/interrupts_service.h"

#include <string>

#include "services/resource_name.h"
#include "services/visible.h"
#include "services/wire.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
using google::protobuf::Empty;
using grpc::ServerContext;
using Kind = v1::Interrupt::KindCase;

// What KVM lets float, and what it wants to be local.
bool MayFloat(Kind kind) {
  return kind == Kind::kMachineCheck || kind == Kind::kService || kind == Kind::kVirtio ||
         kind == Kind::kIo || kind == Kind::kPageFaultDone;
}
bool MayBeLocal(Kind kind) {
  return kind == Kind::kMachineCheck || !MayFloat(kind);
}

absl::Status CheckTarget(const Target& target, const v1::Interrupt& interrupt) {
  const Kind kind = interrupt.kind_case();
  if (kind == Kind::KIND_NOT_SET) return InvalidField("interrupt", "names no interruption");
  if (target.cpu_address ? MayBeLocal(kind) : MayFloat(kind)) return absl::OkStatus();
  return InvalidField("interrupt",
                      target.cpu_address
                          ? "can't be local: a machine, not a vCPU, takes this kind"
                          : "can't be floating: a vCPU, not a machine, takes this kind",
                      "INTERRUPT_NOT_VALID_FOR_TARGET");
}

absl::StatusOr<Target> FindTarget(const Registry& registry, const Caller& caller,
                                  const std::string& name) {
  absl::StatusOr<Target> target = ParseTarget("target", name);
  if (!target.ok()) return target;
  const auto machine = FindChangeable<v1::Machine>(registry, caller, target->machine);
  if (!machine.ok()) return machine.status();
  return target;
}

}  // namespace

grpc::Status InterruptsService::InjectInterrupt(ServerContext* context,
                                                const v1::InjectInterruptRequest* request,
                                                Empty* response) {
  return gate_.Mutate<v1::InjectInterruptRequest, Empty>(
      context, "Interrupts.InjectInterrupt", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<Empty> {
        const absl::StatusOr<Target> target = FindTarget(registry_, caller, request->target());
        if (!target.ok()) return target.status();
        absl::Status status = CheckTarget(*target, request->interrupt());
        if (!status.ok()) return status;
        const auto irq = FromWire("interrupt", request->interrupt());
        if (!irq.ok()) return irq.status();
        status = host_.Inject(target->machine, target->cpu_address, *irq);
        if (!status.ok()) return status;
        return Empty();
      });
}

grpc::Status InterruptsService::ListPendingInterrupts(
    ServerContext* context, const v1::ListPendingInterruptsRequest* request,
    v1::ListPendingInterruptsResponse* response) {
  return gate_.Read<v1::ListPendingInterruptsResponse>(
      context, "Interrupts.ListPendingInterrupts", v1::ROLE_OPERATOR, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::ListPendingInterruptsResponse> {
        const absl::StatusOr<Target> target = FindTarget(registry_, caller, request->target());
        if (!target.ok()) return target.status();
        const auto pending = host_.Pending(target->machine, target->cpu_address);
        if (!pending.ok()) return pending.status();
        v1::ListPendingInterruptsResponse listed;
        for (const hypervisor::uapi::Irq& irq : *pending) *listed.add_interrupts() = ToWire(irq);
        return listed;
      });
}

grpc::Status InterruptsService::ClearPendingInterrupts(
    ServerContext* context, const v1::ClearPendingInterruptsRequest* request,
    v1::ClearPendingInterruptsResponse* response) {
  return gate_.Mutate<v1::ClearPendingInterruptsRequest, v1::ClearPendingInterruptsResponse>(
      context, "Interrupts.ClearPendingInterrupts", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::ClearPendingInterruptsResponse> {
        const absl::StatusOr<Target> target = FindTarget(registry_, caller, request->target());
        if (!target.ok()) return target.status();
        const auto cleared = host_.ClearPending(target->machine, target->cpu_address);
        if (!cleared.ok()) return cleared.status();
        v1::ClearPendingInterruptsResponse listed;
        for (const hypervisor::uapi::Irq& irq : *cleared) *listed.add_interrupts() = ToWire(irq);
        return listed;
      });
}

}  // namespace services
