// KVM_CREATE_DEVICE and the floating-interrupt controller.
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "hypervisor/uapi/capability.h"
#include "hypervisor/uapi/device_control.h"
#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

class FlicTest : public VcpuTest {
 protected:
  FlicTest() {
    uapi::CreateDevice device{uapi::kDeviceFlic, 0, 0};
    created_ = Vm(uapi::kCreateDevice, device);
    flic_ = static_cast<int>(device.fd);
  }
  int64_t Do(uint32_t request, uint32_t group, uint64_t attr, const void* address = nullptr,
             uint32_t flags = 0) {
    return Ask(flic_, request,
               uapi::DeviceAttr{flags, group, attr, reinterpret_cast<uint64_t>(address)});
  }
  int64_t Set(uint32_t group, uint64_t attr, const void* address = nullptr) {
    return Do(uapi::kSetDeviceAttr, group, attr, address);
  }
  int64_t Read(uint32_t group, uint64_t attr, const void* address = nullptr) {
    return Do(uapi::kGetDeviceAttr, group, attr, address);
  }
  int64_t Count() { return Read(uapi::kFlicGetAllIrqs, sizeof(irqs_), irqs_); }
  int64_t Enqueue(const uapi::Irq& irq) { return Set(uapi::kFlicEnqueue, sizeof(irq), &irq); }
  static uapi::Irq Of(uint64_t type) {
    uapi::Irq irq{};
    irq.type = type;
    return irq;
  }

  int64_t created_ = -1;
  int flic_ = -1;
  uapi::Irq irqs_[64] = {};
  const void* bad_ = reinterpret_cast<const void*>(kBadPointer);
};

TEST_F(FlicTest, DevicesAreCreatedByType) {
  EXPECT_EQ(created_, 0);
  for (uint32_t type = 0; type <= 8; ++type) {
    const uapi::CreateDevice test{type, 0, uapi::kCreateDeviceTest};
    EXPECT_EQ(Vm(uapi::kCreateDevice, test), type == 4 || type == 6 ? 0 : -ENODEV) << type;
  }
  EXPECT_EQ(Vm(uapi::kCreateDevice, uapi::CreateDevice{6, 0, 0}), -EINVAL);  // there is one
  device_.Close(flic_);
  EXPECT_EQ(Vm(uapi::kCreateDevice, uapi::CreateDevice{6, 0, 0}), -EINVAL);
  EXPECT_EQ(Vm(uapi::kCreateDevice, kBadPointer), -EFAULT);
  const uapi::CreateDevice vfio{uapi::kDeviceVfio, 0, 0};
  EXPECT_EQ(Vm(uapi::kCreateDevice, vfio), 0);
  const uapi::DeviceAttr attr{0, 1, 0, 0};
  EXPECT_EQ(Ask(static_cast<int>(vfio.fd), uapi::kHasDeviceAttr, attr), -ENXIO);
  EXPECT_EQ(Ask(static_cast<int>(vfio.fd), 0xaeff, 0), -ENOTTY);
}

TEST_F(FlicTest, GroupsHaveADirection) {
  uint8_t buffer[4096] = {};
  const struct {
    uint32_t group;
    uint64_t attr;
    int64_t read;
    int64_t set;
  } rows[] = {
      {1, 4096, 0, -EINVAL},
      {2, 0, -EINVAL, 0},
      {3, 0, -EINVAL, 0},
      {4, 0, -EINVAL, -EINVAL},
      {5, 0, -EINVAL, -EINVAL},
      {6, 0, -EINVAL, 0},
      {7, 0, -EINVAL, -EINVAL},
      {8, 32, -EINVAL, -EINVAL},
      {9, 0, -EINVAL, -EOPNOTSUPP},
      {10, 0, -EINVAL, 0},
      {11, 2, -EOPNOTSUPP, -EOPNOTSUPP},
      {11, 1, -EINVAL, -EOPNOTSUPP},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Do(uapi::kHasDeviceAttr, row.group, row.attr), 0) << row.group;
    EXPECT_EQ(Read(row.group, row.attr, buffer), row.read) << row.group;
    EXPECT_EQ(Set(row.group, row.attr, buffer), row.set) << row.group;
  }
  for (const uint32_t group : {0u, 12u, ~0u}) {
    EXPECT_EQ(Do(uapi::kHasDeviceAttr, group, 0), -ENXIO);
    EXPECT_EQ(Read(group, 0), -EINVAL);
    EXPECT_EQ(Set(group, 0), -EINVAL);
  }
  EXPECT_EQ(Ask(flic_, uapi::kSetDeviceAttr, kBadPointer), -EFAULT);
  EXPECT_EQ(Ask(flic_, uapi::kRun, 0), -ENOTTY);
}

