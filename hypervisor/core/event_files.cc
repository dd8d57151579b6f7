#include "hypervisor/core/event_files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "hypervisor/core/absolute_access.h"
#include "hypervisor/core/capabilities.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

bool IsOpen(int64_t fd) {
  return fcntl(static_cast<int>(fd), F_GETFD) >= 0;
}

bool IsWidth(uint32_t length) {
  return length == 0 || length == 1 || length == 2 || length == 4 || length == 8;
}

// Two watches would see the same event.
bool Collide(const uapi::Ioeventfd& a, const uapi::Ioeventfd& b) {
  constexpr uint32_t kBus = uapi::kIoeventfdPio | uapi::kIoeventfdVirtioCcw;
  if ((a.flags & kBus) != (b.flags & kBus) || a.addr != b.addr) return false;
  if (a.len == 0 || b.len == 0) return true;
  if (a.len != b.len) return false;
  const bool any = !(a.flags & b.flags & uapi::kIoeventfdDatamatch);
  return any || a.datamatch == b.datamatch;
}

// The byte that bit `offset` (numbered from the left) above `address` is in has to lie in the same
// page as `address`.
bool StaysInPage(uint64_t address, uint64_t offset) {
  return (address & kPageMask) + offset / 8 < kPageSize;
}

int CheckAdapterRoute(const Vm& vm, const uapi::IrqRoutingEntry& entry) {
  if (vm.ucontrol) return EINVAL;
  if (!StaysInPage(entry.ind_addr, entry.ind_offset)) return EINVAL;
  if (!StaysInPage(entry.summary_addr, entry.summary_offset)) return EINVAL;
  for (const uint64_t address : {entry.ind_addr, entry.summary_addr}) {
    if (!FindUserAddress(vm, GuestAbsolute(address))) return EFAULT;
  }
  return 0;
}

}  // namespace

int EventFiles::Bind(const uapi::Irqfd& irqfd) {
  const Binding binding{irqfd.fd, irqfd.gsi};
  if (irqfd.flags & uapi::kIrqfdDeassign) {
    bindings_.erase(binding);
    return 0;
  }
  const bool bound = std::any_of(bindings_.begin(), bindings_.end(),
                                 [&](const Binding& b) { return b.fd == irqfd.fd; });
  if (bound) return EBUSY;
  bindings_.insert(binding);
  return 0;
}

int EventFiles::Watch(const uapi::Ioeventfd& event) {
  if (event.flags & uapi::kIoeventfdDeassign) {
    uapi::Ioeventfd wanted = event;
    wanted.flags &= ~uapi::kIoeventfdDeassign;
    const auto found =
        std::find_if(watches_.begin(), watches_.end(), [&](const uapi::Ioeventfd& watch) {
          return watch.fd == wanted.fd && watch.addr == wanted.addr && watch.len == wanted.len &&
                 watch.flags == wanted.flags &&
                 (!(watch.flags & uapi::kIoeventfdDatamatch) ||
                  watch.datamatch == wanted.datamatch);
        });
    if (found == watches_.end()) return ENOENT;
    watches_.erase(found);
    return 0;
  }
  for (const uapi::Ioeventfd& watch : watches_) {
    if (Collide(watch, event)) return EEXIST;
  }
  watches_.push_back(event);
  return 0;
}

int64_t SetGsiRouting(Vm& vm, uint64_t argument) {
  uapi::IrqRouting header;
  if (!CopyFromUser(&header, argument, sizeof(header))) return -EFAULT;
  if (header.nr > kIrqRoutes || header.flags) return -EINVAL;
  std::vector<uapi::IrqRoutingEntry> entries(header.nr);
  if (header.nr != 0 &&
      !CopyFromUser(entries.data(), argument + sizeof(header), entries.size() * sizeof(entries[0])))
    return -EFAULT;
  std::set<uint32_t> seen;
  for (const uapi::IrqRoutingEntry& entry : entries) {
    if (entry.gsi >= kIrqRoutes || entry.flags || !seen.insert(entry.gsi).second) return -EINVAL;
    if (entry.type != uapi::kRoutingS390Adapter) return -EINVAL;
    if (const int error = CheckAdapterRoute(vm, entry)) return -error;
  }
  return 0;
}

int64_t BindIrqfd(Vm& vm, const uapi::Irqfd& irqfd) {
  if (irqfd.flags & ~(uapi::kIrqfdDeassign | uapi::kIrqfdResample)) return -EINVAL;
  if (!IsOpen(static_cast<int32_t>(irqfd.fd))) return -EBADF;
  if (irqfd.flags & uapi::kIrqfdResample && !(irqfd.flags & uapi::kIrqfdDeassign) &&
      !IsOpen(static_cast<int32_t>(irqfd.resamplefd)))
    return -EBADF;
  const std::lock_guard lock(vm.mutex);
  return -vm.events.Bind(irqfd);
}

int64_t WatchIoeventfd(Vm& vm, const uapi::Ioeventfd& event) {
  constexpr uint32_t kValid = uapi::kIoeventfdDatamatch | uapi::kIoeventfdPio |
                              uapi::kIoeventfdDeassign | uapi::kIoeventfdVirtioCcw;
  const bool deassign = (event.flags & uapi::kIoeventfdDeassign) != 0;
  if (!deassign) {
    if (!IsWidth(event.len) || event.addr + event.len < event.addr || event.flags & ~kValid)
      return -EINVAL;
    if (event.len == 0 && event.flags & uapi::kIoeventfdDatamatch) return -EINVAL;
  }
  if (!IsOpen(event.fd)) return -EBADF;
  const std::lock_guard lock(vm.mutex);
  return -vm.events.Watch(event);
}

}  // namespace hypervisor
