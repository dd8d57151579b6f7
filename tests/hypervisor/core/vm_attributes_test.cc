// KVM_HAS/GET/SET_DEVICE_ATTR of a VM: every attribute, with and without vCPUs.
#include <cerrno>
#include <chrono>
#include <cstring>

#include "hypervisor/arch/host_clock.h"
#include "hypervisor/uapi/capability.h"
#include "hypervisor/uapi/device_control.h"
#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

class VmAttributesTest : public VcpuTest {
 protected:
  VmAttributesTest() { empty_ = NewVm(1); }

  int64_t Has(int vm, uint32_t group, uint64_t attr) {
    return Ask(vm, uapi::kHasDeviceAttr, uapi::DeviceAttr{0, group, attr, 0});
  }
  int64_t Read(int vm, uint32_t group, uint64_t attr, void* to, uint32_t flags = 0) {
    return Ask(vm, uapi::kGetDeviceAttr,
               uapi::DeviceAttr{flags, group, attr, reinterpret_cast<uint64_t>(to)});
  }
  int64_t Set(int vm, uint32_t group, uint64_t attr, const void* from, uint32_t flags = 0) {
    return Ask(vm, uapi::kSetDeviceAttr,
               uapi::DeviceAttr{flags, group, attr, reinterpret_cast<uint64_t>(from)});
  }

  int empty_ = -1;  // a UCONTROL VM without vCPUs
  uint8_t buffer_[8192] = {};
  void* bad_ = reinterpret_cast<void*>(kBadPointer);
};

TEST_F(VmAttributesTest, EveryAttributeOfAVmWithoutVcpus) {
  const struct {
    uint32_t group;
    uint64_t attr;
    int64_t has;
    int64_t read;
    int64_t set;
  } rows[] = {
      {0, 0, 0, -ENXIO, 0},   // MEM_CTRL: ENABLE_CMMA
      {0, 1, 0, -ENXIO, 0},   // CLR_CMMA, now enabled
      {0, 2, 0, 0, -EINVAL},  // LIMIT_SIZE
      {0, 3, -ENXIO, -ENXIO, -ENXIO},
      {1, 0, 0, 0, 0},       // TOD: LOW
      {1, 1, 0, 0, 0},       // HIGH
      {1, 2, -ENXIO, 0, 0},  // EXT
      {1, 3, -ENXIO, -ENXIO, -ENXIO},
      {2, 0, 0, -ENXIO, 0},  // CRYPTO
      {2, 1, 0, -ENXIO, 0},
      {2, 2, 0, -ENXIO, 0},
      {2, 3, 0, -ENXIO, 0},
      {2, 4, -ENXIO, -ENXIO, -EOPNOTSUPP},
      {2, 5, -ENXIO, -ENXIO, -EOPNOTSUPP},
      {2, 6, -ENXIO, -ENXIO, -ENXIO},
      {3, 0, 0, 0, 0},       // CPU_MODEL: PROCESSOR
      {3, 1, 0, 0, -ENXIO},  // MACHINE
      {3, 2, 0, 0, 0},       // PROCESSOR_FEAT
      {3, 3, 0, 0, -ENXIO},  // MACHINE_FEAT
      {3, 4, 0, 0, 0},       // PROCESSOR_SUBFUNC
      {3, 5, 0, 0, -ENXIO},  // MACHINE_SUBFUNC
      {3, 6, 0, 0, 0},       // PROCESSOR_UV_FEAT_GUEST
      {3, 7, 0, 0, -ENXIO},  // MACHINE_UV_FEAT_GUEST
      {3, 8, -ENXIO, -ENXIO, -ENXIO},
      {4, 0, 0, -ENXIO, 0},        // MIGRATION: STOP
      {4, 1, 0, -ENXIO, -EINVAL},  // START: CMMA is on, and no slot has a dirty bitmap
      {4, 2, 0, 0, -ENXIO},        // STATUS
      {4, 9, 0, -ENXIO, -ENXIO},
      {5, 0, -ENXIO, -ENXIO, -ENXIO},  // CPU_TOPOLOGY
      {5, 1, -ENXIO, -ENXIO, -ENXIO},
      {6, 0, -ENXIO, -ENXIO, -ENXIO},
      {~0u, 0, -ENXIO, -ENXIO, -ENXIO},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(testing::Message() << row.group << "." << row.attr);
    std::memset(buffer_, 0, sizeof(buffer_));
    EXPECT_EQ(Has(empty_, row.group, row.attr), row.has);
    EXPECT_EQ(Read(empty_, row.group, row.attr, buffer_), row.read);
    EXPECT_EQ(Set(empty_, row.group, row.attr, buffer_), row.set);
  }
  for (const uint32_t request : {uapi::kHasDeviceAttr, uapi::kGetDeviceAttr, uapi::kSetDeviceAttr})
    EXPECT_EQ(Vm(request, kBadPointer), -EFAULT);
}

