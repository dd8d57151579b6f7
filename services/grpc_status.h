// What an error looks like on the wire.
#ifndef SERVICES_GRPC_STATUS_H_
#define SERVICES_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace services {

// The same code; the message as UTF-8 and not too long for a trailer; every payload that is a
// google.rpc detail; an ErrorInfo in any case.
google::rpc::Status ToRpcStatus(const absl::Status& status);

grpc::Status ToGrpc(const absl::Status& status);

}  // namespace services

#endif  // SERVICES_GRPC_STATUS_H_
