#include "services/address_spaces_service.h"

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "services/page.h"
#include "services/resource_name.h"
#include "services/visible.h"
#include "services/wire.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
using google::protobuf::Empty;
using grpc::ServerContext;

v1::Mapping MappingOf(const std::string& vcpu, const SegmentRange& range) {
  v1::Mapping mapping;
  mapping.set_name(absl::StrFormat("%s/mappings/0x%x", vcpu, range.vcpu_address));
  mapping.set_vcpu_address(range.vcpu_address);
  mapping.set_length(static_cast<int64_t>(range.length));
  mapping.set_memory(range.memory);
  mapping.set_memory_offset(static_cast<int64_t>(range.memory_offset));
  return mapping;
}

// A machine or a vCPU of it that the caller may change.
absl::StatusOr<Target> FindTarget(const Registry& registry, const Caller& caller,
                                  const std::string& name) {
  absl::StatusOr<Target> target = ParseTarget("target", name);
  if (!target.ok()) return target;
  const auto machine = FindChangeable<v1::Machine>(registry, caller, target->machine);
  if (!machine.ok()) return machine.status();
  return target;
}

}  // namespace

grpc::Status AddressSpacesService::MapSegments(ServerContext* context,
                                               const v1::MapSegmentsRequest* request,
                                               v1::MapSegmentsResponse* response) {
  return gate_.Mutate<v1::MapSegmentsRequest, v1::MapSegmentsResponse>(
      context, "AddressSpaces.MapSegments", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::MapSegmentsResponse> {
        const absl::StatusOr<Target> target = FindTarget(registry_, caller, request->target());
        if (!target.ok()) return target.status();
        const absl::StatusOr<SegmentRange> range = RangeOf("", *request);
        if (!range.ok()) return range.status();
        absl::Status status = store_.CheckMappable(caller, *range);
        if (!status.ok()) return status;
        std::vector<uint16_t> vcpus;
        if (target->cpu_address) {
          vcpus.push_back(*target->cpu_address);
        } else {
          absl::StatusOr<std::vector<uint16_t>> all = host_.Vcpus(target->machine);
          if (!all.ok()) return all.status();
          vcpus = *std::move(all);
        }
        status = host_.Map(target->machine, target->cpu_address, *range);
        if (!status.ok()) return status;
        v1::MapSegmentsResponse made;
        for (const uint16_t vcpu : vcpus) {
          *made.add_mappings() = MappingOf(VcpuName{target->machine, vcpu}.ToString(), *range);
        }
        return made;
      });
}

grpc::Status AddressSpacesService::UnmapSegments(ServerContext* context,
                                                 const v1::UnmapSegmentsRequest* request,
                                                 Empty* response) {
  return gate_.Mutate<v1::UnmapSegmentsRequest, Empty>(
      context, "AddressSpaces.UnmapSegments", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<Empty> {
        const absl::StatusOr<Target> target = FindTarget(registry_, caller, request->target());
        if (!target.ok()) return target.status();
        const absl::StatusOr<SegmentRange> range = RangeOf("", *request);
        if (!range.ok()) return range.status();
        absl::Status status = host_.Unmap(target->machine, target->cpu_address, *range);
        if (!status.ok()) return status;
        return Empty();
      });
}

grpc::Status AddressSpacesService::FaultIn(ServerContext* context,
                                           const v1::FaultInRequest* request, Empty* response) {
  return gate_.Mutate<v1::FaultInRequest, Empty>(
      context, "AddressSpaces.FaultIn", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<Empty> {
        const absl::StatusOr<VcpuName> name = ParseVcpuName("vcpu", request->vcpu());
        if (!name.ok()) return name.status();
        const auto machine = FindChangeable<v1::Machine>(registry_, caller, name->machine);
        if (!machine.ok()) return machine.status();
        absl::Status status =
            host_.FaultIn(name->machine, name->cpu_address, request->vcpu_address());
        if (!status.ok()) return status;
        return Empty();
      });
}

grpc::Status AddressSpacesService::ListMappings(ServerContext* context,
                                                const v1::ListMappingsRequest* request,
                                                v1::ListMappingsResponse* response) {
  return gate_.Read<v1::ListMappingsResponse>(
      context, "AddressSpaces.ListMappings", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::ListMappingsResponse> {
        const absl::StatusOr<VcpuName> name = ParseVcpuName("parent", request->parent());
        if (!name.ok()) return name.status();
        const auto machine = FindVisible<v1::Machine>(registry_, caller, name->machine);
        if (!machine.ok()) return machine.status();
        const auto start =
            PageStart::Parse(request->page_size(), request->page_token(), request->parent());
        if (!start.ok()) return start.status();
        const auto mappings = host_.Mappings(name->machine, name->cpu_address);
        if (!mappings.ok()) return mappings.status();
        const auto page = PageOf(
            *mappings, *start,
            [](const SegmentRange& range) { return absl::StrFormat("%016x", range.vcpu_address); },
            [](const SegmentRange&) { return true; });
        v1::ListMappingsResponse listed;
        for (const SegmentRange& range : page.items) {
          *listed.add_mappings() = MappingOf(request->parent(), range);
        }
        listed.set_next_page_token(page.next_token);
        return listed;
      });
}

}  // namespace services
