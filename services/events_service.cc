#include "services/events_service.h"

#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/failure.h"
#include "services/filter.h"
#include "services/page.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;

constexpr size_t kBatch = 100;
constexpr absl::Duration kGlance = absl::Milliseconds(200);  // how soon a lost client is noticed
constexpr absl::Duration kHeartbeat = absl::Seconds(30);

// Whose event it is.
bool MaySee(const Caller& caller, const v1::Event& event) {
  switch (event.state_case()) {
    case v1::Event::kMachine:
      return caller.MaySee(event.machine().owner());
    case v1::Event::kMemory:
      return caller.MaySee(event.memory().owner());
    case v1::Event::STATE_NOT_SET:
      return caller.role == v1::ROLE_VIEWER || caller.role == v1::ROLE_ADMIN;
  }
  return false;
}

}  // namespace

absl::Status EventsService::Watch(grpc::ServerContext& context, const Caller& caller,
                                  const v1::WatchEventsRequest& request,
                                  grpc::ServerWriter<v1::WatchEventsResponse>& writer) {
  const absl::StatusOr<Filter> filter = ParseFilter(*v1::Event::descriptor(), request.filter());
  if (!filter.ok()) return filter.status();
  if (request.start_revision() < 0) return InvalidField("start_revision", "is negative");
  int64_t next =
      request.start_revision() == 0 ? history_.next_revision() : request.start_revision();
  if (next > history_.next_revision()) {
    return FieldOutOfRange("REVISION_IN_FUTURE", "start_revision",
                           "is behind the next event's: was the registry replaced?");
  }
  absl::StatusOr<std::vector<EventHistory::EventPtr>> events =
      history_.Read(next, 0, absl::ZeroDuration());
  if (!events.ok()) return events.status();
  v1::WatchEventsResponse reached;
  reached.set_revision(next - 1);
  if (!writer.Write(reached)) return absl::CancelledError("the client went away");
  absl::Time told = absl::Now();
  while (!context.IsCancelled()) {
    if (draining_) return absl::UnavailableError("the daemon ends; watch again from here");
    events = history_.Read(next, kBatch, kGlance);
    if (!events.ok()) return events.status();
    bool wrote_last = false;
    for (const auto& event : *events) {
      next = event->revision() + 1;
      wrote_last = MaySee(caller, *event) && (*filter)(*event);
      if (!wrote_last) continue;
      v1::WatchEventsResponse response;
      *response.mutable_event() = *event;
      response.set_revision(event->revision());
      if (!writer.Write(response)) return absl::CancelledError("the client went away");
      told = absl::Now();
    }
    if (!wrote_last && absl::Now() - told > kHeartbeat) {
      reached.set_revision(next - 1);
      if (!writer.Write(reached)) return absl::CancelledError("the client went away");
      told = absl::Now();
    }
  }
  return absl::CancelledError("the client went away");
}

grpc::Status EventsService::WatchEvents(grpc::ServerContext* context,
                                        const v1::WatchEventsRequest* request,
                                        grpc::ServerWriter<v1::WatchEventsResponse>* writer) {
  return gate_.Stream(context, "Events.WatchEvents", v1::ROLE_VIEWER, [&](const Caller& caller) {
    return Watch(*context, caller, *request, *writer);
  });
}

grpc::Status EventsService::ListEvents(grpc::ServerContext* context,
                                       const v1::ListEventsRequest* request,
                                       v1::ListEventsResponse* response) {
  return gate_.Read<v1::ListEventsResponse>(
      context, "Events.ListEvents", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::ListEventsResponse> {
        const absl::StatusOr<PageStart> start =
            PageStart::Parse(request->page_size(), request->page_token(), request->filter());
        if (!start.ok()) return start.status();
        const absl::StatusOr<Filter> filter =
            ParseFilter(*v1::Event::descriptor(), request->filter());
        if (!filter.ok()) return filter.status();
        const auto page = PageOf(
            history_.All(), *start,
            [](const auto& event) { return absl::StrFormat("%019d", event->revision()); },
            [&](const auto& event) { return MaySee(caller, *event) && (*filter)(*event); });
        v1::ListEventsResponse listed;
        for (const auto& event : page.items) *listed.add_events() = *event;
        listed.set_next_page_token(page.next_token);
        return listed;
      });
}

}  // namespace services
