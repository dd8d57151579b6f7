// The memories of the daemon: what they are in the registry, their bytes at the host.
#ifndef SERVICES_MEMORY_STORE_H_
#define SERVICES_MEMORY_STORE_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/access.h"
#include "services/budget.h"
#include "services/fleet.h"
#include "services/machine_host.h"
#include "services/name_locks.h"
#include "services/registry.h"
#include "ucontrol/v1/memory.pb.h"

namespace services {

// Any thread.
class MemoryStore {
 public:
  using Memory = ucontrol::v1::Memory;

  static constexpr uint64_t kLargestPiece = uint64_t{1} << 20;

  MemoryStore(Registry& registry, MachineHost& host, Budget& budget, const Fleet& fleet)
      : registry_(registry), host_(host), budget_(budget), fleet_(fleet) {}

  absl::StatusOr<Memory> Create(const Caller& caller,
                                const ucontrol::v1::CreateMemoryRequest& request);
  absl::StatusOr<Memory> Update(const Caller& caller,
                                const ucontrol::v1::UpdateMemoryRequest& request);
  absl::Status Delete(const Caller& caller, const ucontrol::v1::DeleteMemoryRequest& request);

  // A memory, or a machine's main storage, that the caller may read and write.
  struct Bytes {
    std::string name;
    bool is_machine = false;
    uint64_t size = 0;
  };
  absl::StatusOr<Bytes> Find(const Caller& caller, const std::string& name) const;

  // At most kLargestPiece at a time, inside `bytes.size`.
  absl::StatusOr<std::string> Read(const Bytes& bytes, uint64_t offset, uint64_t length);
  absl::Status Write(const Bytes& bytes, uint64_t offset, absl::string_view content);

  // A memory that may be mapped, and OUT_OF_RANGE if the range passes its end.
  absl::Status CheckMappable(const Caller& caller, const SegmentRange& range) const;

  // Deletes what is past its time and not in use.
  void Expire();

 private:
  absl::Status Erase(const Memory& memory, Registry::Kind kind, const Author& author);

  Registry& registry_;
  MachineHost& host_;
  Budget& budget_;
  const Fleet& fleet_;
  NameLocks locks_;
};

}  // namespace services

#endif  // SERVICES_MEMORY_STORE_H_
