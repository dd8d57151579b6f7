#include "services/cli/verbs_daemon.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/cli/output.h"
#include "services/version.h"

namespace services::cli {
namespace {

namespace v1 = ucontrol::v1;

void PrintEvent(const v1::Event& event) {
  const absl::Time time =
      absl::FromUnixSeconds(event.time().seconds()) + absl::Nanoseconds(event.time().nanos());
  std::string line = absl::StrCat(
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()), "  ", event.revision(),
      "  ", WithoutPrefix(v1::Event::Kind_Name(event.kind()), "KIND_"), "  ", event.resource());
  if (event.kind() == v1::Event::KIND_MACHINE_STATE_CHANGED) {
    absl::StrAppend(
        &line, "  ",
        WithoutPrefix(v1::MachineState_Name(event.machine().state()), "MACHINE_STATE_"));
    if (event.machine().has_stop_report()) {
      absl::StrAppend(&line, "  ", Printable(event.machine().stop_report().detail()));
    }
  }
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

absl::StatusOr<int> EventsVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  v1::WatchEventsRequest request;
  const auto from = invocation.arguments().Number("from", 0, 0, INT64_MAX);
  if (!from.ok()) return from.status();
  const auto count = invocation.arguments().Number("count", 0, 0, INT64_MAX);
  if (!count.ok()) return count.status();
  request.set_start_revision(*from);
  request.set_filter(invocation.arguments().Value("filter"));
  if (!invocation.arguments().words().empty()) {
    const auto machine = invocation.Machine();
    if (!machine.ok()) return machine.status();
    request.set_filter(absl::StrCat("resource = \"", *machine, "\"",
                                    request.filter().empty() ? "" : " AND ", request.filter()));
  }
  int64_t seen = 0;
  absl::Status status = (*client)->Watch(request, [&](const v1::WatchEventsResponse& response) {
    if (!response.has_event()) return true;
    if (invocation.format() == Format::kJson) {
      PrintJson(response.event(), /*one_line=*/true);
    } else {
      PrintEvent(response.event());
    }
    return ++seen != *count;
  });
  if (!status.ok()) return status;
  return 0;
}

absl::StatusOr<int> VersionVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto version = (*client)->Call(v1::GetVersionRequest());
  if (invocation.format() == Format::kJson && version.ok()) {
    PrintJson(*version, /*one_line=*/false);
    return 0;
  }
  std::printf("ucctl      %s\n", kVersion);
  if (!version.ok()) return version.status();
  std::printf("ucontrold  %s, engine %s\n", version->version().c_str(), version->engine().c_str());
  std::printf("you are    %s, %s\n", Printable(version->principal()).c_str(),
              WithoutPrefix(v1::Role_Name(version->role()), "ROLE_").c_str());
  return 0;
}

}  // namespace services::cli
