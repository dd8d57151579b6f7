// The named memories of a machine: what clients map into its storage.
#ifndef UCONTROL_MEMORIES_H_
#define UCONTROL_MEMORIES_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hypervisor/arch/address.h"

namespace ucontrol {

// Any thread.
class Memories {
 public:
  struct Options {
    uint64_t size = 0;        // a multiple of 1 MiB
    bool huge_pages = false;  // of the host, where it grants them
    // A file without a name, which the host keeps in pages of 4 KiB unless its administrator has
    // set shmem_enabled; false: anonymous memory of this process.
    bool shared = true;
  };

  struct Memory {
    std::string name;
    Options options;
    hypervisor::UserAddress user;
  };

  Memories() = default;
  ~Memories();
  Memories(const Memories&) = delete;
  Memories& operator=(const Memories&) = delete;

  // Zeroed. ALREADY_EXISTS, INVALID_ARGUMENT for the size, RESOURCE_EXHAUSTED if the host refuses.
  absl::Status Create(absl::string_view name, const Options& options);

  // Gives the pages back. The caller has made sure that nothing maps it. What still holds a
  // pointer reads zeros until the machine ends.
  absl::Status Delete(absl::string_view name);

  // Our memory behind [offset, offset + length); NOT_FOUND, OUT_OF_RANGE.
  absl::StatusOr<hypervisor::UserAddress> Locate(absl::string_view name, uint64_t offset,
                                                 uint64_t length) const;

  absl::StatusOr<Memory> Find(absl::string_view name) const;
  std::vector<Memory> List() const;

 private:
  struct Reservation {
    void* start;
    uint64_t size;
  };
  struct Owned {
    Memory memory;
    Reservation reservation;
    int file;  // -1: none
  };

  mutable std::mutex mutex_;
  std::map<std::string, Owned> memories_;
  std::vector<Reservation> deleted_;
};

}  // namespace ucontrol

#endif  // UCONTROL_MEMORIES_H_
