// KVM_S390_GET/SET_SKEYS, KVM_S390_KEYOP, KVM_S390_GET/SET_CMMA_BITS.
#include <cerrno>
#include <cstring>

#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

class KeysTest : public VcpuTest {
 protected:
  uapi::Skeys Keys(uint64_t page, uint64_t count, const void* values, uint32_t flags = 0) {
    return {memory() / 4096 + page, count, reinterpret_cast<uint64_t>(values), flags, {}};
  }
  uint8_t values_[8] = {0x10, 0x26, 0xf8, 0};
  const void* bad_ = reinterpret_cast<const void*>(kBadPointer);
};

TEST_F(KeysTest, NobodyUsesKeysAtFirst) {
  EXPECT_EQ(Vm(uapi::kGetSkeys, Keys(0, 0, bad_)), 1);  // before the count is looked at
  EXPECT_EQ(Vm(uapi::kGetSkeys, Keys(0, 1, values_, 1)), -EINVAL);
  EXPECT_EQ(Vm(uapi::kGetSkeys, kBadPointer), -EFAULT);
}

TEST_F(KeysTest, KeysAreSetAndRead) {
  EXPECT_EQ(Vm(uapi::kSetSkeys, Keys(1, 4, values_)), 0);
  uint8_t back[8] = {};
  EXPECT_EQ(Vm(uapi::kGetSkeys, Keys(1, 4, back)), 0);
  EXPECT_EQ(std::memcmp(back, values_, 4), 0);
}

TEST_F(KeysTest, KeyRequestsCheckTheirArguments) {
  ASSERT_EQ(Vm(uapi::kSetSkeys, Keys(0, 1, values_)), 0);
  uint8_t odd[1] = {0x01};
  const uapi::Skeys hole{1, 1, reinterpret_cast<uint64_t>(values_), 0, {}};
  const uapi::Skeys last{~uint64_t{0}, 2, reinterpret_cast<uint64_t>(values_), 0, {}};
  const struct {
    const char* name;
    uapi::Skeys keys;
    int64_t set;
    int64_t read;
  } rows[] = {
      {"no count", Keys(0, 0, values_), -EINVAL, -EINVAL},
      {"too many", Keys(0, 1048577, values_), -EINVAL, -EINVAL},
      {"flags", Keys(0, 1, values_, 1), -EINVAL, -EINVAL},
      {"bad pointer", Keys(0, 1, bad_), -EFAULT, -EFAULT},
      {"unassigned bit", Keys(0, 1, odd), -EINVAL, 0},
      {"a hole", hole, -EFAULT, -EFAULT},
      {"beyond all pages", last, -EFAULT, -EFAULT},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Vm(uapi::kSetSkeys, row.keys), row.set) << row.name;
    EXPECT_EQ(Vm(uapi::kGetSkeys, row.keys), row.read) << row.name;
  }
  EXPECT_EQ(Vm(uapi::kSetSkeys, kBadPointer), -EFAULT);
}

TEST_F(KeysTest, KeyOperations) {
  const struct {
    uint8_t operation;
    uint8_t key;
    uint8_t old;
  } rows[] = {
      {3, 0x37, 0x00},  // SSKE; bit 7 is no part of a key
      {1, 0xff, 0x36},  // ISKE
      {2, 0xff, 0x36},  // RRBE
      {1, 0xff, 0x32}, {3, 0x00, 0x32},
  };
  for (const auto& row : rows) {
    uapi::Keyop operation{memory() + 0x2000, row.key, row.operation, {}};
    EXPECT_EQ(Vm(uapi::kKeyop, operation), 0);
    EXPECT_EQ(operation.key, row.old);
  }
  EXPECT_EQ(Vm(uapi::kKeyop, uapi::Keyop{memory(), 0, 0, {}}), -EINVAL);
  EXPECT_EQ(Vm(uapi::kKeyop, uapi::Keyop{memory(), 0, 4, {}}), -EINVAL);
  EXPECT_EQ(Vm(uapi::kKeyop, uapi::Keyop{0x2000, 0, 1, {}}), -EFAULT);
  EXPECT_EQ(Vm(uapi::kKeyop, uapi::Keyop{uint64_t{1} << 60, 0, 1, {}}), -EFAULT);
  EXPECT_EQ(Vm(uapi::kKeyop, kBadPointer), -EFAULT);
}

