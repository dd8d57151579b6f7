#include "services/cli/client.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/longrunning/operations.grpc.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "ucontrol/v1/address_space.grpc.pb.h"
#include "ucontrol/v1/console.grpc.pb.h"
#include "ucontrol/v1/daemon.grpc.pb.h"
#include "ucontrol/v1/event.grpc.pb.h"
#include "ucontrol/v1/interrupt.grpc.pb.h"
#include "ucontrol/v1/machine.grpc.pb.h"
#include "ucontrol/v1/memory.grpc.pb.h"
#include "ucontrol/v1/vcpu.grpc.pb.h"

namespace services::cli {
namespace {

namespace v1 = ucontrol::v1;
namespace longrunning = google::longrunning;

constexpr int kKeepAliveMilliseconds = 60'000;
constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::minutes kLongestCall{2};

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status rpc;
  if (rpc.ParseFromString(status.error_details())) {
    for (const auto& detail : rpc.details()) {
      result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
    }
  }
  return result;
}

template <typename Response, typename Stub, typename Request>
absl::StatusOr<Response> Unary(Stub& stub,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                               const Request& request) {
  grpc::ClientContext context;
  if constexpr (!std::is_same_v<Request, longrunning::WaitOperationRequest>) {
    context.set_deadline(std::chrono::system_clock::now() + kLongestCall);
  }
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, " can't be read"));
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> CredentialsOf(const Endpoint& endpoint) {
  if (endpoint.insecure || absl::StartsWith(endpoint.address, "unix:")) {
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions options;
  const std::pair<std::string, std::string*> files[] = {
      {endpoint.authorities_file, &options.pem_root_certs},
      {endpoint.certificate_file, &options.pem_cert_chain},
      {endpoint.key_file, &options.pem_private_key}};
  for (const auto& [path, content] : files) {
    if (path.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(endpoint.address, " needs TLS: --tls-ca, --tls-cert and --tls-key"));
    }
    absl::StatusOr<std::string> read = ReadFile(path);
    if (!read.ok()) return read.status();
    *content = *std::move(read);
  }
  return grpc::SslCredentials(options);
}

class AttachedConsole final : public Client::Console {
 public:
  explicit AttachedConsole(v1::Consoles::Stub& stub) : stream_(stub.AttachConsole(&context_)) {}

  bool Read(v1::AttachConsoleResponse* response) override { return stream_->Read(response); }
  bool Write(const v1::AttachConsoleRequest& request) override { return stream_->Write(request); }
  void Cancel() override { context_.TryCancel(); }
  absl::Status Finish() override { return FromGrpc(stream_->Finish()); }

 private:
  grpc::ClientContext context_;
  const std::unique_ptr<
      grpc::ClientReaderWriter<v1::AttachConsoleRequest, v1::AttachConsoleResponse>>
      stream_;
};

}  // namespace

struct Client::Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : machines(channel),
        vcpus(channel),
        address_spaces(channel),
        memories(channel),
        interrupts(channel),
        consoles(channel),
        events(channel),
        daemons(channel),
        operations(channel) {}

  v1::Machines::Stub machines;
  v1::Vcpus::Stub vcpus;
  v1::AddressSpaces::Stub address_spaces;
  v1::Memories::Stub memories;
  v1::Interrupts::Stub interrupts;
  v1::Consoles::Stub consoles;
  v1::Events::Stub events;
  v1::Daemons::Stub daemons;
  longrunning::Operations::Stub operations;
};

Client::Client(std::unique_ptr<Stubs> stubs) : stubs_(std::move(stubs)) {}
Client::~Client() = default;

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const Endpoint& endpoint) {
  const auto credentials = CredentialsOf(endpoint);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // A connection whose other end is gone without a word is noticed.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepAliveMilliseconds);
  if (!endpoint.server_name.empty()) {
    arguments.SetSslTargetNameOverride(endpoint.server_name);
  }
  const auto channel = grpc::CreateCustomChannel(endpoint.address, *credentials, arguments);
  // A daemon that begins to serve just now. The first call tells what is wrong, if it is.
  channel->WaitForConnected(std::chrono::system_clock::now() + kPatience);
  return std::unique_ptr<Client>(new Client(std::make_unique<Stubs>(channel)));
}

