#include "hypervisor/core/vcpu_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include "hypervisor/arch/address.h"

namespace hypervisor {
namespace {

void* MapPage(int file, uint64_t page) {
  const int flags = file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
  void* address = mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, flags, file,
                       static_cast<off_t>(page * kPageSize));
  return address == MAP_FAILED ? nullptr : address;
}

}  // namespace

std::unique_ptr<VcpuPages> VcpuPages::Allocate(Shown shown, bool in_file) {
  std::unique_ptr<VcpuPages> pages(new VcpuPages);
  pages->shown_ = shown;
  const bool both = shown == Shown::kRunAndSieBlock;
  if (in_file) {
    pages->backing_ = memfd_create("kvm-vcpu", MFD_CLOEXEC);
    if (pages->backing_ < 0) return nullptr;
    if (ftruncate(pages->backing_, static_cast<off_t>((both ? 2 : 1) * kPageSize)) != 0)
      return nullptr;
  }
  pages->run_page_ = MapPage(pages->backing_, 0);
  pages->sie_page_ = MapPage(both ? pages->backing_ : -1, both && in_file ? 1 : 0);
  if (!pages->run_page_ || !pages->sie_page_) return nullptr;
  return pages;
}

VcpuPages::~VcpuPages() {
  if (run_page_) munmap(run_page_, kPageSize);
  if (sie_page_) munmap(sie_page_, kPageSize);
  if (backing_ >= 0) close(backing_);
}

void* VcpuPages::Page(uint64_t number) const {
  if (number == 0) return run_page_;
  if (number == uapi::kSiePageOffset && shown_ == Shown::kRunAndSieBlock) return sie_page_;
  return nullptr;
}

}  // namespace hypervisor
