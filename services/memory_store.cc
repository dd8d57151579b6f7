#include "services/memory_store.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/util/time_util.h"
#include "services/definition.h"
#include "services/failure.h"
#include "services/identifier.h"
#include "services/log.h"
#include "services/resource_name.h"
#include "services/update_mask.h"
#include "services/visible.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
using google::protobuf::util::TimeUtil;
using v1::Event;

const std::set<std::string>& Writable() {
  static const auto* const kFields =
      new std::set<std::string>{"labels", "expire_time", "ttl", "machine"};
  return *kFields;
}

}  // namespace

absl::StatusOr<v1::Memory> MemoryStore::Create(const Caller& caller,
                                               const v1::CreateMemoryRequest& request) {
  const Limits limits = fleet_.limits();
  const std::string id = request.memory_id().empty() ? RandomId("memory") : request.memory_id();
  if (!IsResourceId(id)) {
    return InvalidField("memory_id",
                        "has 1 to 63 of a-z, 0-9 and '-', begins with a letter and doesn't end in "
                        "'-'",
                        "INVALID_NAME");
  }
  Memory memory;
  absl::Status taken = ApplyUpdate(request.memory(), {}, Writable(), memory);
  if (!taken.ok()) return taken;
  memory.set_size_bytes(request.memory().size_bytes());
  memory.set_name("memories/" + id);
  memory.set_uid(RandomUuid());
  memory.set_owner(caller.principal);
  memory.set_state(v1::MEMORY_STATE_READY);
  if (absl::Status status = CompleteDefinition(limits, memory); !status.ok()) return status;
  if (!memory.machine().empty()) {
    const auto machine = FindChangeable<v1::Machine>(registry_, caller, memory.machine());
    if (!machine.ok()) return machine.status();
  }
  NameLocks::Held held(locks_, memory.name());
  if (registry_.Find<Memory>(memory.name())) return ResourceExists(memory.name());
  if (static_cast<int64_t>(registry_.Count<Memory>()) >= limits.memories) {
    return LimitReached("memories", limits.memories, "one more memory");
  }
  const std::string name = memory.name();
  const int64_t size = memory.size_bytes();
  if (absl::Status reserved = budget_.Reserve(size); !reserved.ok()) return reserved;
  absl::Status made = host_.CreateMemory(name, static_cast<uint64_t>(size));
  if (made.ok()) {
    const auto created =
        registry_.Create<Memory>(std::move(memory), Event::KIND_MEMORY_CREATED, caller.author());
    if (created.ok()) return **created;
    made = created.status();
    host_.DeleteMemory(name).IgnoreError();
  }
  budget_.Release(size);
  return made;
}

absl::StatusOr<v1::Memory> MemoryStore::Update(const Caller& caller,
                                               const v1::UpdateMemoryRequest& request) {
  const Memory& wanted = request.memory();
  if (absl::Status named = CheckMemoryName("memory.name", wanted.name()); !named.ok()) return named;
  NameLocks::Held held(locks_, wanted.name());
  const auto memory = FindChangeable<Memory>(registry_, caller, wanted.name());
  if (!memory.ok()) return memory.status();
  absl::Status etag = CheckEtag(wanted.name(), wanted.etag(), (*memory)->etag());
  if (!etag.ok()) return etag;
  const auto changed = registry_.Change<Memory>(
      wanted.name(), Event::KIND_MEMORY_UPDATED, caller.author(),
      [&](Memory& edited) -> absl::Status {
        absl::Status status = ApplyUpdate(wanted, request.update_mask(), Writable(), edited);
        if (status.ok()) status = CompleteDefinition(fleet_.limits(), edited);
        if (!status.ok() || edited.machine().empty()) return status;
        return FindChangeable<v1::Machine>(registry_, caller, edited.machine()).status();
      });
  if (!changed.ok()) return changed.status();
  return **changed;
}