TEST_F(VmAttributesTest, VcpusFixTheModelAndTheMemory) {
  EXPECT_EQ(Set(vm_, 0, 0, nullptr), -EBUSY);
  EXPECT_EQ(Set(vm_, 0, 1, nullptr), -EINVAL);  // CMMA is off
  EXPECT_EQ(Set(vm_, 3, 0, bad_), -EBUSY);
  EXPECT_EQ(Set(vm_, 3, 2, bad_), -EFAULT);
  EXPECT_EQ(Set(vm_, 3, 2, buffer_), -EBUSY);
  EXPECT_EQ(Set(vm_, 3, 4, bad_), -EBUSY);
  EXPECT_EQ(Set(vm_, 3, 6, buffer_), -EBUSY);
  EXPECT_EQ(Set(vm_, 1, 0, buffer_), 0);
  EXPECT_EQ(Set(vm_, 4, 1, nullptr), 0);
}

TEST_F(VmAttributesTest, BadPointersAreEfaultOnceTheRestIsChecked) {
  const struct {
    uint32_t group;
    uint64_t attr;
    int64_t read;
    int64_t set;
  } rows[] = {
      {0, 2, -EFAULT, -EINVAL}, {1, 0, -EFAULT, -EFAULT}, {1, 1, -EFAULT, -EFAULT},
      {1, 2, -EFAULT, -EFAULT}, {3, 0, -EFAULT, -EFAULT}, {3, 1, -EFAULT, -ENXIO},
      {3, 2, -EFAULT, -EFAULT}, {3, 4, -EFAULT, -EFAULT}, {3, 5, -EFAULT, -ENXIO},
      {3, 6, -EFAULT, -EFAULT}, {4, 2, -EFAULT, -ENXIO},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Read(empty_, row.group, row.attr, bad_), row.read) << row.group << "." << row.attr;
    EXPECT_EQ(Set(empty_, row.group, row.attr, bad_), row.set) << row.group << "." << row.attr;
  }
}

TEST_F(VmAttributesTest, TheLimitOfAUcontrolVmIsNone) {
  uint64_t limit = 0;
  EXPECT_EQ(Read(empty_, 0, 2, &limit), 0);
  EXPECT_EQ(limit, ~uint64_t{0});
}

TEST_F(VmAttributesTest, TheLimitOfARegularVm) {
  const int vm = NewVm(0);
  const struct {
    uint64_t limit;
    int64_t answer;
  } rows[] = {
      {0, -EINVAL},           {1, 0}, {0x80000000, 0}, {0x80000001, 0}, {uint64_t{1} << 42, 0},
      {~uint64_t{0}, -E2BIG},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Set(vm, 0, 2, &row.limit), row.answer) << std::hex << row.limit;
    uint64_t now = 0;
    EXPECT_EQ(Read(vm, 0, 2, &now), 0);
    EXPECT_EQ(now, 0xfffffffffffff000u);
  }
  EXPECT_EQ(Set(vm, 0, 2, bad_), -EFAULT);
  const uapi::UserMemoryRegion region{0, 0, 4 << 20, 1 << 20, memory()};
  ASSERT_EQ(Ask(vm, uapi::kSetUserMemoryRegion, region), 0);
  const uint64_t below = 4 << 20;
  const uint64_t above = 5 << 20;
  EXPECT_EQ(Set(vm, 0, 2, &below), -EBUSY);
  EXPECT_EQ(Set(vm, 0, 2, &above), 0);
  NewVcpu(vm, 0);
  EXPECT_EQ(Set(vm, 0, 2, &above), -EBUSY);
}

