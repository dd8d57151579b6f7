// The service AddressSpaces.
#ifndef SERVICES_ADDRESS_SPACES_SERVICE_H_
#define SERVICES_ADDRESS_SPACES_SERVICE_H_

#include "services/gate.h"
#include "services/machine_host.h"
#include "services/memory_store.h"
#include "ucontrol/v1/address_space.grpc.pb.h"

namespace services {

class AddressSpacesService final : public ucontrol::v1::AddressSpaces::Service {
 public:
  AddressSpacesService(Gate& gate, Registry& registry, MachineHost& host, const MemoryStore& store)
      : gate_(gate), registry_(registry), host_(host), store_(store) {}

  grpc::Status MapSegments(grpc::ServerContext* context,
                           const ucontrol::v1::MapSegmentsRequest* request,
                           ucontrol::v1::MapSegmentsResponse* response) override;
  grpc::Status UnmapSegments(grpc::ServerContext* context,
                             const ucontrol::v1::UnmapSegmentsRequest* request,
                             google::protobuf::Empty* response) override;
  grpc::Status FaultIn(grpc::ServerContext* context, const ucontrol::v1::FaultInRequest* request,
                       google::protobuf::Empty* response) override;
  grpc::Status ListMappings(grpc::ServerContext* context,
                            const ucontrol::v1::ListMappingsRequest* request,
                            ucontrol::v1::ListMappingsResponse* response) override;

 private:
  Gate& gate_;
  Registry& registry_;
  MachineHost& host_;
  const MemoryStore& store_;
};

}  // namespace services

#endif  // SERVICES_ADDRESS_SPACES_SERVICE_H_