absl::Status MemoryStore::Erase(const Memory& memory, Registry::Kind kind, const Author& author) {
  if (memory.state() != v1::MEMORY_STATE_READY) {
    return registry_.Erase<Memory>(memory.name(), kind, author);
  }
  if (host_.MemoryInUse(memory.name())) {
    return PreconditionNotMet("MEMORY_IN_USE", memory.name(),
                              "is mapped, or a device's, in an active machine");
  }
  absl::Status erased = registry_.Erase<Memory>(memory.name(), kind, author);
  if (!erased.ok()) return erased;
  // Somebody may have mapped it just now; then it goes with the daemon.
  if (host_.DeleteMemory(memory.name()).ok()) budget_.Release(memory.size_bytes());
  return absl::OkStatus();
}

absl::Status MemoryStore::Delete(const Caller& caller, const v1::DeleteMemoryRequest& request) {
  NameLocks::Held held(locks_, request.name());
  const auto memory = FindChangeable<Memory>(registry_, caller, request.name());
  if (absl::IsNotFound(memory.status()) && request.allow_missing()) return absl::OkStatus();
  if (!memory.ok()) return memory.status();
  absl::Status etag = CheckEtag(request.name(), request.etag(), (*memory)->etag());
  if (!etag.ok()) return etag;
  return Erase(**memory, Event::KIND_MEMORY_DELETED, caller.author());
}

absl::StatusOr<MemoryStore::Bytes> MemoryStore::Find(const Caller& caller,
                                                     const std::string& name) const {
  if (!IsMemoryName(name)) {
    if (absl::Status named = CheckMachineName("name", name); !named.ok()) return named;
    const auto machine = FindChangeable<v1::Machine>(registry_, caller, name);
    if (!machine.ok()) return machine.status();
    const absl::StatusOr<uint64_t> size = host_.StorageSize(name);
    if (!size.ok()) return size.status();
    return Bytes{name, true, *size};
  }
  const auto memory = FindChangeable<Memory>(registry_, caller, name);
  if (!memory.ok()) return memory.status();
  if ((*memory)->state() != v1::MEMORY_STATE_READY) {
    return PreconditionNotMet("MEMORY_LOST", name, "lost its bytes when the daemon ended");
  }
  return Bytes{name, false, static_cast<uint64_t>((*memory)->size_bytes())};
}

absl::StatusOr<std::string> MemoryStore::Read(const Bytes& bytes, uint64_t offset,
                                              uint64_t length) {
  return bytes.is_machine ? host_.ReadStorage(bytes.name, offset, length)
                          : host_.ReadMemory(bytes.name, offset, length);
}

absl::Status MemoryStore::Write(const Bytes& bytes, uint64_t offset, absl::string_view content) {
  return bytes.is_machine ? host_.WriteStorage(bytes.name, offset, content)
                          : host_.WriteMemory(bytes.name, offset, content);
}

absl::Status MemoryStore::CheckMappable(const Caller& caller, const SegmentRange& range) const {
  if (absl::Status named = CheckMemoryName("memory", range.memory); !named.ok()) return named;
  const absl::StatusOr<Bytes> bytes = Find(caller, range.memory);
  if (!bytes.ok()) return bytes.status();
  if (range.memory_offset <= bytes->size && range.length <= bytes->size - range.memory_offset) {
    return absl::OkStatus();
  }
  return FieldOutOfRange(
      "BEHIND_MEMORY_END", "length",
      absl::StrFormat("0x%x from 0x%x on passes the end of %s at 0x%x", range.length,
                      range.memory_offset, range.memory, bytes->size));
}

void MemoryStore::Expire() {
  const google::protobuf::Timestamp now = TimeUtil::GetCurrentTime();
  for (const auto& listed : registry_.List<Memory>()) {
    const bool orphan =
        !listed->machine().empty() && !registry_.Find<v1::Machine>(listed->machine());
    const bool late = listed->has_expire_time() && listed->expire_time() <= now;
    if (!orphan && !late) continue;
    NameLocks::Held held(locks_, listed->name());
    const auto memory = registry_.Find<Memory>(listed->name());
    if (!memory || memory->etag() != listed->etag()) continue;
    if (Erase(*memory, Event::KIND_MEMORY_EXPIRED, {}).ok()) {
      Log(Severity::kInfo, "memory expired", {{"memory", memory->name()}});
    }
  }
}

}  // namespace services
