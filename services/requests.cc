#include "services/requests.h"

namespace services {

absl::StatusOr<Requests::Beginning> Requests::Begin(const IdentifiedRequest& request) {
  std::pair<std::string, std::string> key(request.principal, request.id);
  {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return !in_flight_.contains(key); });
    in_flight_.insert(key);
  }
  Beginning beginning{InFlight(*this, std::move(key)), std::nullopt};
  absl::StatusOr<std::optional<std::string>> response = registry_.FindResponse(request);
  if (!response.ok()) return response.status();
  beginning.response = *std::move(response);
  return beginning;
}

Requests::InFlight::~InFlight() {
  if (!requests_) return;
  {
    std::lock_guard lock(requests_->mutex_);
    requests_->in_flight_.erase(key_);
  }
  requests_->ended_.notify_all();
}

}  // namespace services
