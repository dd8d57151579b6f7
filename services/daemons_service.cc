#include "services/daemons_service.h"

#include "services/version.h"

namespace services {

namespace v1 = ucontrol::v1;

grpc::Status DaemonsService::GetVersion(grpc::ServerContext* context, const v1::GetVersionRequest*,
                                        v1::GetVersionResponse* response) {
  return gate_.Read<v1::GetVersionResponse>(
      context, "Daemons.GetVersion", v1::ROLE_UNSPECIFIED, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::GetVersionResponse> {
        const Limits limits = fleet_.limits();
        const auto shown = [](int64_t limit) { return limit == kUnlimited ? 0 : limit; };
        v1::GetVersionResponse version;
        version.set_version(kVersion);
        version.set_engine(host_.engine());
        version.set_principal(caller.principal);
        version.set_role(caller.role);
        version.set_maximum_machines(shown(limits.machines));
        version.set_maximum_memory_bytes(shown(limits.memory_bytes));
        version.set_maximum_machine_memory_bytes(shown(limits.machine_memory_bytes));
        version.set_maximum_vcpus(static_cast<int32_t>(limits.vcpus));
        return version;
      });
}

}  // namespace services
