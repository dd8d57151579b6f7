// Requests that clients named (AIP-155): each is answered once, however often it comes.
#ifndef SERVICES_REQUESTS_H_
#define SERVICES_REQUESTS_H_

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "services/registry.h"

namespace services {

// Any thread.
class Requests {
 public:
  explicit Requests(Registry& registry) : registry_(registry) {}

  // While it lives, the same request waits in Begin.
  class InFlight {
   public:
    InFlight(Requests& requests, std::pair<std::string, std::string> key)
        : requests_(&requests), key_(std::move(key)) {}
    InFlight(InFlight&& other) noexcept
        : requests_(std::exchange(other.requests_, nullptr)), key_(std::move(other.key_)) {}
    InFlight& operator=(InFlight&&) = delete;
    ~InFlight();

   private:
    Requests* requests_;
    std::pair<std::string, std::string> key_;
  };

  struct Beginning {
    InFlight in_flight;
    // Of the first request with this id; there is nothing to be done then.
    std::optional<std::string> response;
  };
  absl::StatusOr<Beginning> Begin(const IdentifiedRequest& request);

 private:
  Registry& registry_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::set<std::pair<std::string, std::string>> in_flight_;
};

}  // namespace services

#endif  // SERVICES_REQUESTS_H_