// Generated stubs have overloads; the pointer's type chooses the one that waits.
#define SERVICES_CALL(service, method, Response, Request)                                 \
  absl::StatusOr<Response> Client::Call(const Request& request) {                         \
    return Unary<Response>(stubs_->service, &decltype(stubs_->service)::method, request); \
  }

SERVICES_CALL(machines, CreateMachine, v1::Machine, v1::CreateMachineRequest)
SERVICES_CALL(machines, GetMachine, v1::Machine, v1::GetMachineRequest)
SERVICES_CALL(machines, ListMachines, v1::ListMachinesResponse, v1::ListMachinesRequest)
SERVICES_CALL(machines, UpdateMachine, v1::Machine, v1::UpdateMachineRequest)
SERVICES_CALL(machines, DeleteMachine, google::protobuf::Empty, v1::DeleteMachineRequest)
SERVICES_CALL(machines, StartMachine, v1::Machine, v1::StartMachineRequest)
SERVICES_CALL(machines, PauseMachine, v1::Machine, v1::PauseMachineRequest)
SERVICES_CALL(machines, ResumeMachine, v1::Machine, v1::ResumeMachineRequest)
SERVICES_CALL(machines, ResetMachine, v1::Machine, v1::ResetMachineRequest)
SERVICES_CALL(machines, StopMachine, longrunning::Operation, v1::StopMachineRequest)
SERVICES_CALL(operations, WaitOperation, longrunning::Operation, longrunning::WaitOperationRequest)
SERVICES_CALL(vcpus, ListVcpus, v1::ListVcpusResponse, v1::ListVcpusRequest)
SERVICES_CALL(vcpus, GetRegisters, v1::Registers, v1::GetRegistersRequest)
SERVICES_CALL(address_spaces, MapSegments, v1::MapSegmentsResponse, v1::MapSegmentsRequest)
SERVICES_CALL(address_spaces, UnmapSegments, google::protobuf::Empty, v1::UnmapSegmentsRequest)
SERVICES_CALL(address_spaces, ListMappings, v1::ListMappingsResponse, v1::ListMappingsRequest)
SERVICES_CALL(interrupts, InjectInterrupt, google::protobuf::Empty, v1::InjectInterruptRequest)
SERVICES_CALL(memories, CreateMemory, v1::Memory, v1::CreateMemoryRequest)
SERVICES_CALL(memories, ListMemories, v1::ListMemoriesResponse, v1::ListMemoriesRequest)
SERVICES_CALL(memories, DeleteMemory, google::protobuf::Empty, v1::DeleteMemoryRequest)
SERVICES_CALL(daemons, GetVersion, v1::GetVersionResponse, v1::GetVersionRequest)
#undef SERVICES_CALL

absl::Status Client::Read(const v1::ReadMemoryRequest& request,
                          const std::function<bool(const v1::ReadMemoryResponse&)>& take) {
  grpc::ClientContext context;
  const auto reader = stubs_->memories.ReadMemory(&context, request);
  v1::ReadMemoryResponse response;
  bool wanted = true;
  while (wanted && reader->Read(&response)) wanted = take(response);
  if (!wanted) context.TryCancel();
  const grpc::Status status = reader->Finish();
  return wanted ? FromGrpc(status) : absl::OkStatus();
}

absl::Status Client::Watch(const v1::WatchEventsRequest& request,
                           const std::function<bool(const v1::WatchEventsResponse&)>& take) {
  grpc::ClientContext context;
  const auto reader = stubs_->events.WatchEvents(&context, request);
  v1::WatchEventsResponse response;
  bool wanted = true;
  while (wanted && reader->Read(&response)) wanted = take(response);
  if (!wanted) context.TryCancel();
  const grpc::Status status = reader->Finish();
  return wanted ? FromGrpc(status) : absl::OkStatus();
}

absl::StatusOr<v1::WriteMemoryResponse> Client::Write(
    const std::function<bool(v1::WriteMemoryRequest&)>& next) {
  grpc::ClientContext context;
  v1::WriteMemoryResponse response;
  const auto writer = stubs_->memories.WriteMemory(&context, &response);
  v1::WriteMemoryRequest request;
  while (next(request)) {
    if (!writer->Write(request)) break;
    request.Clear();
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return FromGrpc(status);
  return response;
}

std::unique_ptr<Client::Console> Client::Attach() {
  return std::make_unique<AttachedConsole>(stubs_->consoles);
}

}  // namespace services::cli
