// The service Consoles.
#ifndef SERVICES_CONSOLES_SERVICE_H_
#define SERVICES_CONSOLES_SERVICE_H_

#include <atomic>
#include <string>

#include "services/console_log.h"
#include "services/conversation.h"
#include "services/gate.h"
#include "services/machine_host.h"
#include "ucontrol/v1/console.grpc.pb.h"

namespace services {

class ConsolesService final : public ucontrol::v1::Consoles::WithCallbackMethod_AttachConsole<
                                  ucontrol::v1::Consoles::Service> {
 public:
  using Stream =
      Conversation<ucontrol::v1::AttachConsoleRequest, ucontrol::v1::AttachConsoleResponse>;

  ConsolesService(Gate& gate, Registry& registry, MachineHost& host, ConsoleLogs& logs,
                  const std::atomic<bool>& draining)
      : gate_(gate), registry_(registry), host_(host), logs_(logs), draining_(draining) {}

  grpc::Status GetConsole(grpc::ServerContext* context,
                          const ucontrol::v1::GetConsoleRequest* request,
                          ucontrol::v1::Console* response) override;
  grpc::Status ListConsoles(grpc::ServerContext* context,
                            const ucontrol::v1::ListConsolesRequest* request,
                            ucontrol::v1::ListConsolesResponse* response) override;
  grpc::ServerBidiReactor<ucontrol::v1::AttachConsoleRequest, ucontrol::v1::AttachConsoleResponse>*
  AttachConsole(grpc::CallbackServerContext* context) override;

 private:
  absl::Status Attach(const Caller& caller, const ucontrol::v1::AttachConsoleRequest& first,
                      Stream& stream);

  Gate& gate_;
  Registry& registry_;
  MachineHost& host_;
  ConsoleLogs& logs_;
  const std::atomic<bool>& draining_;
};

}  // namespace services

#endif  // SERVICES_CONSOLES_SERVICE_H_
