#include "hypervisor/core/stats_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace hypervisor {
namespace {

constexpr uint32_t kNameSize = 48;  // KVM_STATS_NAME_SIZE

struct Contents {
  uint32_t flags = 0;
  uint32_t name_size = kNameSize;
  uint32_t num_desc = 0;
  uint32_t id_offset = 24;
  uint32_t desc_offset = 24 + kNameSize;
  uint32_t data_offset = 24 + kNameSize;
  char id[kNameSize] = {};
};
static_assert(sizeof(Contents) == 24 + kNameSize);

int64_t Open(Vm& vm, const std::string& id) {
  return vm.system.files.Open(
      std::make_unique<StatsFile>(vm.shared_from_this(), id, vm.system.pages_in_files));
}

}  // namespace

StatsFile::StatsFile(std::shared_ptr<Vm> vm, const std::string& id, bool in_file)
    : vm_(std::move(vm)) {
  if (!in_file) return;
  backing_ = memfd_create("kvm-stats", MFD_CLOEXEC);
  if (backing_ < 0) return;
  Contents contents;
  id.copy(contents.id, sizeof(contents.id) - 1);
  // A short file is what a reader without memory would get; there is nobody to tell.
  if (pwrite(backing_, &contents, sizeof(contents), 0) != sizeof(contents)) lseek(backing_, 0, 0);
}

StatsFile::~StatsFile() {
  if (backing_ >= 0) close(backing_);
}

int64_t OpenVmStats(Vm& vm, uint64_t) {
  return Open(vm, "kvm-" + std::to_string(getpid()));
}

int64_t OpenVcpuStats(Vcpu& vcpu, uint64_t) {
  return Open(vcpu.vm(), "kvm-" + std::to_string(getpid()) + "/vcpu-" + std::to_string(vcpu.id()));
}

}  // namespace hypervisor
