#include "hypervisor/core/store_status.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "hypervisor/core/absolute_access.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

constexpr uint64_t kArchitectureMode = 163;  // real address of the architectural-mode byte
constexpr uint64_t kSaveArea = 0x1200;       // real address of the area below

// Storage is big-endian on every host.
class SaveArea {
 public:
  void Put64(size_t offset, uint64_t value) {
    for (int i = 7; i >= 0; --i, value >>= 8) bytes_[offset + i] = static_cast<uint8_t>(value);
  }
  void Put32(size_t offset, uint32_t value) {
    for (int i = 3; i >= 0; --i, value >>= 8) bytes_[offset + i] = static_cast<uint8_t>(value);
  }
  const std::array<uint8_t, 512>& bytes() const { return bytes_; }

 private:
  std::array<uint8_t, 512> bytes_{};
};

// Stores the fields only: what lies between them keeps its contents.
struct Field {
  size_t offset;
  size_t size;
};
constexpr auto kFields = std::to_array<Field>({
    {0x000, 128},  // floating-point registers
    {0x080, 128},  // general registers
    {0x100, 16},   // PSW
    {0x118, 4},    // prefix
    {0x11c, 4},    // floating-point-control register
    {0x124, 4},    // TOD programmable register
    {0x128, 8},    // CPU timer
    {0x130, 8},    // clock comparator, bytes 0-6
    {0x140, 64},   // access registers
    {0x180, 128},  // control registers
});

SaveArea Compose(const Vcpu& vcpu) {
  const uapi::SieBlock& block = vcpu.block();
  const uapi::SyncRegs& regs = vcpu.run().s.regs;
  SaveArea area;
  for (int i = 0; i < 16; ++i) {
    area.Put64(0x000 + 8 * i, vcpu.FloatingPoint(i));
    area.Put64(0x080 + 8 * i, regs.gprs[i]);
    area.Put32(0x140 + 4 * i, regs.acrs[i]);
    area.Put64(0x180 + 8 * i, block.gcr[i]);
  }
  area.Put64(0x100, block.gpsw_mask);
  area.Put64(0x108, block.gpsw_addr);
  area.Put32(0x118, block.prefix());
  area.Put32(0x11c, regs.fpc);
  area.Put32(0x124, block.todpr);
  area.Put64(0x128, block.cputm);
  area.Put64(0x130, block.ckc >> 8);
  return area;
}

// Prefixing (PoP: Storage, "Prefixing").
GuestAbsolute Prefixed(uint64_t real, uint32_t prefix) {
  return GuestAbsolute(prefix + real);
}

}  // namespace

int64_t StoreStatus(Vcpu& vcpu, uint64_t address) {
  const Vm& vm = vcpu.vm();
  GuestAbsolute start(address);
  if (address == uapi::kStoreStatusNoAddr || address == uapi::kStoreStatusPrefixed) {
    const uint32_t prefix = address == uapi::kStoreStatusPrefixed ? vcpu.block().prefix() : 0;
    const uint8_t mode = 1;
    if (WriteAbsolute(vm, Prefixed(kArchitectureMode, prefix), &mode, 1) != AbsoluteAccess::kDone)
      return -EFAULT;
    start = Prefixed(kSaveArea, prefix);
  }
  const SaveArea area = Compose(vcpu);
  bool stored = true;
  for (const Field& field : kFields) {
    stored &= WriteAbsolute(vm, start + field.offset, area.bytes().data() + field.offset,
                            field.size) == AbsoluteAccess::kDone;
  }
  return stored ? 0 : -EFAULT;
}

}  // namespace hypervisor
