#include "services/registry.h"

#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/util/time_util.h"
#include "services/failure.h"
#include "services/machine_state.h"

namespace services {
namespace {

using google::protobuf::util::TimeUtil;
using ucontrol::v1::Event;
using ucontrol::v1::StopReport;

constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS resources(name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events(revision INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS requests(
  principal TEXT, id TEXT, method TEXT NOT NULL, digest BLOB NOT NULL, response BLOB NOT NULL,
  time INTEGER NOT NULL, PRIMARY KEY(principal, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS requests_by_time ON requests(time);
)sql";

constexpr int64_t kSchemaVersion = 1;
constexpr absl::Duration kRequestsKept = absl::Hours(48);
constexpr uint64_t kCommitsBetweenTrims = 256;

template <typename Resource>
constexpr bool kIsOperation = std::is_same_v<Resource, google::longrunning::Operation>;

}  // namespace

struct Registry::Commit {
  std::string name;
  std::optional<std::string> body;  // erased if absent
  std::optional<std::string> event;
  int64_t revision = 0;
  const IdentifiedRequest* request = nullptr;
  std::string response;
};

absl::StatusOr<std::unique_ptr<Registry>> Registry::Open(const std::string& path,
                                                         int64_t event_capacity) {
  std::unique_ptr<Registry> registry(new Registry(event_capacity));
  if (absl::Status status = registry->Prepare(path); !status.ok()) return status;
  if (absl::Status status = registry->Load(); !status.ok()) return status;
  if (absl::Status status = registry->SettleAfterRestart(); !status.ok()) return status;
  return registry;
}

absl::Status Registry::Prepare(const std::string& path) {
  absl::StatusOr<std::unique_ptr<Sqlite>> database = Sqlite::Open(path);
  if (!database.ok()) return database.status();
  database_ = *std::move(database);
  if (absl::Status status = database_->Execute(kSchema); !status.ok()) return status;
  absl::StatusOr<Sqlite::Statement> version = database_->Prepare("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (absl::StatusOr<bool> row = version->Step(); !row.ok()) return row.status();
  const int64_t found = version->ColumnInteger(0);
  version->Reset();
  if (found > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("registry: format ", found, " is newer than this daemon's ", kSchemaVersion));
  }
  if (absl::Status status = database_->Execute("PRAGMA user_version=1"); !status.ok()) {
    return status;
  }
  const std::pair<Sqlite::Statement*, const char*> statements[] = {
      {&put_resource_, "INSERT OR REPLACE INTO resources VALUES(?,?)"},
      {&erase_resource_, "DELETE FROM resources WHERE name=?"},
      {&put_event_, "INSERT INTO events VALUES(?,?)"},
      {&trim_events_, "DELETE FROM events WHERE revision<=?"},
      {&put_request_, "INSERT OR REPLACE INTO requests VALUES(?,?,?,?,?,?)"},
      {&find_request_, "SELECT method,digest,response FROM requests WHERE principal=? AND id=?"},
      {&trim_requests_, "DELETE FROM requests WHERE time<?"},
  };
  for (const auto& [statement, sql] : statements) {
    absl::StatusOr<Sqlite::Statement> prepared = database_->Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  return absl::OkStatus();
}

absl::Status Registry::Load() {
  absl::StatusOr<Sqlite::Statement> rows = database_->Prepare("SELECT name,body FROM resources");
  if (!rows.ok()) return rows.status();
  while (true) {
    absl::StatusOr<bool> row = rows->Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    const std::string name = rows->ColumnBytes(0);
    const std::string body = rows->ColumnBytes(1);
    bool parsed = false;
    const auto add = [&]<typename Resource>(Resource*) {
      auto resource = std::make_shared<Resource>();
      parsed = resource->ParseFromString(body);
      std::get<Shelf<Resource>>(shelves_)[name] = std::move(resource);
    };
    if (name.starts_with("machines/")) add(static_cast<Machine*>(nullptr));
    if (name.starts_with("memories/")) add(static_cast<Memory*>(nullptr));
    if (name.starts_with("operations/")) add(static_cast<Operation*>(nullptr));
    if (!parsed) return absl::DataLossError(absl::StrCat("registry: ", name, " can't be read"));
  }
  absl::StatusOr<Sqlite::Statement> events =
      database_->Prepare("SELECT body FROM events ORDER BY revision");
  if (!events.ok()) return events.status();
  while (true) {
    absl::StatusOr<bool> row = events->Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    auto event = std::make_shared<Event>();
    if (!event->ParseFromString(events->ColumnBytes(0))) {
      return absl::DataLossError("registry: an event can't be read");
    }
    events_.Append(std::move(event));
  }
  return absl::OkStatus();
}

absl::Status Registry::SettleAfterRestart() {
  for (const auto& machine : List<Machine>()) {
    if (!IsActive(*machine)) continue;
    const auto changed = Change<Machine>(
        machine->name(), Event::KIND_MACHINE_STATE_CHANGED, {}, [](Machine& stopped) {
          stopped.set_state(ucontrol::v1::MACHINE_STATE_STOPPED);
          *stopped.mutable_stop_time() = TimeUtil::GetCurrentTime();
          StopReport* report = stopped.mutable_stop_report();
          report->Clear();
          report->set_reason(StopReport::REASON_DAEMON_DIED);
          report->set_detail("the daemon ended without turning the machine off");
          report->set_exit_status(1);
          report->set_vcpu(-1);
          return absl::OkStatus();
        });
    if (!changed.ok()) return changed.status();
  }
  for (const auto& memory : List<Memory>()) {
    if (!memory->machine().empty() && !Find<Machine>(memory->machine())) {
      absl::Status erased = Erase<Memory>(memory->name(), Event::KIND_MEMORY_EXPIRED, {});
      if (!erased.ok()) return erased;
      continue;
    }
    if (memory->state() == ucontrol::v1::MEMORY_STATE_LOST) continue;
    const auto changed =
        Change<Memory>(memory->name(), Event::KIND_MEMORY_UPDATED, {}, [](Memory& lost) {
          lost.set_state(ucontrol::v1::MEMORY_STATE_LOST);
          return absl::OkStatus();
        });
    if (!changed.ok()) return changed.status();
  }
  for (const auto& operation : List<Operation>()) {
    if (operation->done()) continue;
    const auto changed =
        Change<Operation>(operation->name(), Event::KIND_UNSPECIFIED, {}, [](Operation& aborted) {
          aborted.set_done(true);
          aborted.mutable_error()->set_code(static_cast<int>(absl::StatusCode::kAborted));
          aborted.mutable_error()->set_message("the daemon ended before the operation did");
          return absl::OkStatus();
        });
    if (!changed.ok()) return changed.status();
  }
  return absl::OkStatus();
}

template <typename Resource>
Registry::Ptr<Resource> Registry::Find(absl::string_view name) const {
  std::lock_guard lock(shelves_mutex_);
  const auto& shelf = std::get<Shelf<Resource>>(shelves_);
  const auto found = shelf.find(std::string_view(name.data(), name.size()));
  return found == shelf.end() ? nullptr : found->second;
}

template <typename Resource>
std::vector<Registry::Ptr<Resource>> Registry::List() const {
  std::lock_guard lock(shelves_mutex_);
  std::vector<Ptr<Resource>> result;
  for (const auto& [name, resource] : std::get<Shelf<Resource>>(shelves_)) {
    result.push_back(resource);
  }
  return result;
}

template <typename Resource>
size_t Registry::Count() const {
  std::lock_guard lock(shelves_mutex_);
  return std::get<Shelf<Resource>>(shelves_).size();
}

template <typename Resource>
absl::StatusOr<Registry::Ptr<Resource>> Registry::Create(Resource resource, Kind kind,
                                                         const Author& author) {
  std::lock_guard lock(writer_);
  const std::string name = resource.name();
  if (Find<Resource>(name)) return ResourceExists(name);
  auto created = std::make_shared<Resource>(std::move(resource));
  if constexpr (!kIsOperation<Resource>) {
    *created->mutable_create_time() = TimeUtil::GetCurrentTime();
    *created->mutable_update_time() = created->create_time();
    created->set_etag(absl::StrCat(events_.next_revision()));
  }
  absl::Status put = Put<Resource>(name, created, created, kind, author, std::nullopt);
  if (!put.ok()) return put;
  return created;
}

template <typename Resource>
absl::StatusOr<Registry::Ptr<Resource>> Registry::Change(
    absl::string_view name, Kind kind, const Author& author,
    absl::FunctionRef<absl::Status(Resource&)> edit,
    const std::optional<ucontrol::v1::Breakpoint>& breakpoint) {
  std::lock_guard lock(writer_);
  const Ptr<Resource> present = Find<Resource>(name);
  if (!present) return NoSuchResource(name);
  auto changed = std::make_shared<Resource>(*present);
  if (absl::Status edited = edit(*changed); !edited.ok()) return edited;
  if constexpr (!kIsOperation<Resource>) {
    *changed->mutable_update_time() = TimeUtil::GetCurrentTime();
    changed->set_etag(absl::StrCat(events_.next_revision()));
  }
  absl::Status put = Put<Resource>(changed->name(), changed, changed, kind, author, breakpoint);
  if (!put.ok()) return put;
  return changed;
}

template <typename Resource>
absl::Status Registry::Erase(absl::string_view name, Kind kind, const Author& author) {
  std::lock_guard lock(writer_);
  const Ptr<Resource> present = Find<Resource>(name);
  if (!present) return NoSuchResource(name);
  return Put<Resource>(present->name(), nullptr, present, kind, author, std::nullopt);
}

template <typename Resource>
absl::Status Registry::Put(const std::string& name, Ptr<Resource> resource, Ptr<Resource> last,
                           Kind kind, const Author& author,
                           const std::optional<ucontrol::v1::Breakpoint>& breakpoint) {
  Commit commit;
  commit.name = name;
  if (resource) commit.body = resource->SerializeAsString();
  std::shared_ptr<Event> event;
  if constexpr (!kIsOperation<Resource>) {
    event = std::make_shared<Event>();
    event->set_revision(events_.next_revision());
    *event->mutable_time() = TimeUtil::GetCurrentTime();
    event->set_kind(kind);
    event->set_resource(name);
    event->set_principal(author.principal);
    if constexpr (std::is_same_v<Resource, Machine>) *event->mutable_machine() = *last;
    if constexpr (std::is_same_v<Resource, Memory>) *event->mutable_memory() = *last;
    if (breakpoint) *event->mutable_breakpoint() = *breakpoint;
    commit.event = event->SerializeAsString();
    commit.revision = event->revision();
  }
  if (author.request) {
    commit.request = author.request;
    // The response of a change is the resource; of an end, Empty.
    commit.response = commit.body.value_or("");
  }
  if (absl::Status written = Write(commit); !written.ok()) return written;
  if (author.request) author.request->recorded = true;
  {
    std::lock_guard lock(shelves_mutex_);
    auto& shelf = std::get<Shelf<Resource>>(shelves_);
    if (resource) {
      shelf[name] = std::move(resource);
    } else {
      shelf.erase(name);
    }
  }
  if (event) events_.Append(std::move(event));
  return absl::OkStatus();
}

absl::Status Registry::Write(const Commit& commit) {
  if (absl::Status begun = database_->Execute("BEGIN IMMEDIATE"); !begun.ok()) return begun;
  absl::Status written = WriteAll(commit);
  if (written.ok()) written = database_->Execute("COMMIT");
  if (!written.ok()) database_->Execute("ROLLBACK").IgnoreError();
  return written;
}

absl::Status Registry::WriteAll(const Commit& commit) {
  absl::Status status = commit.body
                            ? put_resource_.Reset().Text(commit.name).Blob(*commit.body).Run()
                            : erase_resource_.Reset().Text(commit.name).Run();
  if (!status.ok()) return status;
  if (commit.event) {
    status = put_event_.Reset().Integer(commit.revision).Blob(*commit.event).Run();
    if (!status.ok()) return status;
  }
  if (commit.request) {
    status = WriteResponse(*commit.request, commit.response);
    if (!status.ok()) return status;
  }
  if (++commits_ % kCommitsBetweenTrims != 0) return absl::OkStatus();
  status = trim_events_.Reset().Integer(events_.next_revision() - kept_).Run();
  if (!status.ok()) return status;
  return trim_requests_.Reset().Integer(absl::ToUnixSeconds(absl::Now() - kRequestsKept)).Run();
}

absl::Status Registry::WriteResponse(const IdentifiedRequest& request, absl::string_view response) {
  return put_request_.Reset()
      .Text(request.principal)
      .Text(request.id)
      .Text(request.method)
      .Blob(request.digest)
      .Blob(response)
      .Integer(absl::ToUnixSeconds(absl::Now()))
      .Run();
}

absl::StatusOr<std::optional<std::string>> Registry::FindResponse(
    const IdentifiedRequest& request) {
  std::lock_guard lock(writer_);
  absl::StatusOr<bool> row = find_request_.Reset().Text(request.principal).Text(request.id).Step();
  if (!row.ok()) return row.status();
  std::optional<std::string> response;
  bool same = true;
  if (*row) {
    same = find_request_.ColumnBytes(0) == request.method &&
           find_request_.ColumnBytes(1) == request.digest;
    response = find_request_.ColumnBytes(2);
  }
  find_request_.Reset();
  if (!same) {
    return InvalidField("request_id", "was used for another request", "REQUEST_ID_REUSED");
  }
  return response;
}

absl::Status Registry::RecordResponse(IdentifiedRequest& request, absl::string_view response) {
  std::lock_guard lock(writer_);
  absl::Status written = WriteResponse(request, response);
  if (written.ok()) request.recorded = true;
  return written;
}

#define SERVICES_INSTANTIATE(R)                                                          \
  template Registry::Ptr<R> Registry::Find<R>(absl::string_view) const;                  \
  template std::vector<Registry::Ptr<R>> Registry::List<R>() const;                      \
  template size_t Registry::Count<R>() const;                                            \
  template absl::StatusOr<Registry::Ptr<R>> Registry::Create<R>(R, Kind, const Author&); \
  template absl::StatusOr<Registry::Ptr<R>> Registry::Change<R>(                         \
      absl::string_view, Kind, const Author&, absl::FunctionRef<absl::Status(R&)>,       \
      const std::optional<ucontrol::v1::Breakpoint>&);                                   \
  template absl::Status Registry::Erase<R>(absl::string_view, Kind, const Author&)

SERVICES_INSTANTIATE(Registry::Machine);
SERVICES_INSTANTIATE(Registry::Memory);
SERVICES_INSTANTIATE(Registry::Operation);
#undef SERVICES_INSTANTIATE

}  // namespace services
