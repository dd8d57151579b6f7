#include "hypervisor/core/flic.h"

#include <algorithm>
#include <vector>

#include "hypervisor/core/request.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMaxBuffer = 0x2000000;  // KVM_S390_FLIC_MAX_BUFFER
constexpr int kAdapterInterruptionSuppression = 72;
constexpr uint32_t kAdapterInterruptionType = 1u << 26;  // KVM_S390_INT_IO_AI_MASK
constexpr uint32_t kAdapterInterruptionWord = 0x80000000;

bool HasSuppression(const Vm& vm) {
  return HasFacility(vm.model.fac_list, kAdapterInterruptionSuppression);
}

int64_t AllIrqs(Vm& vm, const uapi::DeviceAttr& attr) {
  if (attr.attr == 0 || attr.attr > kMaxBuffer) return -EINVAL;
  const std::vector<uapi::Irq> irqs = vm.floating.List();
  if (irqs.size() > attr.attr / sizeof(uapi::Irq)) return -ENOMEM;
  if (!CopyToUser(attr.addr, irqs.data(), irqs.size() * sizeof(uapi::Irq))) return -EFAULT;
  return static_cast<int64_t>(irqs.size());
}

// Many at a time; one by one where some of them can't be read, since those before stay queued.
int64_t Enqueue(Vm& vm, const uapi::DeviceAttr& attr) {
  if (attr.attr % sizeof(uapi::Irq) != 0 || attr.attr > kMaxBuffer) return -EINVAL;
  std::array<uapi::Irq, 64> irqs;
  const uint64_t count = attr.attr / sizeof(uapi::Irq);
  for (uint64_t done = 0; done < count;) {
    const uint64_t from = attr.addr + done * sizeof(uapi::Irq);
    uint64_t step = std::min<uint64_t>(count - done, irqs.size());
    if (!CopyFromUser(irqs.data(), from, step * sizeof(uapi::Irq))) {
      step = 1;
      if (!CopyFromUser(irqs.data(), from, sizeof(uapi::Irq))) return -EFAULT;
    }
    for (uint64_t i = 0; i < step; ++i) {
      if (const int error = vm.floating.Add(irqs[i])) return -error;
    }
    done += step;
  }
  return 0;
}

int64_t ClearIrqs(Vm& vm, const uapi::DeviceAttr&) {
  vm.floating.Clear();
  return 0;
}

// Asynchronous page faults: refused for a UCONTROL VM; nothing in this core makes them otherwise.
int64_t SetAsyncPageFaults(Vm& vm, const uapi::DeviceAttr&) {
  return vm.ucontrol ? -EINVAL : 0;
}

int64_t RegisterAdapter(Vm& vm, const uapi::DeviceAttr& attr) {
  uapi::IoAdapter adapter;
  if (!CopyFromUser(&adapter, attr.addr, sizeof(adapter))) return -EFAULT;
  return -vm.adapters.Register(adapter);
}

int64_t ModifyAdapter(Vm& vm, const uapi::DeviceAttr& attr) {
  uapi::IoAdapterRequest request;
  if (!CopyFromUser(&request, attr.addr, sizeof(request))) return -EFAULT;
  switch (request.type) {
    case uapi::kIoAdapterMask:
      return -vm.adapters.SetMasked(request.id, request.mask != 0);
    case uapi::kIoAdapterMap:
      return -vm.adapters.Map(vm, request.id, request.addr);
    case uapi::kIoAdapterUnmap:
      return -vm.adapters.Unmap(request.id, request.addr);
    default:
      return -EINVAL;
  }
}

int64_t ClearIoIrq(Vm& vm, const uapi::DeviceAttr& attr) {
  uint32_t subchannel = 0;
  if (attr.flags || attr.attr != sizeof(subchannel)) return -EINVAL;
  if (!CopyFromUser(&subchannel, attr.addr, sizeof(subchannel))) return -EFAULT;
  if (subchannel == 0) return -EINVAL;
  vm.floating.ClearIo(subchannel);
  return 0;
}

int64_t SetSuppressionMode(Vm& vm, const uapi::DeviceAttr& attr) {
  if (!HasSuppression(vm)) return -EOPNOTSUPP;
  uapi::AisRequest request;
  if (!CopyFromUser(&request, attr.addr, sizeof(request))) return -EFAULT;
  return -vm.adapters.SetMode(request);
}

