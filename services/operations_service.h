// The service google.longrunning.Operations.
#ifndef SERVICES_OPERATIONS_SERVICE_H_
#define SERVICES_OPERATIONS_SERVICE_H_

#include "google/longrunning/operations.grpc.pb.h"
#include "services/gate.h"
#include "services/operations.h"

namespace services {

class OperationsService final : public google::longrunning::Operations::Service {
 public:
  OperationsService(Gate& gate, Registry& registry, Operations& operations)
      : gate_(gate), registry_(registry), operations_(operations) {}

  grpc::Status ListOperations(grpc::ServerContext* context,
                              const google::longrunning::ListOperationsRequest* request,
                              google::longrunning::ListOperationsResponse* response) override;
  grpc::Status GetOperation(grpc::ServerContext* context,
                            const google::longrunning::GetOperationRequest* request,
                            google::longrunning::Operation* response) override;
  grpc::Status DeleteOperation(grpc::ServerContext* context,
                               const google::longrunning::DeleteOperationRequest* request,
                               google::protobuf::Empty* response) override;
  grpc::Status CancelOperation(grpc::ServerContext* context,
                               const google::longrunning::CancelOperationRequest* request,
                               google::protobuf::Empty* response) override;
  grpc::Status WaitOperation(grpc::ServerContext* context,
                             const google::longrunning::WaitOperationRequest* request,
                             google::longrunning::Operation* response) override;

 private:
  using OperationPtr = Registry::Ptr<google::longrunning::Operation>;

  absl::StatusOr<OperationPtr> Find(const Caller& caller, const std::string& name) const;

  Gate& gate_;
  Registry& registry_;
  Operations& operations_;
};

}  // namespace services

#endif  // SERVICES_OPERATIONS_SERVICE_H_
