#include "tests/benchmarks/services/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace benchmark {
namespace {

constexpr char kLimits[] =
    "limits { machines: 5000 streams: 4000 streams_per_principal: 4000 connections: 1000 "
    "concurrent_calls: 4000 memory_bytes: 17179869184 }\n";

void Check(const grpc::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what, status.error_message().c_str());
  std::_Exit(1);
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30))) {
    Check({grpc::StatusCode::UNAVAILABLE, "no connection"}, "channel");
  }
  return channel;
}

std::string Named(const std::string& machine) {
  return "machines/" + machine;
}

}  // namespace

Client::Client(const std::string& address) : Client(Connect(address)) {}

Client::Client(const std::shared_ptr<grpc::Channel>& channel)
    : machines_(channel),
      memories_(channel),
      address_spaces_(channel),
      interrupts_(channel),
      consoles_(channel),
      events_(channel) {}

void Client::Create(const std::string& name, uint64_t storage_bytes, const v1::Image* image) {
  grpc::ClientContext context;
  v1::CreateMachineRequest request;
  request.set_machine_id(name);
  request.mutable_machine()->set_storage_bytes(static_cast<int64_t>(storage_bytes));
  if (image) *request.mutable_machine()->mutable_boot()->mutable_elf()->mutable_image() = *image;
  v1::Machine response;
  Check(machines_.CreateMachine(&context, request, &response), "CreateMachine");
}

void Client::Start(const std::string& name) {
  grpc::ClientContext context;
  v1::StartMachineRequest request;
  request.set_name(Named(name));
  v1::Machine response;
  Check(machines_.StartMachine(&context, request, &response), "StartMachine");
}

void Client::Delete(const std::string& name) {
  grpc::ClientContext context;
  v1::DeleteMachineRequest request;
  request.set_name(Named(name));
  request.set_force(true);
  google::protobuf::Empty response;
  Check(machines_.DeleteMachine(&context, request, &response), "DeleteMachine");
}

void Client::Get(const std::string& name) {
  grpc::ClientContext context;
  v1::GetMachineRequest request;
  request.set_name(Named(name));
  v1::Machine response;
  Check(machines_.GetMachine(&context, request, &response), "GetMachine");
}

void Client::Label(const std::string& name, const std::string& value) {
  grpc::ClientContext context;
  v1::UpdateMachineRequest request;
  request.mutable_machine()->set_name(Named(name));
  (*request.mutable_machine()->mutable_labels())["turn"] = value;
  v1::Machine response;
  Check(machines_.UpdateMachine(&context, request, &response), "UpdateMachine");
}

v1::Image Client::Upload(const std::string& memory, const std::string& path) {
  const std::string content = ReadAll(path);
  v1::CreateMemoryRequest create;
  create.set_memory_id(memory);
  create.mutable_memory()->set_size_bytes(4 << 20);
  v1::Memory created;
  grpc::ClientContext creating;
  Check(memories_.CreateMemory(&creating, create, &created), "CreateMemory");
  grpc::ClientContext writing;
  v1::WriteMemoryResponse written;
  const auto writer = memories_.WriteMemory(&writing, &written);
  v1::WriteMemoryRequest piece;
  piece.set_name(created.name());
  piece.set_content(content);
  writer->Write(piece);
  writer->WritesDone();
  Check(writer->Finish(), "WriteMemory");
  v1::Image image;
  image.set_memory(created.name());
  image.set_length(static_cast<int64_t>(content.size()));
  return image;
}

void Client::Map(const std::string& machine, const std::string& memory, uint64_t vcpu_address) {
  grpc::ClientContext context;
  v1::MapSegmentsRequest request;
  request.set_target(Named(machine) + "/vcpus/0");
  request.set_memory(memory);
  request.set_vcpu_address(vcpu_address);
  request.set_length(1 << 20);
  v1::MapSegmentsResponse response;
  Check(address_spaces_.MapSegments(&context, request, &response), "MapSegments");
}

void Client::Inject(const std::string& machine) {
  grpc::ClientContext context;
  v1::InjectInterruptRequest request;
  request.set_target(Named(machine) + "/vcpus/0");
  request.mutable_interrupt()->mutable_emergency()->set_source_cpu_address(0);
  google::protobuf::Empty response;
  Check(interrupts_.InjectInterrupt(&context, request, &response), "InjectInterrupt");
}

Typist::Typist(Client& client, const std::string& machine)
    : stream_(client.consoles().AttachConsole(&context_)) {
  v1::AttachConsoleRequest first;
  first.set_name(Named(machine) + "/consoles/sclp");
  first.set_offset(0);
  first.set_steal(true);
  stream_->Write(first);
}

Typist::~Typist() {
  context_.TryCancel();
  stream_->Finish();
}

void Typist::Await(const std::string& text) {
  v1::AttachConsoleResponse response;
  while (output_.find(text) == std::string::npos) {
    if (!stream_->Read(&response)) Check(stream_->Finish(), "AttachConsole");
    output_ += response.output();
  }
  output_.clear();
}

void Typist::Type(const std::string& text) {
  v1::AttachConsoleRequest request;
  request.set_input(text);
  stream_->Write(request);
}

Daemon::Daemon(const std::string& program) {
  char name[] = "/tmp/uc-load-XXXXXX";
  directory_ = mkdtemp(name);
  address_ = absl::StrCat("unix:", directory_, "/socket");
  std::ofstream(directory_ + "/config") << kLimits;
  pid_ = fork();
  if (pid_ == 0) {
    const int log = open((directory_ + "/log").c_str(), O_CREAT | O_WRONLY, 0600);
    dup2(log, STDERR_FILENO);
    execl(program.c_str(), program.c_str(), ("--state_directory=" + directory_ + "/state").c_str(),
          ("--listen=" + address_).c_str(), ("--config=" + directory_ + "/config").c_str(),
          nullptr);
    _exit(127);
  }
}

Daemon::~Daemon() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  [[maybe_unused]] const int status = std::system(("rm -rf " + directory_).c_str());
}

uint64_t Daemon::ResidentBytes() const {
  const std::vector<std::string> fields =
      absl::StrSplit(ReadAll(absl::StrCat("/proc/", pid_, "/statm")), ' ');
  return std::strtoull(fields[1].c_str(), nullptr, 10) * sysconf(_SC_PAGESIZE);
}

double Daemon::CpuSeconds() const {
  const std::string text = ReadAll(absl::StrCat("/proc/", pid_, "/stat"));
  const std::vector<std::string> fields = absl::StrSplit(text.substr(text.rfind(')') + 2), ' ');
  return (std::strtod(fields[11].c_str(), nullptr) + std::strtod(fields[12].c_str(), nullptr)) /
         sysconf(_SC_CLK_TCK);
}

}  // namespace benchmark
