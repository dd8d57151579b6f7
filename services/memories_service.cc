#include "services/memories_service.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/list.h"
#include "services/resource_name.h"
#include "services/visible.h"

namespace services {

namespace v1 = ucontrol::v1;
using google::protobuf::Empty;
using grpc::ServerContext;
using grpc::Status;

Status MemoriesService::CreateMemory(ServerContext* context, const v1::CreateMemoryRequest* request,
                                     v1::Memory* response) {
  return gate_.Mutate<v1::CreateMemoryRequest, v1::Memory>(
      context, "Memories.CreateMemory", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) { return store_.Create(caller, *request); });
}

Status MemoriesService::GetMemory(ServerContext* context, const v1::GetMemoryRequest* request,
                                  v1::Memory* response) {
  return gate_.Read<v1::Memory>(context, "Memories.GetMemory", v1::ROLE_VIEWER, response,
                                [&](const Caller& caller) -> absl::StatusOr<v1::Memory> {
                                  absl::Status named = CheckMemoryName("name", request->name());
                                  if (!named.ok()) return named;
                                  const auto memory =
                                      FindVisible<v1::Memory>(registry_, caller, request->name());
                                  if (!memory.ok()) return memory.status();
                                  return **memory;
                                });
}

Status MemoriesService::ListMemories(ServerContext* context, const v1::ListMemoriesRequest* request,
                                     v1::ListMemoriesResponse* response) {
  return gate_.Read<v1::ListMemoriesResponse>(
      context, "Memories.ListMemories", v1::ROLE_VIEWER, response,
      [&](const Caller& caller) -> absl::StatusOr<v1::ListMemoriesResponse> {
        const auto page = ListVisible<v1::Memory>(registry_, caller, *request);
        if (!page.ok()) return page.status();
        v1::ListMemoriesResponse listed;
        for (const auto& memory : page->items) *listed.add_memories() = *memory;
        listed.set_next_page_token(page->next_token);
        return listed;
      });
}

Status MemoriesService::UpdateMemory(ServerContext* context, const v1::UpdateMemoryRequest* request,
                                     v1::Memory* response) {
  return gate_.Mutate<v1::UpdateMemoryRequest, v1::Memory>(
      context, "Memories.UpdateMemory", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) { return store_.Update(caller, *request); });
}

Status MemoriesService::DeleteMemory(ServerContext* context, const v1::DeleteMemoryRequest* request,
                                     Empty* response) {
  return gate_.Mutate<v1::DeleteMemoryRequest, Empty>(
      context, "Memories.DeleteMemory", v1::ROLE_OPERATOR, *request, response,
      [&](const Caller& caller) -> absl::StatusOr<Empty> {
        absl::Status status = CheckMemoryName("name", request->name());
        if (status.ok()) status = store_.Delete(caller, *request);
        if (!status.ok()) return status;
        return Empty();
      });
}

Status MemoriesService::ReadMemory(ServerContext* context, const v1::ReadMemoryRequest* request,
                                   grpc::ServerWriter<v1::ReadMemoryResponse>* writer) {
  return gate_.Stream(
      context, "Memories.ReadMemory", v1::ROLE_OPERATOR, [&](const Caller& caller) -> absl::Status {
        const absl::StatusOr<MemoryStore::Bytes> bytes = store_.Find(caller, request->name());
        if (!bytes.ok()) return bytes.status();
        if (request->offset() < 0) return InvalidField("offset", "is negative");
        if (request->length() < 0) return InvalidField("length", "is negative");
        uint64_t offset = static_cast<uint64_t>(request->offset());
        uint64_t length = static_cast<uint64_t>(request->length());
        if (offset > bytes->size || length > bytes->size - offset) {
          return FieldOutOfRange("BEHIND_MEMORY_END", "length",
                                 absl::StrFormat("0x%x from 0x%x on passes the end at 0x%x", length,
                                                 offset, bytes->size));
        }
        if (length == 0) length = bytes->size - offset;
        v1::ReadMemoryResponse response;
        while (length > 0) {
          const uint64_t piece = std::min(length, MemoryStore::kLargestPiece);
          absl::StatusOr<std::string> content = store_.Read(*bytes, offset, piece);
          if (!content.ok()) return content.status();
          response.set_offset(static_cast<int64_t>(offset));
          response.set_content(*std::move(content));
          if (!writer->Write(response)) return absl::CancelledError("the client went away");
          offset += piece;
          length -= piece;
        }
        return absl::OkStatus();
      });
}

Status MemoriesService::WriteMemory(ServerContext* context,
                                    grpc::ServerReader<v1::WriteMemoryRequest>* reader,
                                    v1::WriteMemoryResponse* response) {
  std::string name;
  return gate_.Stream(
      context, "Memories.WriteMemory", v1::ROLE_OPERATOR,
      [&](const Caller& caller) -> absl::Status {
        v1::WriteMemoryRequest request;
        if (!reader->Read(&request)) return InvalidField("name", "no message came");
        name = request.name();
        const absl::StatusOr<MemoryStore::Bytes> bytes = store_.Find(caller, name);
        if (!bytes.ok()) return bytes.status();
        uint64_t next = 0;
        uint64_t committed = 0;
        do {
          if (!request.name().empty() && request.name() != name) {
            return InvalidField("name", "may only stand in the first message");
          }
          if (request.has_offset()) {
            if (request.offset() < 0) return InvalidField("offset", "is negative");
            next = static_cast<uint64_t>(request.offset());
          }
          const uint64_t length = request.content().size();
          if (length > MemoryStore::kLargestPiece) {
            return InvalidField("content", absl::StrCat("has ", length, " bytes, more than 1 MiB"));
          }
          if (next > bytes->size || length > bytes->size - next) {
            return FieldOutOfRange("BEHIND_MEMORY_END", "content",
                                   absl::StrFormat("0x%x bytes at 0x%x pass the end at 0x%x",
                                                   length, next, bytes->size));
          }
          if (length > 0) {
            absl::Status written = store_.Write(*bytes, next, request.content());
            if (!written.ok()) return written;
          }
          next += length;
          committed += length;
        } while (reader->Read(&request));
        if (context->IsCancelled()) return absl::CancelledError("the client went away");
        response->set_committed_bytes(static_cast<int64_t>(committed));
        return absl::OkStatus();
      },
      &name);
}

}  // namespace services
