// The daemon as a client sees it: a call for each request of the API.
#ifndef SERVICES_CLI_CLIENT_H_
#define SERVICES_CLI_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/longrunning/operations.pb.h"
#include "google/protobuf/empty.pb.h"
#include "ucontrol/v1/address_space.pb.h"
#include "ucontrol/v1/console.pb.h"
#include "ucontrol/v1/daemon.pb.h"
#include "ucontrol/v1/event.pb.h"
#include "ucontrol/v1/interrupt.pb.h"
#include "ucontrol/v1/machine.pb.h"
#include "ucontrol/v1/memory.pb.h"
#include "ucontrol/v1/vcpu.pb.h"

namespace services::cli {

// Where the daemon is, and who we are to it.
struct Endpoint {
  std::string address;  // unix:PATH or HOST:PORT
  bool insecure = false;
  std::string authorities_file;
  std::string certificate_file;
  std::string key_file;
  std::string server_name;  // what the server's certificate says, if not the host
};

// A status whose payloads are the google.rpc details that came with it.
class Client {
 public:
  static absl::StatusOr<std::unique_ptr<Client>> Connect(const Endpoint& endpoint);
  ~Client();

  absl::StatusOr<ucontrol::v1::Machine> Call(const ucontrol::v1::CreateMachineRequest& request);
  absl::StatusOr<ucontrol::v1::Machine> Call(const ucontrol::v1::GetMachineRequest& request);
  absl::StatusOr<ucontrol::v1::ListMachinesResponse> Call(
      const ucontrol::v1::ListMachinesRequest& request);
  absl::StatusOr<ucontrol::v1::Machine> Call(const ucontrol::v1::UpdateMachineRequest& request);
  absl::StatusOr<google::protobuf::Empty> Call(const ucontrol::v1::DeleteMachineRequest& request);
  absl::StatusOr<ucontrol::v1::Machine> Call(const ucontrol::v1::StartMachineRequest& request);
  absl::StatusOr<ucontrol::v1::Machine> Call(const ucontrol::v1::PauseMachineRequest& request);
  absl::StatusOr<ucontrol::v1::Machine> Call(const ucontrol::v1::ResumeMachineRequest& request);
  absl::StatusOr<ucontrol::v1::Machine> Call(const ucontrol::v1::ResetMachineRequest& request);
  absl::StatusOr<google::longrunning::Operation> Call(
      const ucontrol::v1::StopMachineRequest& request);
  absl::StatusOr<google::longrunning::Operation> Call(
      const google::longrunning::WaitOperationRequest& request);
  absl::StatusOr<ucontrol::v1::ListVcpusResponse> Call(
      const ucontrol::v1::ListVcpusRequest& request);
  absl::StatusOr<ucontrol::v1::Registers> Call(const ucontrol::v1::GetRegistersRequest& request);
  absl::StatusOr<ucontrol::v1::MapSegmentsResponse> Call(
      const ucontrol::v1::MapSegmentsRequest& request);
  absl::StatusOr<google::protobuf::Empty> Call(const ucontrol::v1::UnmapSegmentsRequest& request);
  absl::StatusOr<ucontrol::v1::ListMappingsResponse> Call(
      const ucontrol::v1::ListMappingsRequest& request);
  absl::StatusOr<google::protobuf::Empty> Call(const ucontrol::v1::InjectInterruptRequest& request);
  absl::StatusOr<ucontrol::v1::Memory> Call(const ucontrol::v1::CreateMemoryRequest& request);
  absl::StatusOr<ucontrol::v1::ListMemoriesResponse> Call(
      const ucontrol::v1::ListMemoriesRequest& request);
  absl::StatusOr<google::protobuf::Empty> Call(const ucontrol::v1::DeleteMemoryRequest& request);
  absl::StatusOr<ucontrol::v1::GetVersionResponse> Call(
      const ucontrol::v1::GetVersionRequest& request);

  // Each message goes to `take`, until it returns false.
  absl::Status Read(const ucontrol::v1::ReadMemoryRequest& request,
                    const std::function<bool(const ucontrol::v1::ReadMemoryResponse&)>& take);
  absl::Status Watch(const ucontrol::v1::WatchEventsRequest& request,
                     const std::function<bool(const ucontrol::v1::WatchEventsResponse&)>& take);

  // `next` fills in each message, until it returns false.
  absl::StatusOr<ucontrol::v1::WriteMemoryResponse> Write(
      const std::function<bool(ucontrol::v1::WriteMemoryRequest&)>& next);

  // One thread may read and another write.
  class Console {
   public:
    virtual ~Console() = default;
    virtual bool Read(ucontrol::v1::AttachConsoleResponse* response) = 0;
    virtual bool Write(const ucontrol::v1::AttachConsoleRequest& request) = 0;
    // Ends Read and Write. Any thread.
    virtual void Cancel() = 0;
    // How it ended. Nobody reads or writes any more.
    virtual absl::Status Finish() = 0;
  };
  std::unique_ptr<Console> Attach();

 private:
  struct Stubs;
  explicit Client(std::unique_ptr<Stubs> stubs);

  std::unique_ptr<Stubs> stubs_;
};

}  // namespace services::cli

#endif  // SERVICES_CLI_CLIENT_H_