TEST_F(VmAttributesTest, TheTodOfAllCpusMovesByAnEpoch) {
  uint64_t tod = 0;
  EXPECT_EQ(Read(vm_, 1, 0, &tod), 0);
  EXPECT_LT(HostTod() - tod, uint64_t{1} << 32);  // about a second
  const uint64_t wanted = 0x1000000000000000;
  EXPECT_EQ(Set(vm_, 1, 0, &wanted), 0);
  EXPECT_LT(HostTod() + block_->epoch - wanted, uint64_t{1} << 32);
  EXPECT_EQ(Read(vm_, 1, 0, &tod), 0);
  EXPECT_LT(tod - wanted, uint64_t{1} << 32);
  const int later = NewVcpu(vm_, 5);
  EXPECT_EQ(static_cast<uapi::SieBlock*>(device_.Mmap(later, 1))->epoch, block_->epoch);

  uapi::TodClock clock{};
  EXPECT_EQ(Read(vm_, 1, 2, &clock), 0);
  EXPECT_EQ(clock.epoch_idx, 0);
  EXPECT_LT(clock.tod - wanted, uint64_t{1} << 32);
  clock.tod = 5;
  EXPECT_EQ(Set(vm_, 1, 2, &clock), 0);
  clock.epoch_idx = 1;
  EXPECT_EQ(Set(vm_, 1, 2, &clock), -EINVAL);
}

TEST_F(VmAttributesTest, TheTodTakesNoFlagsAndNoHighByte) {
  uint8_t high = 7;
  EXPECT_EQ(Read(vm_, 1, 1, &high), 0);
  EXPECT_EQ(high, 0);
  EXPECT_EQ(Set(vm_, 1, 1, &high), 0);
  high = 1;
  EXPECT_EQ(Set(vm_, 1, 1, &high), -EINVAL);
  for (const uint64_t attr : {0, 1, 2}) {
    EXPECT_EQ(Read(vm_, 1, attr, buffer_, 1), -EINVAL) << attr;
    EXPECT_EQ(Set(vm_, 1, attr, buffer_, 1), -EINVAL) << attr;
  }
}

TEST_F(VmAttributesTest, KeyWrappingReachesTheBlocks) {
  EXPECT_EQ(block_->ecb3, uapi::kEcb3Aes | uapi::kEcb3Dea);
  EXPECT_EQ(Set(vm_, 2, uapi::kCryptoDisableAesKw, nullptr), 0);
  EXPECT_EQ(block_->ecb3, uapi::kEcb3Dea);
  EXPECT_EQ(Set(vm_, 2, uapi::kCryptoDisableDeaKw, nullptr), 0);
  EXPECT_EQ(block_->ecb3, 0);
  EXPECT_EQ(Set(vm_, 2, uapi::kCryptoEnableAesKw, nullptr), 0);
  EXPECT_EQ(Set(vm_, 2, uapi::kCryptoEnableDeaKw, nullptr), 0);
  EXPECT_EQ(block_->ecb3, uapi::kEcb3Aes | uapi::kEcb3Dea);

  uapi::CpuModelProcessor model{};  // without facility 76
  EXPECT_EQ(Set(empty_, 3, 0, &model), 0);
  EXPECT_EQ(Set(empty_, 2, uapi::kCryptoEnableAesKw, nullptr), -EINVAL);
}

TEST_F(VmAttributesTest, TheModelIsTheMachineAndWhatKvmAdds) {
  uapi::CpuModelMachine machine{};
  uapi::CpuModelProcessor processor{};
  EXPECT_EQ(Read(empty_, 3, 1, &machine), 0);
  EXPECT_EQ(Read(empty_, 3, 0, &processor), 0);
  EXPECT_EQ(machine.cpuid >> 56, 0u);
  EXPECT_EQ(processor.cpuid, machine.cpuid | 0xff00000000000000);
  const FacilityList offered = TestMachine().facilities;
  for (int i = 0; i < 4; ++i) {
    uint64_t added = 0;
    if (i == 1) added = uint64_t{1} << (63 - 74 % 64);   // STHYI
    if (i == 2) added = uint64_t{1} << (63 - 138 % 64);  // z/Architecture only
    EXPECT_EQ(machine.fac_list[i], offered.doubleword(i)) << i;
    EXPECT_EQ(processor.fac_list[i], offered.doubleword(i) | added) << i;
    EXPECT_EQ(machine.fac_mask[i], processor.fac_list[i]) << i;
  }
}

