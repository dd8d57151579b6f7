#include "services/client_monitor.h"

#include <chrono>
#include <optional>
#include <utility>

#include "services/failure.h"
#include "services/grpc_status.h"
#include "services/wire.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;

constexpr size_t kMostWaiting = 64;
constexpr auto kGlance = std::chrono::milliseconds(200);

}  // namespace

ClientMonitor::ClientMonitor(const Caller& caller, const MemoryStore& store,
                             std::unique_ptr<ClientRun> run, const std::atomic<bool>& draining)
    : caller_(caller),
      store_(store),
      draining_(draining),
      inbox_(std::make_shared<Inbox>(std::move(run))) {
  read_mask_.add_paths("psw");
  read_mask_.add_paths("general");
}

absl::Status ClientMonitor::Turn(const v1::RunRequest& request, v1::RunResponse& response) {
  if (request.has_read_mask()) {
    if (absl::Status checked = CheckRegisterMask(request.read_mask()); !checked.ok()) {
      return checked;
    }
    read_mask_ = request.read_mask();
  }
  const absl::StatusOr<RunTurn> turn = FromWire(request);
  if (!turn.ok()) return turn.status();
  for (const SegmentRange& range : turn->map) {
    absl::Status mappable = store_.CheckMappable(caller_, range);
    if (!mappable.ok()) return mappable;
  }
  const absl::StatusOr<std::optional<RunExit>> exit = inbox_->run->Turn(*turn);
  if (!exit.ok()) return exit.status();
  if (*exit) ToWire(**exit, response);
  return absl::OkStatus();
}

v1::RunResponse ClientMonitor::Answer(const v1::RunRequest& request) {
  v1::RunResponse response;
  absl::Status status = Turn(request, response);
  if (status.ok()) {
    const absl::StatusOr<RegisterValues> values = inbox_->run->Registers();
    status = values.status();
    if (status.ok()) {
      absl::StatusOr<v1::Registers> registers = ToWire(*values, read_mask_);
      status = registers.status();
      if (status.ok()) *response.mutable_registers() = *std::move(registers);
    }
  }
  if (!status.ok()) *response.mutable_error() = ToRpcStatus(status);
  return response;
}

bool ClientMonitor::Inbox::Take(v1::RunRequest& request) {
  if (request.kick()) {
    run->Kick();
    return true;
  }
  const std::lock_guard lock(mutex);
  flooded = requests.size() >= kMostWaiting;
  if (!flooded) requests.push_back(std::move(request));
  changed.notify_all();
  return !flooded;
}

absl::Status ClientMonitor::Serve(const v1::RunRequest& first, Stream& stream) {
  inbox_->requests.push_back(first);
  // A guest that runs doesn't notice by itself that its client is gone.
  stream.Listen([inbox = inbox_](v1::RunRequest& request) { return inbox->Take(request); },
                [inbox = inbox_] { inbox->run->Kick(); });
  absl::Status status;
  while (true) {
    v1::RunRequest request;
    {
      std::unique_lock lock(inbox_->mutex);
      inbox_->changed.wait_for(lock, kGlance, [&] { return !inbox_->requests.empty(); });
      if (inbox_->flooded) {
        status = LimitReached("turns", kMostWaiting, "turns that wait for the one before");
        break;
      }
      if (draining_) {
        status = absl::UnavailableError("the daemon ends");
        break;
      }
      if (stream.cancelled()) {
        status = absl::CancelledError("the client went away");
        break;
      }
      if (inbox_->requests.empty()) {
        if (stream.ended()) break;
        continue;
      }
      request = std::move(inbox_->requests.front());
      inbox_->requests.pop_front();
    }
    if (!stream.Write(Answer(request))) {
      status = absl::CancelledError("the client went away");
      break;
    }
  }
  return status;
}

}  // namespace services