int64_t InjectAdapterInterruption(Vm& vm, const uapi::DeviceAttr& attr) {
  const auto id = static_cast<uint32_t>(attr.attr);
  if (!vm.adapters.exists(id)) return -EINVAL;
  const auto isc = vm.adapters.TakeInterruption(id, HasSuppression(vm));
  if (!isc) return 0;
  uapi::Irq irq{};
  irq.type = kAdapterInterruptionType;
  irq.io.io_int_word = kAdapterInterruptionWord | uint32_t{*isc} << 27;
  return -vm.floating.Add(irq);
}

int64_t AllSuppressionModes(Vm& vm, const uapi::DeviceAttr& attr) {
  if (attr.attr < sizeof(uapi::AisAll)) return -EINVAL;
  if (!HasSuppression(vm)) return -EOPNOTSUPP;
  const uapi::AisAll modes = vm.adapters.modes();
  return CopyToUser(attr.addr, &modes, sizeof(modes)) ? 0 : -EFAULT;
}

int64_t SetAllSuppressionModes(Vm& vm, const uapi::DeviceAttr& attr) {
  if (!HasSuppression(vm)) return -EOPNOTSUPP;
  uapi::AisAll modes;
  if (!CopyFromUser(&modes, attr.addr, sizeof(modes))) return -EFAULT;
  vm.adapters.SetModes(modes);
  return 0;
}

int64_t WrongDirection(Vm&, const uapi::DeviceAttr&) {
  return -EINVAL;
}

struct Group {
  uint32_t number;
  int64_t (*read)(Vm&, const uapi::DeviceAttr&);
  int64_t (*write)(Vm&, const uapi::DeviceAttr&);
};

constexpr auto kGroups = std::to_array<Group>({
    {uapi::kFlicGetAllIrqs, &AllIrqs, &WrongDirection},
    {uapi::kFlicEnqueue, &WrongDirection, &Enqueue},
    {uapi::kFlicClearIrqs, &WrongDirection, &ClearIrqs},
    {uapi::kFlicApfEnable, &WrongDirection, &SetAsyncPageFaults},
    {uapi::kFlicApfDisableWait, &WrongDirection, &SetAsyncPageFaults},
    {uapi::kFlicAdapterRegister, &WrongDirection, &RegisterAdapter},
    {uapi::kFlicAdapterModify, &WrongDirection, &ModifyAdapter},
    {uapi::kFlicClearIoIrq, &WrongDirection, &ClearIoIrq},
    {uapi::kFlicAism, &WrongDirection, &SetSuppressionMode},
    {uapi::kFlicAirqInject, &WrongDirection, &InjectAdapterInterruption},
    {uapi::kFlicAismAll, &AllSuppressionModes, &SetAllSuppressionModes},
});

const Group* Find(const uapi::DeviceAttr& attr) {
  const auto group = std::find_if(kGroups.begin(), kGroups.end(),
                                  [&](const Group& g) { return g.number == attr.group; });
  return group == kGroups.end() ? nullptr : &*group;
}

int64_t HasAttr(Vm&, const uapi::DeviceAttr& attr) {
  return Find(attr) ? 0 : -ENXIO;
}

int64_t ReadAttr(Vm& vm, const uapi::DeviceAttr& attr) {
  const Group* group = Find(attr);
  return group ? group->read(vm, attr) : -EINVAL;
}

int64_t SetAttr(Vm& vm, const uapi::DeviceAttr& attr) {
  const Group* group = Find(attr);
  return group ? group->write(vm, attr) : -EINVAL;
}

constexpr auto kRequests = ByCode(std::to_array<Request<Vm>>({
    {uapi::kHasDeviceAttr, &In<Vm, uapi::DeviceAttr, HasAttr>},
    {uapi::kGetDeviceAttr, &In<Vm, uapi::DeviceAttr, ReadAttr>},
    {uapi::kSetDeviceAttr, &In<Vm, uapi::DeviceAttr, SetAttr>},
}));

}  // namespace

int64_t FlicFile::Ioctl(uint32_t request, uint64_t argument) {
  if (vm_->IsForeign()) return -EIO;
  const auto* row = FindRequest(kRequests, request);
  return row ? row->answer(*vm_, argument) : -ENOTTY;
}

}  // namespace hypervisor