TEST_F(VmAttributesTest, TheProcessorIsTakenAsItIs) {
  uapi::CpuModelProcessor model{};
  model.cpuid = 0x1122334455667788;
  model.ibc = 0x123;  // left alone: the machine has no blocking controls
  model.fac_list[0] = ~uint64_t{0};
  model.fac_list[255] = 5;
  EXPECT_EQ(Set(empty_, 3, 0, &model), 0);
  uapi::CpuModelProcessor back{};
  EXPECT_EQ(Read(empty_, 3, 0, &back), 0);
  EXPECT_EQ(back.cpuid, model.cpuid);
  EXPECT_EQ(back.ibc, 0);
  EXPECT_EQ(back.fac_list[0], ~uint64_t{0});
  EXPECT_EQ(back.fac_list[255], 5u);
}

TEST_F(VmAttributesTest, InstructionBlockingIsClamped) {
  Machine machine = TestMachine();
  machine.ibc = 0x00100020;
  SoftwareDevice device({.machine = machine});
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  uapi::CpuModelProcessor model{};
  const uapi::DeviceAttr attr{0, 3, 0, reinterpret_cast<uint64_t>(&model)};
  const auto argument = reinterpret_cast<uint64_t>(&attr);
  for (const auto& [wanted, expected] :
       {std::pair{0x05, 0x10}, std::pair{0x18, 0x18}, std::pair{0x30, 0x20}, std::pair{0, 0x20}}) {
    model.ibc = static_cast<uint16_t>(wanted);
    EXPECT_EQ(device.Ioctl(vm, uapi::kSetDeviceAttr, argument), 0);
    EXPECT_EQ(device.Ioctl(vm, uapi::kGetDeviceAttr, argument), 0);
    EXPECT_EQ(model.ibc, expected);
  }
}

TEST_F(VmAttributesTest, FeaturesAreASubsetOfTheMachines) {
  uint64_t features[16] = {};
  EXPECT_EQ(Read(empty_, 3, 3, features), 0);
  EXPECT_EQ(features[0], uint64_t{1} << 63);
  EXPECT_EQ(Set(empty_, 3, 2, features), 0);
  features[0] = 0;
  EXPECT_EQ(Set(empty_, 3, 2, features), 0);
  EXPECT_EQ(Read(empty_, 3, 2, features), 0);
  EXPECT_EQ(features[0], 0u);
  features[15] = 1;
  EXPECT_EQ(Set(empty_, 3, 2, features), -EINVAL);
  const uint64_t ultravisor = 1;
  EXPECT_EQ(Set(empty_, 3, 6, &ultravisor), -EINVAL);
}

TEST_F(VmAttributesTest, SubfunctionsCanBeReplaced) {
  EXPECT_EQ(Read(empty_, 3, 5, buffer_), 0);
  EXPECT_EQ(buffer_[0] & buffer_[1] & buffer_[2], 0xff);  // PLO 0-23
  // What the queries of KM, KIMD, PCKMO and PCC store; of PTFF and PRNO, which this machine lacks.
  EXPECT_EQ(buffer_[32], 0);
  EXPECT_EQ(buffer_[80], 0xf0);
  EXPECT_EQ(buffer_[82], 0x38);
  EXPECT_EQ(buffer_[86], 0x28);
  EXPECT_EQ(buffer_[96 + 8], 0x40);
  EXPECT_EQ(buffer_[128], 0x80);
  EXPECT_EQ(buffer_[192], 0xf0);
  EXPECT_EQ(buffer_[208 + 14], 0);
  buffer_[100] = 0x55;
  EXPECT_EQ(Set(empty_, 3, 4, buffer_), 0);
  std::memset(buffer_, 0, sizeof(buffer_));
  EXPECT_EQ(Read(empty_, 3, 4, buffer_), 0);
  EXPECT_EQ(buffer_[100], 0x55);
}