TEST_F(FlicTest, ARegularVmMayHaveAsynchronousPageFaults) {
  const int vm = NewVm(0);
  uapi::CreateDevice device{uapi::kDeviceFlic, 0, 0};
  ASSERT_EQ(Ask(vm, uapi::kCreateDevice, device), 0);
  flic_ = static_cast<int>(device.fd);
  EXPECT_EQ(Set(uapi::kFlicApfEnable, 0), 0);
  EXPECT_EQ(Set(uapi::kFlicApfDisableWait, 0), 0);
}

TEST_F(FlicTest, QueuesFloatingInterruptionsOnly) {
  EXPECT_EQ(Enqueue(Of(uapi::kIntVirtio)), 0);
  EXPECT_EQ(Enqueue(Of(uapi::kRestart)), -EINVAL);
  EXPECT_EQ(Enqueue(Of(uint64_t{1} << 32)), -EINVAL);
  EXPECT_EQ(Count(), 1);
  EXPECT_EQ(Count(), 1);  // listed, not taken
  // Those before a bad one stay.
  const uapi::Irq two[2] = {Of(uapi::kIntPfaultDone), Of(uapi::kProgramInt)};
  EXPECT_EQ(Set(uapi::kFlicEnqueue, sizeof(two), two), -EINVAL);
  EXPECT_EQ(Count(), 2);
  EXPECT_EQ(Set(uapi::kFlicClearIrqs, 0), 0);
  EXPECT_EQ(Count(), 0);
}

TEST_F(FlicTest, EnqueueAndListCheckTheirLengths) {
  EXPECT_EQ(Set(uapi::kFlicEnqueue, 71, irqs_), -EINVAL);
  EXPECT_EQ(Set(uapi::kFlicEnqueue, 0x2000000 / 72 * 72 + 72, irqs_), -EINVAL);
  EXPECT_EQ(Set(uapi::kFlicEnqueue, 72, bad_), -EFAULT);
  EXPECT_EQ(Enqueue(Of(uapi::kIntVirtio)), 0);
  EXPECT_EQ(Read(uapi::kFlicGetAllIrqs, 0, irqs_), -EINVAL);
  EXPECT_EQ(Read(uapi::kFlicGetAllIrqs, 0x2000001, irqs_), -EINVAL);
  EXPECT_EQ(Read(uapi::kFlicGetAllIrqs, 71, irqs_), -ENOMEM);
  EXPECT_EQ(Read(uapi::kFlicGetAllIrqs, 72, bad_), -EFAULT);
  EXPECT_EQ(Read(uapi::kFlicGetAllIrqs, 72, irqs_), 1);
}

