#include "services/operations.h"

#include <chrono>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "services/failure.h"
#include "services/grpc_status.h"
#include "services/identifier.h"
#include "services/log.h"

namespace services {
namespace {

constexpr size_t kMostKept = 1000;
constexpr auto kGlance = std::chrono::milliseconds(100);

}  // namespace

absl::StatusOr<Operations::Operation> Operations::Begin(const google::protobuf::Message& metadata,
                                                        const Author& author,
                                                        std::function<void()> cancel) {
  Operation operation;
  operation.set_name("operations/" + RandomId("stop"));
  operation.mutable_metadata()->PackFrom(metadata);
  {
    std::lock_guard lock(mutex_);
    running_.emplace(operation.name(), Running{.cancel = std::move(cancel)});
  }
  const auto created =
      registry_.Create<Operation>(operation, ucontrol::v1::Event::KIND_UNSPECIFIED, author);
  if (created.ok()) return operation;
  std::lock_guard lock(mutex_);
  running_.erase(operation.name());
  return created.status();
}

void Operations::Finish(const std::string& name, absl::FunctionRef<void(Operation&)> outcome) {
  {
    std::lock_guard lock(mutex_);
    const auto found = running_.find(name);
    if (found == running_.end() || found->second.is_ending) return;
    found->second = {.cancel = nullptr, .is_ending = true};
  }
  const auto changed = registry_.Change<Operation>(name, ucontrol::v1::Event::KIND_UNSPECIFIED, {},
                                                   [&](Operation& operation) {
                                                     operation.set_done(true);
                                                     outcome(operation);
                                                     return absl::OkStatus();
                                                   });
  if (!changed.ok() && !absl::IsNotFound(changed.status())) {
    Log(Severity::kError, "an operation's end isn't recorded",
        {{"operation", name}, {"detail", std::string(changed.status().message())}});
  }
  // Waiters go on when what they look for is there.
  {
    std::lock_guard lock(mutex_);
    running_.erase(name);
  }
  done_.notify_all();
}

void Operations::Succeed(const std::string& name, const google::protobuf::Message& response) {
  Finish(name, [&](Operation& operation) { operation.mutable_response()->PackFrom(response); });
}

void Operations::Fail(const std::string& name, const absl::Status& status) {
  Finish(name, [&](Operation& operation) { *operation.mutable_error() = ToRpcStatus(status); });
}

void Operations::Cancel(const std::string& name) {
  std::function<void()> cancel;
  {
    std::lock_guard lock(mutex_);
    const auto found = running_.find(name);
    if (found != running_.end()) cancel = std::exchange(found->second.cancel, nullptr);
  }
  if (cancel) cancel();
}

void Operations::Wait(const std::string& name, absl::Duration timeout,
                      const std::function<bool()>& gone) {
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
  std::unique_lock lock(mutex_);
  while (running_.contains(name) && std::chrono::steady_clock::now() < end) {
    done_.wait_for(lock, kGlance);
    lock.unlock();
    const bool nobody = gone();
    lock.lock();
    if (nobody) return;
  }
}

void Operations::Trim() {
  if (registry_.Count<Operation>() <= kMostKept) return;
  size_t extra = registry_.Count<Operation>() - kMostKept;
  for (const auto& operation : registry_.List<Operation>()) {
    if (extra == 0) return;
    if (!operation->done()) continue;
    registry_.Erase<Operation>(operation->name(), ucontrol::v1::Event::KIND_UNSPECIFIED, {})
        .IgnoreError();
    --extra;
  }
}

}  // namespace services