TEST_F(VmAttributesTest, MigrationStartsAndStops) {
  uint64_t status = 7;
  EXPECT_EQ(Set(empty_, 4, 1, nullptr), 0);
  EXPECT_EQ(Read(empty_, 4, 2, &status), 0);
  EXPECT_EQ(status, 1u);
  EXPECT_EQ(Set(empty_, 4, 1, nullptr), 0);
  EXPECT_EQ(Set(empty_, 4, 0, nullptr), 0);
  EXPECT_EQ(Read(empty_, 4, 2, &status), 0);
  EXPECT_EQ(status, 0u);

  const int regular = NewVm(0);
  EXPECT_EQ(Set(regular, 4, 1, nullptr), -EINVAL);  // no slots
  ASSERT_EQ(Set(regular, 0, 0, nullptr), 0);
  uapi::UserMemoryRegion region{0, 0, 0, 1 << 20, memory()};
  ASSERT_EQ(Ask(regular, uapi::kSetUserMemoryRegion, region), 0);
  EXPECT_EQ(Set(regular, 4, 1, nullptr), -EINVAL);  // no dirty bitmap
  region.flags = 1;
  ASSERT_EQ(Ask(regular, uapi::kSetUserMemoryRegion, region), 0);
  EXPECT_EQ(Set(regular, 4, 1, nullptr), 0);
}

TEST_F(VmAttributesTest, TopologyComesWithItsFacility) {
  Machine machine = TestMachine();
  machine.facilities.Set(11, true);
  SoftwareDevice device({.machine = machine});
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  uapi::EnableCap cap{};
  cap.cap = uapi::kCapS390CpuTopology;
  ASSERT_EQ(device.Ioctl(vm, uapi::kEnableCap, reinterpret_cast<uint64_t>(&cap)), 0);
  uint8_t report = 7;
  uapi::DeviceAttr attr{0, 5, 1, reinterpret_cast<uint64_t>(&report)};
  const auto argument = reinterpret_cast<uint64_t>(&attr);
  EXPECT_EQ(device.Ioctl(vm, uapi::kHasDeviceAttr, argument), 0);
  EXPECT_EQ(device.Ioctl(vm, uapi::kSetDeviceAttr, argument), 0);
  EXPECT_EQ(device.Ioctl(vm, uapi::kGetDeviceAttr, argument), 0);
  EXPECT_EQ(report, 1);
  attr.attr = 0;
  EXPECT_EQ(device.Ioctl(vm, uapi::kSetDeviceAttr, argument), 0);
  EXPECT_EQ(device.Ioctl(vm, uapi::kGetDeviceAttr, argument), 0);
  EXPECT_EQ(report, 0);
  attr.addr = kBadPointer;
  EXPECT_EQ(device.Ioctl(vm, uapi::kGetDeviceAttr, argument), -EFAULT);
}

TEST_F(VmAttributesTest, CmmaNeedsAMachineThatHasIt) {
  Machine machine = TestMachine();
  machine.collaborative_memory = false;
  SoftwareDevice device({.machine = machine});
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  for (const uint64_t attribute : {0, 1}) {
    const uapi::DeviceAttr attr{0, 0, attribute, 0};
    const auto argument = reinterpret_cast<uint64_t>(&attr);
    EXPECT_EQ(device.Ioctl(vm, uapi::kHasDeviceAttr, argument), -ENXIO);
    EXPECT_EQ(device.Ioctl(vm, uapi::kSetDeviceAttr, argument), -ENXIO);
  }
}

TEST_F(VmAttributesTest, CmmaChangesTheBlock) {
  ASSERT_EQ(Set(empty_, 0, 0, nullptr), 0);
  const int vcpu = NewVcpu(empty_, 0);
  EXPECT_EQ(static_cast<uapi::SieBlock*>(device_.Mmap(vcpu, 1))->ecb2, uapi::kEcb2Cmma);
}

}  // namespace
}  // namespace hypervisor
