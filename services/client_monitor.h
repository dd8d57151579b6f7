// A client of Vcpus.Run that is the monitor of one vCPU.
#ifndef SERVICES_CLIENT_MONITOR_H_
#define SERVICES_CLIENT_MONITOR_H_

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "google/protobuf/field_mask.pb.h"
#include "services/access.h"
#include "services/conversation.h"
#include "services/machine_host.h"
#include "services/memory_store.h"
#include "ucontrol/v1/vcpu.pb.h"

namespace services {

// One stream. Turns are done one after the other on the calling thread; messages come on another,
// so that a kick reaches a guest that runs.
class ClientMonitor {
 public:
  using Stream = Conversation<ucontrol::v1::RunRequest, ucontrol::v1::RunResponse>;

  ClientMonitor(const Caller& caller, const MemoryStore& store, std::unique_ptr<ClientRun> run,
                const std::atomic<bool>& draining);

  // Until the client ends the stream.
  absl::Status Serve(const ucontrol::v1::RunRequest& first, Stream& stream);

 private:
  // What comes from the stream; it may outlive the monitor by a message.
  struct Inbox {
    explicit Inbox(std::unique_ptr<ClientRun> vcpu) : run(std::move(vcpu)) {}

    bool Take(ucontrol::v1::RunRequest& request);

    const std::unique_ptr<ClientRun> run;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<ucontrol::v1::RunRequest> requests;
    bool flooded = false;  // too much came without waiting for responses
  };

  ucontrol::v1::RunResponse Answer(const ucontrol::v1::RunRequest& request);
  absl::Status Turn(const ucontrol::v1::RunRequest& request, ucontrol::v1::RunResponse& response);

  const Caller& caller_;
  const MemoryStore& store_;
  const std::atomic<bool>& draining_;
  const std::shared_ptr<Inbox> inbox_;
  google::protobuf::FieldMask read_mask_;
};

}  // namespace services

#endif  // SERVICES_CLIENT_MONITOR_H_
