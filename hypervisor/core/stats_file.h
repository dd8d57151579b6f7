// KVM_GET_STATS_FD: a file that says, in the kernel's binary form, that there are no statistics.
#ifndef HYPERVISOR_CORE_STATS_FILE_H_
#define HYPERVISOR_CORE_STATS_FILE_H_

#include <memory>
#include <string>
#include <utility>

#include "hypervisor/core/file.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {

class StatsFile : public File {
 public:
  // `id` names the VM or vCPU. With `in_file`, Backing can be read.
  StatsFile(std::shared_ptr<Vm> vm, const std::string& id, bool in_file);
  StatsFile(const StatsFile&) = delete;
  StatsFile& operator=(const StatsFile&) = delete;
  ~StatsFile() override;

  int64_t Ioctl(uint32_t, uint64_t) override { return -ENOTTY; }
  int Backing() const override { return backing_; }

 private:
  std::shared_ptr<Vm> vm_;
  int backing_ = -1;
};

int64_t OpenVmStats(Vm& vm, uint64_t);
int64_t OpenVcpuStats(Vcpu& vcpu, uint64_t);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_STATS_FILE_H_
