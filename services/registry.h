// What the daemon knows of machines, memories, operations and answered requests: in memory for
// reading, in SQLite for good. What is acknowledged to a client has been committed before.
#ifndef SERVICES_REGISTRY_H_
#define SERVICES_REGISTRY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/longrunning/operations.pb.h"
#include "services/event_history.h"
#include "services/sqlite.h"
#include "ucontrol/v1/event.pb.h"
#include "ucontrol/v1/machine.pb.h"
#include "ucontrol/v1/memory.pb.h"

namespace services {

// A mutation by a client that named it (AIP-155).
struct IdentifiedRequest {
  std::string principal;
  std::string id;
  std::string method;
  std::string digest;  // of the request itself
  bool recorded = false;
};

// On whose behalf something changes; nobody's if it happens by itself.
struct Author {
  std::string principal;
  // The request that the change answers: its response is committed together with the change.
  IdentifiedRequest* request = nullptr;
};

// Resources are kept as the API's own messages, whose evolution is checked: they are the format on
// disk too. Any thread.
class Registry {
 public:
  template <typename Resource>
  using Ptr = std::shared_ptr<const Resource>;
  using Machine = ucontrol::v1::Machine;
  using Memory = ucontrol::v1::Memory;
  using Operation = google::longrunning::Operation;
  using Kind = ucontrol::v1::Event::Kind;

  // Whatever was active when the daemon ended becomes STOPPED, memories LOST, operations ABORTED.
  static absl::StatusOr<std::unique_ptr<Registry>> Open(const std::string& path,
                                                        int64_t event_capacity);

  template <typename Resource>
  Ptr<Resource> Find(absl::string_view name) const;

  // Ordered by name.
  template <typename Resource>
  std::vector<Ptr<Resource>> List() const;
  template <typename Resource>
  size_t Count() const;

  // ALREADY_EXISTS. Sets the etag and the times of machines and memories.
  template <typename Resource>
  absl::StatusOr<Ptr<Resource>> Create(Resource resource, Kind kind, const Author& author);

  // Edits a copy and commits it, unless `edit` refuses. NOT_FOUND.
  template <typename Resource>
  absl::StatusOr<Ptr<Resource>> Change(
      absl::string_view name, Kind kind, const Author& author,
      absl::FunctionRef<absl::Status(Resource&)> edit,
      const std::optional<ucontrol::v1::Breakpoint>& breakpoint = std::nullopt);

  template <typename Resource>
  absl::Status Erase(absl::string_view name, Kind kind, const Author& author);

  // The response that was given to this request before, if it was. INVALID_ARGUMENT if the id stood
  // for another request.
  absl::StatusOr<std::optional<std::string>> FindResponse(const IdentifiedRequest& request);

  // Remembers the response to a request that changed nothing of the above.
  absl::Status RecordResponse(IdentifiedRequest& request, absl::string_view response);

  EventHistory& events() { return events_; }

 private:
  template <typename Resource>
  using Shelf = std::map<std::string, Ptr<Resource>, std::less<>>;

  struct Commit;

  explicit Registry(int64_t event_capacity) : events_(event_capacity), kept_(event_capacity) {}

  absl::Status Prepare(const std::string& path);
  absl::Status Load();
  absl::Status SettleAfterRestart();
  absl::Status Write(const Commit& commit);
  absl::Status WriteAll(const Commit& commit);
  absl::Status WriteResponse(const IdentifiedRequest& request, absl::string_view response);

  // Commits the resource, or its end if it is null, and makes it visible.
  template <typename Resource>
  absl::Status Put(const std::string& name, Ptr<Resource> resource, Ptr<Resource> last, Kind kind,
                   const Author& author, const std::optional<ucontrol::v1::Breakpoint>& breakpoint);

  EventHistory events_;
  const int64_t kept_;

  // Held by whoever changes something, through its commit; taken before `shelves_mutex_`.
  std::mutex writer_;
  std::unique_ptr<Sqlite> database_;
  Sqlite::Statement put_resource_, erase_resource_, put_event_, trim_events_, put_request_,
      find_request_, trim_requests_;
  uint64_t commits_ = 0;

  mutable std::mutex shelves_mutex_;
  std::tuple<Shelf<Machine>, Shelf<Memory>, Shelf<Operation>> shelves_;
};

}  // namespace services

#endif  // SERVICES_REGISTRY_H_
