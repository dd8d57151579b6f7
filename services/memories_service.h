// The service Memories.
#ifndef SERVICES_MEMORIES_SERVICE_H_
#define SERVICES_MEMORIES_SERVICE_H_

#include "services/gate.h"
#include "services/memory_store.h"
#include "ucontrol/v1/memory.grpc.pb.h"

namespace services {

class MemoriesService final : public ucontrol::v1::Memories::Service {
 public:
  MemoriesService(Gate& gate, Registry& registry, MemoryStore& store)
      : gate_(gate), registry_(registry), store_(store) {}

  grpc::Status CreateMemory(grpc::ServerContext* context,
                            const ucontrol::v1::CreateMemoryRequest* request,
                            ucontrol::v1::Memory* response) override;
  grpc::Status GetMemory(grpc::ServerContext* context,
                         const ucontrol::v1::GetMemoryRequest* request,
                         ucontrol::v1::Memory* response) override;
  grpc::Status ListMemories(grpc::ServerContext* context,
                            const ucontrol::v1::ListMemoriesRequest* request,
                            ucontrol::v1::ListMemoriesResponse* response) override;
  grpc::Status UpdateMemory(grpc::ServerContext* context,
                            const ucontrol::v1::UpdateMemoryRequest* request,
                            ucontrol::v1::Memory* response) override;
  grpc::Status DeleteMemory(grpc::ServerContext* context,
                            const ucontrol::v1::DeleteMemoryRequest* request,
                            google::protobuf::Empty* response) override;
  grpc::Status ReadMemory(grpc::ServerContext* context,
                          const ucontrol::v1::ReadMemoryRequest* request,
                          grpc::ServerWriter<ucontrol::v1::ReadMemoryResponse>* writer) override;
  grpc::Status WriteMemory(grpc::ServerContext* context,
                           grpc::ServerReader<ucontrol::v1::WriteMemoryRequest>* reader,
                           ucontrol::v1::WriteMemoryResponse* response) override;

 private:
  Gate& gate_;
  Registry& registry_;
  MemoryStore& store_;
};

}  // namespace services

#endif  // SERVICES_MEMORIES_SERVICE_H_
