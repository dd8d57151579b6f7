#include "services/operations_service.h"

#include <algorithm>
#include <string>

#include "absl/time/time.h"
#include "google/protobuf/util/time_util.h"
#include "services/failure.h"
#include "services/filter.h"
#include "services/page.h"
#include "services/resource_name.h"
#include "ucontrol/v1/machine.pb.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
namespace longrunning = google::longrunning;
using google::protobuf::Empty;
using google::protobuf::util::TimeUtil;

constexpr absl::Duration kLongestWait = absl::Minutes(10);

std::string OwnerOf(const longrunning::Operation& operation) {
  v1::StopMachineMetadata metadata;
  return operation.metadata().UnpackTo(&metadata) ? metadata.principal() : std::string();
}

}  // namespace

absl::StatusOr<OperationsService::OperationPtr> OperationsService::Find(
    const Caller& caller, const std::string& name) const {
  if (absl::Status named = CheckOperationName("name", name); !named.ok()) return named;
  const OperationPtr operation = registry_.Find<longrunning::Operation>(name);
  if (operation && caller.MaySee(OwnerOf(*operation))) return operation;
  if (caller.role == v1::ROLE_OPERATOR) return ResourceDenied(name);
  return NoSuchResource(name);
}

grpc::Status OperationsService::ListOperations(grpc::ServerContext* context,
                                               const longrunning::ListOperationsRequest* request,
                                               longrunning::ListOperationsResponse* response) {
  return gate_.Read<longrunning::ListOperationsResponse>(
      context, "Operations.ListOperations", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<longrunning::ListOperationsResponse> {
        const absl::StatusOr<PageStart> start =
            PageStart::Parse(request->page_size(), request->page_token(), request->filter());
        if (!start.ok()) return start.status();
        const absl::StatusOr<Filter> filter =
            ParseFilter(*longrunning::Operation::descriptor(), request->filter());
        if (!filter.ok()) return filter.status();
        const auto page = PageOf(
            registry_.List<longrunning::Operation>(), *start,
            [](const auto& operation) { return operation->name(); },
            [&](const auto& operation) {
              return caller.MaySee(OwnerOf(*operation)) && (*filter)(*operation);
            });
        longrunning::ListOperationsResponse listed;
        for (const auto& operation : page.items) *listed.add_operations() = *operation;
        listed.set_next_page_token(page.next_token);
        return listed;
      });
}

grpc::Status OperationsService::GetOperation(grpc::ServerContext* context,
                                             const longrunning::GetOperationRequest* request,
                                             longrunning::Operation* response) {
  return gate_.Read<longrunning::Operation>(
      context, "Operations.GetOperation", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<longrunning::Operation> {
        const auto operation = Find(caller, request->name());
        if (!operation.ok()) return operation.status();
        return **operation;
      });
}

grpc::Status OperationsService::DeleteOperation(grpc::ServerContext* context,
                                                const longrunning::DeleteOperationRequest* request,
                                                Empty* response) {
  return gate_.Mutate<longrunning::DeleteOperationRequest, Empty>(
      context, "Operations.DeleteOperation", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<Empty> {
        const auto operation = Find(caller, request->name());
        if (!operation.ok()) return operation.status();
        if (!(*operation)->done()) {
          return PreconditionNotMet("OPERATION_RUNNING", request->name(), "isn't done yet");
        }
        absl::Status erased = registry_.Erase<longrunning::Operation>(
            request->name(), v1::Event::KIND_UNSPECIFIED, caller.author());
        if (!erased.ok()) return erased;
        return Empty();
      });
}

grpc::Status OperationsService::CancelOperation(grpc::ServerContext* context,
                                                const longrunning::CancelOperationRequest* request,
                                                Empty* response) {
  return gate_.Mutate<longrunning::CancelOperationRequest, Empty>(
      context, "Operations.CancelOperation", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<Empty> {
        const auto operation = Find(caller, request->name());
        if (!operation.ok()) return operation.status();
        operations_.Cancel(request->name());
        return Empty();
      });
}

grpc::Status OperationsService::WaitOperation(grpc::ServerContext* context,
                                              const longrunning::WaitOperationRequest* request,
                                              longrunning::Operation* response) {
  const auto act = [&](const Caller& caller) -> absl::Status {
    const auto operation = Find(caller, request->name());
    if (!operation.ok()) return operation.status();
    absl::Duration timeout = kLongestWait;
    if (request->has_timeout()) {
      const int64_t asked = TimeUtil::DurationToMilliseconds(request->timeout());
      timeout = std::clamp(absl::Milliseconds(asked), absl::ZeroDuration(), kLongestWait);
    }
    operations_.Wait(request->name(), timeout, [context] { return context->IsCancelled(); });
    const auto waited = Find(caller, request->name());
    *response = waited.ok() ? **waited : **operation;
    return absl::OkStatus();
  };
  return gate_.Stream(context, "Operations.WaitOperation", v1::ROLE_VIEWER, act);
}

}  // namespace services
