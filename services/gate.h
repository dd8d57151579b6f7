// Every call passes here: who calls, may they, do they call too often, was the request answered
// before; and then it is measured, and written to the audit log if it changes something.
#ifndef SERVICES_GATE_H_
#define SERVICES_GATE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "services/access.h"
#include "services/grpc_status.h"
#include "services/limits.h"
#include "services/metrics.h"
#include "services/rate_limit.h"
#include "services/requests.h"
#include "services/unix_listener.h"

namespace services {

// Any thread.
class Gate {
 public:
  Gate(Access& access, UnixPeers& peers, Registry& registry, Metrics& metrics)
      : access_(access),
        peers_(peers),
        registry_(registry),
        requests_(registry),
        metrics_(metrics) {}

  void SetLimits(const Limits& limits);

  // No call is being answered.
  bool idle() const { return calls_ == 0; }

  // Answers a call that reads, if the caller has at least `role`. `method` is Service.Method.
  template <typename Response>
  grpc::Status Read(grpc::ServerContextBase* context, const char* method, ucontrol::v1::Role role,
                    Response* response,
                    absl::FunctionRef<absl::StatusOr<Response>(const Caller&)> act) {
    Passage passage(*this, *context, method);
    absl::Status status = passage.Admit(role);
    if (status.ok()) {
      absl::StatusOr<Response> result = act(passage.caller());
      status = result.status();
      if (status.ok()) *response = *std::move(result);
    }
    return passage.Leave(status);
  }

  // Answers a call that changes something, once for each request_id, and writes an audit line.
  template <typename Request, typename Response>
  grpc::Status Mutate(grpc::ServerContextBase* context, const char* method, ucontrol::v1::Role role,
                      const Request& request, Response* response,
                      absl::FunctionRef<absl::StatusOr<Response>(const Caller&)> act) {
    Passage passage(*this, *context, method);
    passage.Audit(ResourceOf(request));
    absl::Status status = passage.Admit(role);
    if (status.ok()) status = Once(passage, request, response, act);
    return passage.Leave(status);
  }

  // Answers a stream, which counts against the limits of streams. `changes` writes an audit line at
  // its end.
  grpc::Status Stream(grpc::ServerContextBase* context, const char* method, ucontrol::v1::Role role,
                      absl::FunctionRef<absl::Status(const Caller&)> act,
                      const std::string* audited_resource = nullptr);

 private:
  using Clock = std::chrono::steady_clock;

  // One call on its way through.
  class Passage {
   public:
    Passage(Gate& gate, grpc::ServerContextBase& context, const char* method);
    ~Passage();

    void Audit(std::string resource);
    absl::Status Admit(ucontrol::v1::Role role);
    absl::Status OpenStream();
    grpc::Status Leave(const absl::Status& status);

    Caller& caller() { return caller_; }
    const char* method() const { return method_; }

   private:
    Gate& gate_;
    grpc::ServerContextBase& context_;
    const char* const method_;
    const Clock::time_point began_ = Clock::now();
    Caller caller_;
    bool audited_ = false;
    bool streaming_ = false;
    std::string resource_;
  };

  Caller Identify(const grpc::ServerContextBase& context) const;

  template <typename Request>
  static std::string ResourceOf(const Request& request);

  template <typename Request, typename Response>
  absl::Status Once(Passage& passage, const Request& request, Response* response,
                    absl::FunctionRef<absl::StatusOr<Response>(const Caller&)> act);

  Access& access_;
  UnixPeers& peers_;
  Registry& registry_;
  Requests requests_;
  Metrics& metrics_;
  RateLimit rate_;
  std::atomic<int64_t> most_calls_ = kUnlimited;
  std::atomic<int64_t> calls_ = 0;

  std::mutex streams_mutex_;
  int64_t most_streams_ = kUnlimited;
  int64_t most_streams_each_ = kUnlimited;
  int64_t streams_ = 0;
  std::unordered_map<std::string, int64_t> streams_of_;
};

// How long a stream may say nothing before it names what it is about.
inline constexpr std::chrono::milliseconds kFirstMessage{10'000};
absl::Status NoFirstMessage();

// What identifies a request: its method, and all that it says but its id.
std::string DigestOf(const google::protobuf::Message& request);

absl::Status CheckRequestId(absl::string_view id);

template <typename Request>
std::string Gate::ResourceOf(const Request& request) {
  if constexpr (requires { request.target(); }) return request.target();
  if constexpr (requires { request.parent(); }) return request.parent();
  if constexpr (requires { request.vcpu(); }) return request.vcpu();
  if constexpr (requires { request.machine_id(); }) return "machines/" + request.machine_id();
  if constexpr (requires { request.memory_id(); }) return "memories/" + request.memory_id();
  if constexpr (requires { request.name(); }) return request.name();
  if constexpr (requires { request.machine().name(); }) return request.machine().name();
  if constexpr (requires { request.memory().name(); }) return request.memory().name();
  return {};
}

template <typename Request, typename Response>
absl::Status Gate::Once(Passage& passage, const Request& request, Response* response,
                        absl::FunctionRef<absl::StatusOr<Response>(const Caller&)> act) {
  IdentifiedRequest identified;
  bool named = false;
  if constexpr (requires { request.request_id(); }) {
    named = !request.request_id().empty();
    if (named) {
      if (absl::Status checked = CheckRequestId(request.request_id()); !checked.ok()) {
        return checked;
      }
      identified = {passage.caller().principal, request.request_id(), passage.method(),
                    DigestOf(request)};
    }
  }
  if (!named) {
    absl::StatusOr<Response> result = act(passage.caller());
    if (result.ok()) *response = *std::move(result);
    return result.status();
  }
  const absl::StatusOr<Requests::Beginning> beginning = requests_.Begin(identified);
  if (!beginning.ok()) return beginning.status();
  if (beginning->response) {
    if (!response->ParseFromString(*beginning->response)) {
      return absl::DataLossError("the response that was kept can't be read");
    }
    return absl::OkStatus();
  }
  passage.caller().request = &identified;
  absl::StatusOr<Response> result = act(passage.caller());
  passage.caller().request = nullptr;
  if (!result.ok()) return result.status();
  *response = *std::move(result);
  if (identified.recorded) return absl::OkStatus();
  return registry_.RecordResponse(identified, response->SerializeAsString());
}

}  // namespace services

#endif  // SERVICES_GATE_H_
