#include "services/consoles_service.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/failure.h"
#include "services/keyboard.h"
#include "services/page.h"
#include "services/resource_name.h"
#include "services/visible.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;

constexpr size_t kLargestPiece = 64 * 1024;
constexpr absl::Duration kGlance = absl::Milliseconds(200);

v1::Console Describe(const std::string& machine, const ConsoleLog& log) {
  v1::Console console;
  console.set_name(ConsoleName(machine));
  console.set_begin_offset(log.begin_offset());
  console.set_end_offset(log.end_offset());
  console.set_readers(log.readers());
  console.set_writer(log.writer());
  return console;
}

}  // namespace

grpc::Status ConsolesService::GetConsole(grpc::ServerContext* context,
                                         const v1::GetConsoleRequest* request,
                                         v1::Console* response) {
  return gate_.Read<v1::Console>(
      context, "Consoles.GetConsole", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::Console> {
        const absl::StatusOr<std::string> machine = ParseConsoleName("name", request->name());
        if (!machine.ok()) return machine.status();
        const auto found = FindVisible<v1::Machine>(registry_, caller, *machine);
        if (!found.ok()) return found.status();
        return Describe(*machine, *logs_.Find(*machine));
      });
}

grpc::Status ConsolesService::ListConsoles(grpc::ServerContext* context,
                                           const v1::ListConsolesRequest* request,
                                           v1::ListConsolesResponse* response) {
  return gate_.Read<v1::ListConsolesResponse>(
      context, "Consoles.ListConsoles", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::ListConsolesResponse> {
        absl::Status named = CheckMachineName("parent", request->parent());
        if (!named.ok()) return named;
        const auto start =
            PageStart::Parse(request->page_size(), request->page_token(), request->parent());
        if (!start.ok()) return start.status();
        const auto found = FindVisible<v1::Machine>(registry_, caller, request->parent());
        if (!found.ok()) return found.status();
        v1::ListConsolesResponse listed;
        *listed.add_consoles() = Describe(request->parent(), *logs_.Find(request->parent()));
        return listed;
      });
}

absl::Status ConsolesService::Attach(const Caller& caller, const v1::AttachConsoleRequest& first,
                                     Stream& stream) {
  const absl::StatusOr<std::string> machine = ParseConsoleName("name", first.name());
  if (!machine.ok()) return machine.status();
  const auto found = FindChangeable<v1::Machine>(registry_, caller, *machine);
  if (!found.ok()) return found.status();
  const std::shared_ptr<ConsoleLog> log = logs_.Find(*machine);
  const uint64_t reader = log->AddReader();
  const auto leave = [reader](ConsoleLog* read) { read->RemoveReader(reader); };
  const std::unique_ptr<ConsoleLog, decltype(leave)> reading(log.get(), leave);
  if (!first.read_only() && !log->BecomeWriter(reader, caller.principal, first.steal())) {
    return PreconditionNotMet(
        "CONSOLE_HAS_WRITER", first.name(),
        absl::StrCat("is written by ", log->writer(), ": read only, or set steal"));
  }
  // Outlives this call, as the last message may be on its way when it returns.
  const auto keyboard = std::make_shared<Keyboard>(*machine, log, reader);
  keyboard->Press(first);
  stream.Listen(
      [keyboard](const v1::AttachConsoleRequest& request) { return keyboard->Press(request); });
  const Typist typist(
      *keyboard, host_, [&stream] { stream.Resume(); }, first.follow());

  int64_t next = log->end_offset();
  const int64_t last = first.until_end() ? next : INT64_MAX;
  if (first.has_offset()) {
    next = first.offset() >= 0 ? first.offset() : std::max<int64_t>(0, next + first.offset());
  }
  std::optional<bool> writer;
  while (!stream.cancelled()) {
    if (draining_) return absl::UnavailableError("the daemon ends");
    const ConsoleLog::Piece piece =
        log->Read(reader, next, writer.value_or(!log->IsWriter(reader)), first.follow(),
                  kLargestPiece, first.until_end() ? absl::ZeroDuration() : kGlance);
    if (absl::Status status = keyboard->status(); !status.ok()) return status;
    v1::AttachConsoleResponse response;
    response.set_offset(piece.offset);
    response.set_output(piece.output);
    if (writer != piece.writer) response.set_writer(piece.writer);
    if (!piece.output.empty() || response.has_writer()) {
      if (!stream.Write(std::move(response))) break;
    }
    writer = piece.writer;
    next = piece.offset + static_cast<int64_t>(piece.output.size());
    if (piece.deleted || piece.ended || next >= last) return absl::OkStatus();
  }
  return absl::CancelledError("the client went away");
}

grpc::ServerBidiReactor<v1::AttachConsoleRequest, v1::AttachConsoleResponse>*
ConsolesService::AttachConsole(grpc::CallbackServerContext* context) {
  return new Stream([this, context](Stream& stream) {
    std::string audited;
    return gate_.Stream(
        context, "Consoles.AttachConsole", v1::ROLE_OPERATOR,
        [&](const Caller& caller) -> absl::Status {
          v1::AttachConsoleRequest first;
          if (!stream.First(&first, kFirstMessage)) return NoFirstMessage();
          audited = first.name();
          return Attach(caller, first, stream);
        },
        &audited);
  });
}

}  // namespace services
