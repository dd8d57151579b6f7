#include "services/gate.h"

#include <openssl/evp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/failure.h"
#include "services/log.h"

namespace services {
namespace {

constexpr size_t kLongestRequestId = 128;

std::string FirstProperty(const grpc::AuthContext& context, const char* name) {
  const auto values = context.FindPropertyValues(name);
  return values.empty() ? std::string() : std::string(values[0].data(), values[0].size());
}

absl::string_view RoleName(ucontrol::v1::Role role) {
  switch (role) {
    case ucontrol::v1::ROLE_VIEWER:
      return "a viewer";
    case ucontrol::v1::ROLE_OPERATOR:
      return "an operator";
    case ucontrol::v1::ROLE_ADMIN:
      return "an administrator";
    default:
      return "a principal with a role";
  }
}

}  // namespace

std::string DigestOf(const google::protobuf::Message& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

absl::Status NoFirstMessage() {
  return WithReason(absl::DeadlineExceededError("no first message came within 10 s"),
                    "NO_FIRST_MESSAGE");
}

absl::Status CheckRequestId(absl::string_view id) {
  if (id.size() > kLongestRequestId) {
    return InvalidField("request_id", absl::StrCat("has ", id.size(), " bytes, more than 128"));
  }
  return absl::OkStatus();
}

void Gate::SetLimits(const Limits& limits) {
  rate_.SetRate(limits.calls_per_second);
  most_calls_ = limits.concurrent_calls;
  std::lock_guard lock(streams_mutex_);
  most_streams_ = limits.streams;
  most_streams_each_ = limits.streams_per_principal;
}

Caller Gate::Identify(const grpc::ServerContextBase& context) const {
  if (const auto peer = peers_.Find(context.peer())) return access_.Identify(*peer);
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return access_.IdentifyAnonymous();
  for (const char* property : {"peer_uri", "peer_dns", "x509_common_name"}) {
    if (const std::string name = FirstProperty(*auth, property); !name.empty()) {
      return access_.IdentifyTls(name);
    }
  }
  return {};
}

Gate::Passage::Passage(Gate& gate, grpc::ServerContextBase& context, const char* method)
    : gate_(gate), context_(context), method_(method) {
  ++gate_.calls_;
}

Gate::Passage::~Passage() {
  --gate_.calls_;
  if (!streaming_) return;
  gate_.metrics_.AddOpenStreams(-1);
  std::lock_guard lock(gate_.streams_mutex_);
  --gate_.streams_;
  if (--gate_.streams_of_[caller_.principal] == 0) gate_.streams_of_.erase(caller_.principal);
}

void Gate::Passage::Audit(std::string resource) {
  audited_ = true;
  resource_ = std::move(resource);
}

absl::Status Gate::Passage::Admit(ucontrol::v1::Role role) {
  caller_ = gate_.Identify(context_);
  if (caller_.principal.empty()) {
    return absl::UnauthenticatedError("the client's certificate has no name");
  }
  if (!gate_.rate_.Admit(caller_.principal)) {
    return LimitReached("calls_per_second", 0, "this principal calls too often");
  }
  const int64_t most = gate_.most_calls_;
  if (gate_.calls_ > most) {
    return LimitReached("concurrent_calls", most, "the daemon answers too many calls");
  }
  if (caller_.role < role) {
    return NotPermitted(
        absl::StrCat(method_, " is for ", RoleName(role), ", which ", caller_.principal, " isn't"));
  }
  // What nobody waits for isn't begun.
  if (context_.IsCancelled()) return absl::CancelledError("the client went away");
  return absl::OkStatus();
}

absl::Status Gate::Passage::OpenStream() {
  std::lock_guard lock(gate_.streams_mutex_);
  if (gate_.streams_ >= gate_.most_streams_) {
    return LimitReached("streams", gate_.most_streams_, "too many streams are open");
  }
  int64_t& own = gate_.streams_of_[caller_.principal];
  if (own >= gate_.most_streams_each_) {
    return LimitReached("streams_per_principal", gate_.most_streams_each_,
                        "this principal has too many streams open");
  }
  ++own;
  ++gate_.streams_;
  streaming_ = true;
  gate_.metrics_.AddOpenStreams(1);
  return absl::OkStatus();
}

grpc::Status Gate::Passage::Leave(const absl::Status& status) {
  const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  const std::string code =
      status.ok() ? "OK" : std::string(absl::StatusCodeToString(status.code()));
  gate_.metrics_.CountCall(method_, code, streaming_ ? -1 : seconds);
  const auto microseconds = static_cast<int64_t>(seconds * 1e6);
  if (audited_) {
    Log(Severity::kInfo, "audit",
        {{"method", method_},
         {"principal", caller_.principal},
         {"resource", resource_},
         {"code", code},
         {"detail", std::string(status.message())},
         {"peer", context_.peer()},
         {"microseconds", microseconds}});
  } else {
    Log(Severity::kDebug, "call",
        {{"method", method_},
         {"principal", caller_.principal},
         {"code", code},
         {"microseconds", microseconds}});
  }
  if (status.code() == absl::StatusCode::kInternal ||
      status.code() == absl::StatusCode::kDataLoss) {
    Log(Severity::kError, "internal error",
        {{"method", method_}, {"detail", std::string(status.message())}});
  }
  return ToGrpc(status);
}

grpc::Status Gate::Stream(grpc::ServerContextBase* context, const char* method,
                          ucontrol::v1::Role role,
                          absl::FunctionRef<absl::Status(const Caller&)> act,
                          const std::string* audited_resource) {
  Passage passage(*this, *context, method);
  absl::Status status = passage.Admit(role);
  if (status.ok()) status = passage.OpenStream();
  if (status.ok()) status = act(passage.caller());
  if (audited_resource) passage.Audit(*audited_resource);
  return passage.Leave(status);
}

}  // namespace services
