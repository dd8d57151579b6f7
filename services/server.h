// The gRPC server: its listeners, and what it offers besides our services.
#ifndef SERVICES_SERVER_H_
#define SERVICES_SERVER_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/server.h"
#include "services/configuration.h"
#include "services/limits.h"
#include "services/unix_listener.h"

namespace services {

// What clients may call, under the name that they ask the health service for.
struct OfferedService {
  std::string name;
  grpc::Service* service;
};

class Server {
 public:
  // Serves from now on: every listener, and channelz for the daemon's own user. `services` and
  // `peers` outlive it.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Configuration& configuration,
                                                       const Limits& limits,
                                                       const std::vector<OfferedService>& services,
                                                       UnixPeers& peers);
  ~Server();

  // Health of all services: what load balancers ask.
  void SetServing(bool serving);

  // The port of the first TCP listener; 0 if there is none.
  int port() const { return port_; }

  // Takes no more connections, waits no longer than `patience` for calls to be answered, and ends
  // what there still is.
  void Drain(std::chrono::milliseconds patience, absl::FunctionRef<bool()> idle);

 private:
  Server() = default;

  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::Server> channelz_;
  std::vector<std::unique_ptr<UnixListener>> listeners_;
  int port_ = 0;
};

}  // namespace services

#endif  // SERVICES_SERVER_H_
