// The service Events.
#ifndef SERVICES_EVENTS_SERVICE_H_
#define SERVICES_EVENTS_SERVICE_H_

#include "services/gate.h"
#include "ucontrol/v1/event.grpc.pb.h"

namespace services {

class EventsService final : public ucontrol::v1::Events::Service {
 public:
  EventsService(Gate& gate, EventHistory& history, const std::atomic<bool>& draining)
      : gate_(gate), history_(history), draining_(draining) {}

  grpc::Status WatchEvents(grpc::ServerContext* context,
                           const ucontrol::v1::WatchEventsRequest* request,
                           grpc::ServerWriter<ucontrol::v1::WatchEventsResponse>* writer) override;
  grpc::Status ListEvents(grpc::ServerContext* context,
                          const ucontrol::v1::ListEventsRequest* request,
                          ucontrol::v1::ListEventsResponse* response) override;

 private:
  absl::Status Watch(grpc::ServerContext& context, const Caller& caller,
                     const ucontrol::v1::WatchEventsRequest& request,
                     grpc::ServerWriter<ucontrol::v1::WatchEventsResponse>& writer);

  Gate& gate_;
  EventHistory& history_;
  const std::atomic<bool>& draining_;
};

}  // namespace services

#endif  // SERVICES_EVENTS_SERVICE_H_