TEST_F(KeysTest, RegularVmsNumberTheirPagesFromTheSlots) {
  const int vm = NewVm(0);
  const uapi::UserMemoryRegion region{0, 0, 0, 1 << 20, memory()};
  ASSERT_EQ(Ask(vm, uapi::kSetUserMemoryRegion, region), 0);
  const uapi::Skeys keys{2, 1, reinterpret_cast<uint64_t>(values_), 0, {}};
  EXPECT_EQ(Ask(vm, uapi::kSetSkeys, keys), 0);
  // The key is the page's, whoever maps it.
  uapi::Keyop read{memory() + 0x2000, 0, 1, {}};
  EXPECT_EQ(Vm(uapi::kKeyop, read), 0);
  EXPECT_EQ(read.key, 0x10);
}

TEST_F(KeysTest, CmmaBitsNeedCmmaAndMigration) {
  const auto log = [&](uint32_t count, uint32_t flags, const void* values) {
    return uapi::CmmaLog{memory() / 4096, count, flags, 0, reinterpret_cast<uint64_t>(values)};
  };
  EXPECT_EQ(Vm(uapi::kGetCmmaBits, log(4, 1, values_)), -ENXIO);
  EXPECT_EQ(Vm(uapi::kSetCmmaBits, log(4, 0, values_)), -ENXIO);
  EXPECT_EQ(Vm(uapi::kGetCmmaBits, kBadPointer), -EFAULT);
  EXPECT_EQ(Vm(uapi::kSetCmmaBits, kBadPointer), -EFAULT);

  const int vm = NewVm(1);
  ASSERT_EQ(Ask(vm, uapi::kSetDeviceAttr, uapi::DeviceAttr{0, 0, 0, 0}), 0);
  EXPECT_EQ(Ask(vm, uapi::kGetCmmaBits, log(4, 2, values_)), -EINVAL);
  EXPECT_EQ(Ask(vm, uapi::kGetCmmaBits, log(4, 0, values_)), -EINVAL);
  uapi::CmmaLog peek = log(4, 1, values_);
  EXPECT_EQ(Ask(vm, uapi::kGetCmmaBits, peek), 0);
  EXPECT_EQ(peek.count, 4u);
  EXPECT_EQ(peek.remaining_or_mask, 0u);
  EXPECT_EQ(values_[0] | values_[1] | values_[2] | values_[3], 0);
  EXPECT_EQ(Ask(vm, uapi::kGetCmmaBits, log(4, 1, bad_)), -EFAULT);
  EXPECT_EQ(Ask(vm, uapi::kSetCmmaBits, log(4, 1, values_)), -EINVAL);
  EXPECT_EQ(Ask(vm, uapi::kSetCmmaBits, log(0x200001, 0, values_)), -EINVAL);
  EXPECT_EQ(Ask(vm, uapi::kSetCmmaBits, log(0, 0, bad_)), 0);
  EXPECT_EQ(Ask(vm, uapi::kSetCmmaBits, log(4, 0, bad_)), -EFAULT);
  EXPECT_EQ(Ask(vm, uapi::kSetCmmaBits, log(4, 0, values_)), 0);
  // Usage states are set under a mask, read back, and forgotten.
  uint8_t states[4] = {1, 2, 3, 0x40};
  uapi::CmmaLog set = log(4, 0, states);
  set.remaining_or_mask = ~uint64_t{0};
  EXPECT_EQ(Ask(vm, uapi::kSetCmmaBits, set), 0);
  set.remaining_or_mask = 0x02000000;
  uint8_t others[4] = {3, 1, 0, 2};
  set.values = reinterpret_cast<uint64_t>(others);
  EXPECT_EQ(Ask(vm, uapi::kSetCmmaBits, set), 0);
  peek = log(4, 1, values_);
  EXPECT_EQ(Ask(vm, uapi::kGetCmmaBits, peek), 0);
  EXPECT_EQ(values_[0], 3);
  EXPECT_EQ(values_[1], 0);
  EXPECT_EQ(values_[2], 1);
  EXPECT_EQ(values_[3], 2);
  ASSERT_EQ(Ask(vm, uapi::kSetDeviceAttr, uapi::DeviceAttr{0, 0, 1, 0}), 0);
  EXPECT_EQ(Ask(vm, uapi::kGetCmmaBits, peek), 0);
  EXPECT_EQ(values_[0] | values_[1] | values_[2] | values_[3], 0);
  uapi::CmmaLog beyond = log(4, 0, values_);
  beyond.start_gfn = uint64_t{1} << 50;
  EXPECT_EQ(Ask(vm, uapi::kSetCmmaBits, beyond), -EFAULT);
}

}  // namespace
}  // namespace hypervisor
