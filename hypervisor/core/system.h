// What all VMs of one software device share: the machine, the storage keys, the engine, the files.
#ifndef HYPERVISOR_CORE_SYSTEM_H_
#define HYPERVISOR_CORE_SYSTEM_H_

#include <functional>
#include <memory>

#include "hypervisor/core/file.h"
#include "hypervisor/core/file_table.h"
#include "hypervisor/core/machine.h"
#include "hypervisor/sie/sie.h"
#include "hypervisor/storage/storage_key.h"

namespace hypervisor {

using EngineFactory = std::function<std::unique_ptr<Sie>(const SieEnvironment&)>;

struct System {
  explicit System(int open_files) : files(open_files) {}

  Machine machine;
  EngineFactory engine;
  bool sys_admin = true;        // whether our callers count as having CAP_SYS_ADMIN
  bool pages_in_files = false;  // vCPU pages can be mapped through File::Backing
  StorageKeys keys;
  FileTable files;
};

// /dev/kvm itself.
class SystemFile : public File {
 public:
  explicit SystemFile(System& system) : system_(system) {}
  int64_t Ioctl(uint32_t request, uint64_t argument) override;

 private:
  System& system_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_SYSTEM_H_
