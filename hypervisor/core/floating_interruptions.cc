#include "hypervisor/core/floating_interruptions.h"

#include <algorithm>
#include <cerrno>

#include "hypervisor/arch/control_registers.h"

namespace hypervisor {
namespace {

constexpr size_t kMaxIo = 266250;
constexpr size_t kMaxVirtio = 87381;
constexpr size_t kMaxPfaultDone = 64 * 255;

// Parameter of a service signal: address of the completed SCCB, and events pending.
constexpr uint32_t kSccb = 0xfffffff8;
constexpr uint32_t kEventPending = 0x3;

size_t Subclass(const uapi::Irq& irq) {
  return (irq.io.io_int_word & 0x38000000) >> 27;
}

int Append(std::deque<uapi::Irq>& queue, const uapi::Irq& irq, size_t limit) {
  if (queue.size() >= limit) return EBUSY;
  queue.push_back(irq);
  return 0;
}

}  // namespace

size_t FloatingInterruptions::IoCount() const {
  size_t count = 0;
  for (const auto& queue : io_) count += queue.size();
  return count;
}

int FloatingInterruptions::Add(const uapi::Irq& irq) {
  const std::lock_guard lock(mutex_);
  if (IsIo(irq.type)) {
    if (IoCount() >= kMaxIo) return EBUSY;
    io_[Subclass(irq)].push_back(irq);
    return 0;
  }
  switch (irq.type) {
    case uapi::kIntVirtio:
      return Append(virtio_, irq, kMaxVirtio);
    case uapi::kIntPfaultDone:
      return Append(pfault_done_, irq, kMaxPfaultDone);
    case uapi::kIntService: {
      // One SCCB at a time: a second one is dropped, its event bits are not.
      if (!service_) {
        service_.emplace();
        service_->type = uapi::kIntService;
      }
      uint32_t& pending = service_->ext.ext_params;
      pending |= irq.ext.ext_params & kEventPending;
      if (!(pending & kSccb)) pending |= irq.ext.ext_params & kSccb;
      return 0;
    }
    case uapi::kMchk:
      if (!machine_check_) {
        machine_check_.emplace();
        machine_check_->type = uapi::kMchk;
      }
      machine_check_->mchk.cr14 |= irq.mchk.cr14 & cr14::kChannelReport;
      machine_check_->mchk.mcic |= irq.mchk.mcic;
      return 0;
    default:
      return EINVAL;
  }
}

std::vector<uapi::Irq> FloatingInterruptions::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<uapi::Irq> list;
  for (const auto& queue : io_) list.insert(list.end(), queue.begin(), queue.end());
  list.insert(list.end(), pfault_done_.begin(), pfault_done_.end());
  list.insert(list.end(), virtio_.begin(), virtio_.end());
  if (service_) list.push_back(*service_);
  if (machine_check_) list.push_back(*machine_check_);
  return list;
}

void FloatingInterruptions::Clear() {
  const std::lock_guard lock(mutex_);
  for (auto& queue : io_) queue.clear();
  pfault_done_.clear();
  virtio_.clear();
  service_.reset();
  machine_check_.reset();
}

void FloatingInterruptions::ClearIo(uint32_t subchannel) {
  const std::lock_guard lock(mutex_);
  for (auto& queue : io_) {
    std::erase_if(queue, [subchannel](const uapi::Irq& irq) {
      return (uint32_t{irq.io.subchannel_id} << 16 | irq.io.subchannel_nr) == subchannel;
    });
  }
}

bool WidenFloating(const uapi::Interrupt& from, uapi::Irq& irq) {
  irq = {};
  irq.type = from.type;
  if (FloatingInterruptions::IsIo(from.type)) {
    irq.io.subchannel_id = static_cast<uint16_t>(from.parm >> 16);
    irq.io.subchannel_nr = static_cast<uint16_t>(from.parm);
    irq.io.io_int_parm = static_cast<uint32_t>(from.parm64 >> 32);
    irq.io.io_int_word = static_cast<uint32_t>(from.parm64);
    return true;
  }
  switch (from.type) {
    case uapi::kIntVirtio:
    case uapi::kIntService:
    case uapi::kIntPfaultDone:
      irq.ext.ext_params = from.parm;
      irq.ext.ext_params2 = from.parm64;
      return true;
    case uapi::kMchk:
      irq.mchk.cr14 = from.parm;
      irq.mchk.mcic = from.parm64;
      return true;
    default:
      return false;
  }
}

}  // namespace hypervisor
