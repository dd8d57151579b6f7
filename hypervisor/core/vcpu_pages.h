// The two pages of a vCPU that user space maps: kvm_run and the page of the SIE block.
#ifndef HYPERVISOR_CORE_VCPU_PAGES_H_
#define HYPERVISOR_CORE_VCPU_PAGES_H_

#include <cstdint>
#include <memory>

#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {

class VcpuPages {
 public:
  // What user space can reach through the vCPU's file. The SIE block of a regular VM is not its
  // business.
  enum class Shown { kRunOnly, kRunAndSieBlock };

  // Zeroed. With `in_file`, user space may map them through backing(). Null: out of memory.
  static std::unique_ptr<VcpuPages> Allocate(Shown shown, bool in_file);

  VcpuPages(const VcpuPages&) = delete;
  VcpuPages& operator=(const VcpuPages&) = delete;
  ~VcpuPages();

  uapi::Run& run() const { return *static_cast<uapi::Run*>(run_page_); }
  uapi::SieBlock& block() const { return *static_cast<uapi::SieBlock*>(sie_page_); }

  // Null if user space has no such page.
  void* Page(uint64_t number) const;

  // A descriptor whose bytes the pages are, or -1.
  int backing() const { return backing_; }

 private:
  VcpuPages() = default;

  void* run_page_ = nullptr;
  void* sie_page_ = nullptr;
  Shown shown_ = Shown::kRunOnly;
  int backing_ = -1;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_VCPU_PAGES_H_
