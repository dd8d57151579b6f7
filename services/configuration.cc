#include "services/configuration.h"

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace services {
namespace {

namespace daemon = ucontrol::daemon::v1;

class Errors final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    absl::StrAppend(&text_, text_.empty() ? "" : "; ", "line ", line + 1, " column ", column + 1,
                    ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

bool IsPrincipal(const std::string& name) {
  return name == "anonymous" || (name.size() > 5 && absl::StartsWith(name, "unix:")) ||
         (name.size() > 11 && absl::StartsWith(name, "unix-group:")) ||
         (name.size() > 4 && absl::StartsWith(name, "tls:"));
}

}  // namespace

absl::StatusOr<Configuration> ReadConfiguration(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, " can't be read"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Errors errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  Configuration configuration;
  if (!parser.ParseFromString(text, &configuration)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", errors.text()));
  }
  return configuration;
}

absl::StatusOr<daemon::Listener> ParseListener(const std::string& text, const daemon::Tls& tls,
                                               bool insecure) {
  daemon::Listener listener;
  if (absl::StartsWith(text, "unix:")) {
    listener.mutable_unix()->set_path(text.substr(5));
    return listener;
  }
  if (!absl::StartsWith(text, "tcp:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' isn't unix:PATH or tcp:ADDRESS:PORT"));
  }
  listener.mutable_tcp()->set_address(text.substr(4));
  if (insecure) {
    listener.mutable_tcp()->mutable_insecure();
  } else {
    *listener.mutable_tcp()->mutable_tls() = tls;
  }
  return listener;
}

absl::Status CheckConfiguration(const Configuration& configuration) {
  for (const daemon::Listener& listener : configuration.listeners()) {
    if (listener.has_unix()) continue;
    if (!listener.has_tcp())
      return absl::InvalidArgumentError("a listener is neither unix nor tcp");
    const daemon::TcpListener& tcp = listener.tcp();
    if (tcp.has_insecure()) continue;
    const daemon::Tls& tls = tcp.tls();
    if (tls.certificate_file().empty() || tls.key_file().empty() ||
        tls.client_authorities_file().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tcp:", tcp.address(),
          " needs TLS: a certificate, its key and the clients' authorities (--tls_certificate, "
          "--tls_key, --tls_client_authorities), or --insecure"));
    }
  }
  for (const daemon::Grant& grant : configuration.grants()) {
    if (!IsPrincipal(grant.principal())) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", grant.principal(),
                       "' is no principal: unix:USER, unix-group:GROUP, tls:NAME or anonymous"));
    }
  }
  return absl::OkStatus();
}

Severity LogThresholdOf(const Configuration& configuration) {
  switch (configuration.log_level()) {
    case daemon::LOG_LEVEL_DEBUG:
      return Severity::kDebug;
    case daemon::LOG_LEVEL_WARNING:
      return Severity::kWarning;
    case daemon::LOG_LEVEL_ERROR:
      return Severity::kError;
    default:
      return Severity::kInfo;
  }
}

}  // namespace services
