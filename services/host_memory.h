// Memory of this process that guests are shown.
#ifndef SERVICES_HOST_MEMORY_H_
#define SERVICES_HOST_MEMORY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hypervisor/arch/address.h"

namespace services {

// A memfd, or anonymous memory in the host's huge pages where it grants them (a memfd seldom gets
// any); mapped on a 1 MiB boundary; its pages come as they are touched. Lives as long as
// anything that is mapped to it. Any thread; a guest may change what is being read.
class HostMemory {
 public:
  // RESOURCE_EXHAUSTED if the host refuses.
  static absl::StatusOr<std::shared_ptr<HostMemory>> Create(const std::string& name, uint64_t size);
  static absl::StatusOr<std::shared_ptr<HostMemory>> CreateAnonymous(const std::string& name,
                                                                     uint64_t size);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  const std::string& name() const { return name_; }
  uint64_t size() const { return size_; }
  hypervisor::UserAddress user() const;

  // A descriptor of the same bytes that the caller owns; FAILED_PRECONDITION if it is anonymous.
  absl::StatusOr<int> Duplicate() const;

  // OUT_OF_RANGE if the range passes the end.
  absl::StatusOr<std::string> Read(uint64_t offset, uint64_t length) const;
  absl::Status Write(uint64_t offset, absl::string_view bytes);

  // Where the bytes are, if the range is inside.
  absl::StatusOr<uint8_t*> Locate(uint64_t offset, uint64_t length) const;

 private:
  HostMemory(std::string name, uint64_t size, int file, uint8_t* start)
      : name_(std::move(name)), size_(size), file_(file), start_(start) {}

  const std::string name_;
  const uint64_t size_;
  const int file_;  // -1: anonymous
  uint8_t* const start_;
};

}  // namespace services

#endif  // SERVICES_HOST_MEMORY_H_
