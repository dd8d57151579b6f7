// Long-running operations (AIP-151): what they are doing stands in the registry.
#ifndef SERVICES_OPERATIONS_H_
#define SERVICES_OPERATIONS_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/longrunning/operations.pb.h"
#include "google/protobuf/message.h"
#include "services/registry.h"

namespace services {

// Any thread.
class Operations {
 public:
  using Operation = google::longrunning::Operation;

  explicit Operations(Registry& registry) : registry_(registry) {}

  // One that has begun. `cancel` is called at most once, while it isn't done, and must not wait.
  absl::StatusOr<Operation> Begin(const google::protobuf::Message& metadata, const Author& author,
                                  std::function<void()> cancel);

  void Succeed(const std::string& name, const google::protobuf::Message& response);
  void Fail(const std::string& name, const absl::Status& status);

  // Asks it to end. No error if it is done.
  void Cancel(const std::string& name);

  // Waits until it is done, `timeout` is over or `gone` says that nobody waits any more.
  void Wait(const std::string& name, absl::Duration timeout, const std::function<bool()>& gone);

  // Old ones that are done are forgotten.
  void Trim();

 private:
  void Finish(const std::string& name, absl::FunctionRef<void(Operation&)> outcome);

  Registry& registry_;
  std::mutex mutex_;
  std::condition_variable done_;
  struct Running {
    std::function<void()> cancel = nullptr;
    bool is_ending = false;  // its outcome is being recorded
  };
  std::map<std::string, Running> running_;
};

}  // namespace services

#endif  // SERVICES_OPERATIONS_H_
