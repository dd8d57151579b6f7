#include "services/server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/ext/channelz_service_plugin.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/server_posix.h"

namespace services {
namespace {

namespace daemon = ucontrol::daemon::v1;

constexpr unsigned kCertificateReloadSeconds = 1;
constexpr int kKeepAliveMilliseconds = 60'000;
constexpr int kKeepAliveTimeoutMilliseconds = 20'000;
constexpr int kHandshakeMilliseconds = 10'000;
constexpr int kShortestPingMilliseconds = 10'000;
constexpr size_t kMemoryOfCalls = size_t{256} << 20;
constexpr int kMostMetadata = 16 * 1024;
constexpr std::chrono::milliseconds kGlance{20};
constexpr std::chrono::milliseconds kShutdown{200};  // for calls that came at the last moment

std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const daemon::Tls& tls) {
  namespace tls_api = grpc::experimental;
  auto files = std::make_shared<tls_api::FileWatcherCertificateProvider>(
      tls.key_file(), tls.certificate_file(), tls.client_authorities_file(),
      kCertificateReloadSeconds);
  tls_api::TlsServerCredentialsOptions options(files);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return tls_api::TlsServerCredentials(options);
}

void SetLimits(const Limits& limits, grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("ucontrold");
  quota.Resize(kMemoryOfCalls);
  // Calls that would need a thread more are refused with RESOURCE_EXHAUSTED.
  quota.SetMaxThreads(static_cast<int>(limits.concurrent_calls));
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.message_bytes));
  builder.SetMaxSendMessageSize(-1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 4);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMostMetadata);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             static_cast<int>(limits.concurrent_calls));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepAliveMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepAliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kShortestPingMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

// Files that are missing or wrong would show only when the first client comes.
absl::Status CheckReadable(const daemon::Tls& tls) {
  for (const std::string& path :
       {tls.certificate_file(), tls.key_file(), tls.client_authorities_file()}) {
    if (access(path.c_str(), R_OK) != 0) {
      return absl::NotFoundError(absl::StrCat(path, " can't be read"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<grpc::Server>> StartChannelz(const std::string& path) {
  unlink(path.c_str());
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
  const mode_t before = umask(0177);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  umask(before);
  if (!server) return absl::UnavailableError(absl::StrCat(path, ": channelz can't listen"));
  return server;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Configuration& configuration,
                                                      const Limits& limits,
                                                      const std::vector<OfferedService>& services,
                                                      UnixPeers& peers) {
  std::unique_ptr<Server> server(new Server());
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(limits, builder);
  for (const OfferedService& offered : services) builder.RegisterService(offered.service);
  std::vector<std::pair<std::string, int>> ports;
  ports.reserve(static_cast<size_t>(configuration.listeners_size()));
  for (const daemon::Listener& listener : configuration.listeners()) {
    if (listener.has_unix()) {
      auto opened = UnixListener::Open(listener.unix());
      if (!opened.ok()) return opened.status();
      server->listeners_.push_back(*std::move(opened));
      continue;
    }
    const daemon::TcpListener& tcp = listener.tcp();
    if (tcp.has_tls()) {
      if (absl::Status readable = CheckReadable(tcp.tls()); !readable.ok()) return readable;
    }
    ports.emplace_back(tcp.address(), 0);
    builder.AddListeningPort(
        tcp.address(),
        tcp.has_tls() ? TlsCredentials(tcp.tls()) : grpc::InsecureServerCredentials(),
        &ports.back().second);
  }
  server->server_ = builder.BuildAndStart();
  if (!server->server_) return absl::UnavailableError("the gRPC server doesn't start");
  for (const OfferedService& offered : services) {
    server->server_->GetHealthCheckService()->SetServingStatus(offered.name, true);
  }
  for (const auto& [address, port] : ports) {
    if (port == 0) return absl::UnavailableError(absl::StrCat(address, " can't be listened on"));
    if (server->port_ == 0) server->port_ = port;
  }
  for (const auto& listener : server->listeners_) {
    grpc::Server* const raw = server->server_.get();
    listener->Start(
        peers, [raw](int fd) { grpc::AddInsecureChannelFromFd(raw, fd); }, limits.connections);
  }
  if (!configuration.channelz_socket().empty()) {
    // Each server that is built behind this offers it; ours, which anybody may call, was before.
    grpc::channelz::experimental::InitChannelzService();
    absl::StatusOr<std::unique_ptr<grpc::Server>> channelz =
        StartChannelz(configuration.channelz_socket());
    if (!channelz.ok()) return channelz.status();
    server->channelz_ = *std::move(channelz);
  }
  server->SetServing(true);
  return server;
}

Server::~Server() {
  Drain(std::chrono::milliseconds(0), [] { return true; });
}

void Server::SetServing(bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(serving);
}

void Server::Drain(std::chrono::milliseconds patience, absl::FunctionRef<bool()> idle) {
  if (!server_) return;
  SetServing(false);
  for (const auto& listener : listeners_) listener->Stop();
  // Shutdown alone would wait for clients that keep their connections open, too.
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!idle() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(kGlance);
  server_->Shutdown(std::chrono::system_clock::now() + kShutdown);
  server_.reset();
  if (channelz_) channelz_->Shutdown(std::chrono::system_clock::now());
  channelz_.reset();
}

}  // namespace services