TEST_F(FlicTest, WhatComesBeforeAnUnreadableInterruptionStays) {
  auto* pages = static_cast<uint8_t*>(
      mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(pages + 4096, 4096, PROT_NONE);
  auto* irqs = reinterpret_cast<uapi::Irq*>(pages + 4096 - 2 * sizeof(uapi::Irq));
  irqs[0] = irqs[1] = Of(uapi::kIntVirtio);
  EXPECT_EQ(Set(uapi::kFlicEnqueue, 3 * sizeof(uapi::Irq), irqs), -EFAULT);
  EXPECT_EQ(Count(), 2);
  munmap(pages, 8192);
}

TEST_F(FlicTest, ServiceSignalsAndMachineChecksMerge) {
  uapi::Irq service = Of(uapi::kIntService);
  service.ext.ext_params = 0x1000 | 1;
  EXPECT_EQ(Enqueue(service), 0);
  service.ext.ext_params = 0x2000 | 2;  // its SCCB is dropped
  EXPECT_EQ(Enqueue(service), 0);
  uapi::Irq check = Of(uapi::kMchk);
  check.mchk.cr14 = 0xf0000000;
  check.mchk.mcic = 1;
  EXPECT_EQ(Enqueue(check), 0);
  check.mchk.mcic = 2;
  EXPECT_EQ(Enqueue(check), 0);
  ASSERT_EQ(Count(), 2);
  EXPECT_EQ(irqs_[0].ext.ext_params, 0x1003u);
  EXPECT_EQ(irqs_[1].mchk.cr14, 0x10000000u);
  EXPECT_EQ(irqs_[1].mchk.mcic, 3u);
}

TEST_F(FlicTest, ListsIoByItsSubclass) {
  for (const uint32_t isc : {7, 0, 3}) {
    uapi::Irq io = Of(isc);
    io.io.subchannel_id = 1;
    io.io.subchannel_nr = static_cast<uint16_t>(isc);
    io.io.io_int_word = isc << 27;
    EXPECT_EQ(Enqueue(io), 0);
  }
  EXPECT_EQ(Enqueue(Of(uapi::kIntVirtio)), 0);
  ASSERT_EQ(Count(), 4);
  EXPECT_EQ(irqs_[0].io.subchannel_nr, 0);
  EXPECT_EQ(irqs_[1].io.subchannel_nr, 3);
  EXPECT_EQ(irqs_[2].io.subchannel_nr, 7);
  EXPECT_EQ(irqs_[3].type, uapi::kIntVirtio);

  uint32_t subchannel = 1 << 16 | 3;
  EXPECT_EQ(Set(uapi::kFlicClearIoIrq, 4, &subchannel), 0);
  EXPECT_EQ(Count(), 3);
  EXPECT_EQ(Do(uapi::kSetDeviceAttr, uapi::kFlicClearIoIrq, 4, &subchannel, 1), -EINVAL);
  EXPECT_EQ(Set(uapi::kFlicClearIoIrq, 8, &subchannel), -EINVAL);
  EXPECT_EQ(Set(uapi::kFlicClearIoIrq, 4, bad_), -EFAULT);
  subchannel = 0;
  EXPECT_EQ(Set(uapi::kFlicClearIoIrq, 4, &subchannel), -EINVAL);
}

TEST_F(FlicTest, QueuesHaveLimits) {
  std::vector<uapi::Irq> irqs(64 * 255, Of(uapi::kIntPfaultDone));
  EXPECT_EQ(Set(uapi::kFlicEnqueue, irqs.size() * sizeof(uapi::Irq), irqs.data()), 0);
  EXPECT_EQ(Enqueue(Of(uapi::kIntPfaultDone)), -EBUSY);
  irqs.assign(87381, Of(uapi::kIntVirtio));
  EXPECT_EQ(Set(uapi::kFlicEnqueue, irqs.size() * sizeof(uapi::Irq), irqs.data()), 0);
  EXPECT_EQ(Enqueue(Of(uapi::kIntVirtio)), -EBUSY);
  irqs.assign(266250, Of(0));
  EXPECT_EQ(Set(uapi::kFlicEnqueue, irqs.size() * sizeof(uapi::Irq), irqs.data()), 0);
  EXPECT_EQ(Enqueue(Of(0)), -EBUSY);
}

TEST_F(FlicTest, AdaptersAreRegisteredOnce) {
  const uapi::IoAdapter plain{0, 3, 0, 0, 0};
  const uapi::IoAdapter maskable{63, 3, 1, 0, 0};
  EXPECT_EQ(Set(uapi::kFlicAdapterRegister, 0, bad_), -EFAULT);
  EXPECT_EQ(Set(uapi::kFlicAdapterRegister, 0, &plain), 0);
  EXPECT_EQ(Set(uapi::kFlicAdapterRegister, 0, &plain), -EINVAL);
  EXPECT_EQ(Set(uapi::kFlicAdapterRegister, 0, &maskable), 0);
  const uapi::IoAdapter beyond{64, 3, 1, 0, 0};
  EXPECT_EQ(Set(uapi::kFlicAdapterRegister, 0, &beyond), -EINVAL);

  EXPECT_EQ(Set(uapi::kFlicAdapterModify, 0, bad_), -EFAULT);
  const auto modify = [&](uint32_t id, uint8_t type, uint64_t address) {
    const uapi::IoAdapterRequest request{id, type, 1, 0, address};
    return Set(uapi::kFlicAdapterModify, 0, &request);
  };
  EXPECT_EQ(modify(0, 0, 0), -EINVAL);
  EXPECT_EQ(modify(0, uapi::kIoAdapterMask, 0), -EINVAL);
  EXPECT_EQ(modify(63, uapi::kIoAdapterMask, 0), 0);
  EXPECT_EQ(modify(5, uapi::kIoAdapterMask, 0), -EINVAL);
  EXPECT_EQ(modify(0, uapi::kIoAdapterMap, 0), -EINVAL);
  EXPECT_EQ(modify(5, uapi::kIoAdapterMap, memory()), -EINVAL);
  EXPECT_EQ(modify(0, uapi::kIoAdapterMap, 0x2000), -EINVAL);             // no page
  EXPECT_EQ(modify(0, uapi::kIoAdapterMap, uint64_t{1} << 60), -EFAULT);  // no slot
  EXPECT_EQ(modify(0, uapi::kIoAdapterUnmap, memory()), -ENOENT);
  EXPECT_EQ(modify(0, uapi::kIoAdapterMap, memory()), 0);
  EXPECT_EQ(modify(0, uapi::kIoAdapterUnmap, memory() + 100), 0);
  EXPECT_EQ(modify(0, uapi::kIoAdapterUnmap, memory()), -ENOENT);
  EXPECT_EQ(modify(0, uapi::kIoAdapterUnmap, 0), -EINVAL);
  for (uint64_t page = 0; page < 256; ++page)
    ASSERT_EQ(modify(0, uapi::kIoAdapterMap, memory() + page * 4096), 0);
  EXPECT_EQ(modify(0, uapi::kIoAdapterMap, memory() + 256 * 4096), -EINVAL);
}

TEST_F(FlicTest, AdapterInterruptionsCarryTheirSubclass) {
  EXPECT_EQ(Set(uapi::kFlicAirqInject, 0), -EINVAL);
  const uapi::IoAdapter adapter{2, 5, 0, 0, uapi::kAdapterSuppressible};
  ASSERT_EQ(Set(uapi::kFlicAdapterRegister, 0, &adapter), 0);
  EXPECT_EQ(Set(uapi::kFlicAirqInject, 2), 0);
  EXPECT_EQ(Set(uapi::kFlicAirqInject, 64), -EINVAL);
  ASSERT_EQ(Count(), 1);
  EXPECT_EQ(irqs_[0].io.io_int_word, 0x80000000u | 5u << 27);
}

TEST_F(FlicTest, SuppressionNeedsItsFacilityAndLetsOneThroughInSingleMode) {
  const int vm = NewVm(1);
  uapi::EnableCap cap{};
  cap.cap = uapi::kCapS390Ais;
  ASSERT_EQ(Ask(vm, uapi::kEnableCap, cap), 0);
  uapi::CreateDevice device{uapi::kDeviceFlic, 0, 0};
  ASSERT_EQ(Ask(vm, uapi::kCreateDevice, device), 0);
  flic_ = static_cast<int>(device.fd);
  const uapi::IoAdapter adapter{2, 5, 0, 0, uapi::kAdapterSuppressible};
  ASSERT_EQ(Set(uapi::kFlicAdapterRegister, 0, &adapter), 0);

  uapi::AisRequest request{5, 0, uapi::kAisModeSingle};
  EXPECT_EQ(Set(uapi::kFlicAism, 0, bad_), -EFAULT);
  EXPECT_EQ(Set(uapi::kFlicAism, 0, &request), 0);
  EXPECT_EQ(Set(uapi::kFlicAirqInject, 2), 0);
  EXPECT_EQ(Set(uapi::kFlicAirqInject, 2), 0);
  EXPECT_EQ(Count(), 1);
  uapi::AisAll modes{};
  EXPECT_EQ(Read(uapi::kFlicAismAll, 2, bad_), -EFAULT);
  EXPECT_EQ(Read(uapi::kFlicAismAll, 2, &modes), 0);
  EXPECT_EQ(modes.simm, 0x04);
  EXPECT_EQ(modes.nimm, 0x04);
  modes = {};
  EXPECT_EQ(Set(uapi::kFlicAismAll, 2, bad_), -EFAULT);
  EXPECT_EQ(Set(uapi::kFlicAismAll, 2, &modes), 0);
  EXPECT_EQ(Set(uapi::kFlicAirqInject, 2), 0);
  EXPECT_EQ(Count(), 2);

  request = {8, 0, uapi::kAisModeAll};
  EXPECT_EQ(Set(uapi::kFlicAism, 0, &request), -EINVAL);
  request = {5, 0, 2};
  EXPECT_EQ(Set(uapi::kFlicAism, 0, &request), -EINVAL);
  request = {5, 0, uapi::kAisModeAll};
  EXPECT_EQ(Set(uapi::kFlicAism, 0, &request), 0);
}

}  // namespace
}  // namespace hypervisor
