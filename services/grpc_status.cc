#include "services/grpc_status.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "google/protobuf/any.pb.h"
#include "services/failure.h"

namespace services {
namespace {

// Trailers are limited to 8 KiB in all, and the message is sent twice.
constexpr size_t kLongestMessage = 1000;

// Clients are promised UTF-8, and what a caller sent may stand in a message.
std::string Printable(absl::string_view text) {
  std::string result;
  for (const char c : text.substr(0, kLongestMessage))
    result += (c >= 0x20 && c < 0x7f) || c == '\n' ? c : '?';
  return result;
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status result;
  result.set_code(static_cast<int>(status.code()));
  if (status.ok()) return result;
  result.set_message(Printable(status.message()));
  const absl::Status complete = WithReason(status, absl::StatusCodeToString(status.code()));
  complete.ForEachPayload([&result](absl::string_view url, const absl::Cord& payload) {
    if (!absl::StartsWith(url, "type.googleapis.com/google.rpc.")) return;
    if (payload.size() > 2 * kLongestMessage) return;
    google::protobuf::Any* detail = result.add_details();
    detail->set_type_url(std::string(url.data(), url.size()));
    detail->set_value(std::string(payload));
  });
  return result;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status rpc = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), rpc.message(),
                      rpc.SerializeAsString());
}

}  // namespace services
