// KVM_SET_USER_MEMORY_REGION, KVM_GET_DIRTY_LOG, KVM_S390_MEM_OP.
#include <cerrno>
#include <cstring>

#include "hypervisor/uapi/device_control.h"
#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMiB = 1 << 20;

class MemoryTest : public VcpuTest {
 protected:
  MemoryTest() {
    regular_ = NewVm(0);
    regular_vcpu_ = NewVcpu(regular_, 0);
  }
  int64_t SetSlot(uint32_t slot, uint32_t flags, uint64_t guest, uint64_t size, uint64_t offset) {
    const uapi::UserMemoryRegion region{slot, flags, guest, size, memory() + offset};
    return Ask(regular_, uapi::kSetUserMemoryRegion, region);
  }
  static uapi::MemOp Operation(uint32_t op, uint64_t address, void* buffer, uint32_t size = 8,
                               uint64_t flags = 0) {
    uapi::MemOp operation{};
    operation.op = op;
    operation.gaddr = address;
    operation.buf = reinterpret_cast<uint64_t>(buffer);
    operation.size = size;
    operation.flags = flags;
    return operation;
  }
  int regular_ = -1;
  int regular_vcpu_ = -1;
  uint8_t bytes_[65536] = {};
  void* bad_ = reinterpret_cast<void*>(kBadPointer);
};

TEST_F(MemoryTest, SlotsOfARegularVm) {
  const struct {
    const char* name;
    uint32_t slot;
    uint32_t flags;
    uint64_t guest;
    uint64_t size;
    uint64_t offset;
    int64_t answer;
  } rows[] = {
      {"1 MiB", 0, 0, 0, kMiB, 0, 0},
      {"again", 0, 0, 0, kMiB, 0, 0},
      {"moved", 0, 0, 8 * kMiB, kMiB, 0, 0},
      {"back", 0, 0, 0, kMiB, 0, 0},
      {"resized", 0, 0, 0, 2 * kMiB, 0, -EINVAL},
      {"other memory", 0, 0, 0, kMiB, kMiB, -EINVAL},
      {"overlap", 1, 0, 0, kMiB, kMiB, -EEXIST},
      {"overlap by a page", 1, 0, kMiB - 4096, kMiB, kMiB, -EEXIST},
      {"one page", 2, 0, 16 * kMiB, 4096, kMiB, 0},
      {"user address of a page", 3, 0, 20 * kMiB, kMiB, 4096, 0},
      {"guest address of a page", 4, 0, 24 * kMiB + 4096, kMiB, kMiB, 0},
      {"guest address odd", 5, 0, 28 * kMiB + 1, kMiB, kMiB, -EINVAL},
      {"user address odd", 5, 0, 28 * kMiB, kMiB, 1, -EINVAL},
      {"size odd", 5, 0, 28 * kMiB, kMiB + 1, 0, -EINVAL},
      {"read-only", 6, 2, 28 * kMiB, kMiB, kMiB, -EINVAL},
      {"guest memfd", 6, 4, 28 * kMiB, kMiB, kMiB, -EINVAL},
      {"last slot", 32765, 0, 28 * kMiB, kMiB, kMiB, 0},
      {"slot beyond", 32766, 0, 32 * kMiB, kMiB, kMiB, -EINVAL},
      {"another address space", 0x10000, 0, 32 * kMiB, kMiB, kMiB, -EINVAL},
      {"wraps", 7, 0, ~uint64_t{0xfff}, 2 * kMiB, 0, -EINVAL},
      {"beyond the limit", 7, 0, 0xffffffffffffe000, 4096, 0, 0},
      {"at the limit", 8, 0, 0xfffffffffffff000, 4096, 0, -EINVAL},
      {"too many pages", 9, 0, 64 * kMiB, uint64_t{1} << 43, 0, -EINVAL},
      {"no size, unused", 9, 0, 0, 0, 0, -EINVAL},
      {"deleted", 0, 0, 0, 0, 0, 0},
      {"dirty log", 0, 1, 0, kMiB, 0, 0},
  };
  for (const auto& row : rows)
    EXPECT_EQ(SetSlot(row.slot, row.flags, row.guest, row.size, row.offset), row.answer)
        << row.name;
  EXPECT_EQ(Ask(regular_, uapi::kSetUserMemoryRegion, kBadPointer), -EFAULT);
  EXPECT_EQ(Ask(regular_, uapi::kSetUserMemoryRegion2, kBadPointer), -EFAULT);
  const uapi::UserMemoryRegion2 second{11, 0, 40 * kMiB, kMiB, memory(), 0, 0, 0, {}};
  EXPECT_EQ(Ask(regular_, uapi::kSetUserMemoryRegion2, second), 0);
}

TEST_F(MemoryTest, AUcontrolVmHasNoRoomForASlot) {
  const struct {
    uapi::UserMemoryRegion region;
    int64_t answer;
  } rows[] = {
      {{1, 0, 3 * kMiB, 2 * kMiB, memory()}, -EEXIST},
      {{0, 0, 0, kMiB, memory()}, -EEXIST},
      {{0, 0, uint64_t{1} << 60, kMiB, memory()}, -EINVAL},
      {{0, 2, 0, kMiB, memory()}, -EINVAL},
      {{0, 0, 1, kMiB, memory()}, -EINVAL},
      {{0, 0, 0, 0, memory()}, -EINVAL},
      {{32766, 0, 0, kMiB, memory()}, -EINVAL},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Vm(uapi::kSetUserMemoryRegion, row.region), row.answer);
    const uapi::UserMemoryRegion2 second{row.region.slot,
                                         row.region.flags,
                                         row.region.guest_phys_addr,
                                         row.region.memory_size,
                                         row.region.userspace_addr,
                                         0,
                                         0,
                                         0,
                                         {}};
    EXPECT_EQ(Vm(uapi::kSetUserMemoryRegion2, second), row.answer);
  }
  EXPECT_EQ(Vm(uapi::kSetUserMemoryRegion, kBadPointer), -EFAULT);
}

TEST_F(MemoryTest, DirtyLogs) {
  std::memset(bytes_, 0xff, sizeof(bytes_));
  const auto log = [&](uint32_t slot, void* bitmap) {
    return uapi::DirtyLog{slot, 0, reinterpret_cast<uint64_t>(bitmap)};
  };
  ASSERT_EQ(SetSlot(0, 1, 0, kMiB, 0), 0);
  ASSERT_EQ(SetSlot(1, 0, kMiB, kMiB, kMiB), 0);
  EXPECT_EQ(Ask(regular_, uapi::kGetDirtyLog, log(0, bytes_)), 0);
  EXPECT_EQ(bytes_[31], 0);
  EXPECT_EQ(bytes_[32], 0xff);
  EXPECT_EQ(Ask(regular_, uapi::kGetDirtyLog, log(0, bad_)), -EFAULT);
  EXPECT_EQ(Ask(regular_, uapi::kGetDirtyLog, log(1, bytes_)), -ENOENT);
  EXPECT_EQ(Ask(regular_, uapi::kGetDirtyLog, log(7, bytes_)), -ENOENT);
  EXPECT_EQ(Ask(regular_, uapi::kGetDirtyLog, log(0x10000, bytes_)), -EINVAL);
  EXPECT_EQ(Ask(regular_, uapi::kGetDirtyLog, log(32766, bytes_)), -EINVAL);
  EXPECT_EQ(Ask(regular_, uapi::kGetDirtyLog, kBadPointer), -EFAULT);
  EXPECT_EQ(Vm(uapi::kGetDirtyLog, log(0, bytes_)), -EINVAL);
}

TEST_F(MemoryTest, MemOpChecksItsArguments) {
  ASSERT_EQ(SetSlot(0, 0, 0, kMiB, 0), 0);
  auto key = Operation(4, 0, bytes_, 8, 4);
  key.key = 16;
  auto logical_key = Operation(0, 0, bytes_, 8, 4);
  logical_key.key = 16;
  auto no_key = Operation(4, 0, bytes_, 8, 0);
  no_key.key = 16;
  auto access_register = Operation(0, 0, bytes_);
  access_register.ar = 16;
  auto sida = Operation(2, 0, bytes_);
  sida.sida_offset = 4096;
  const struct {
    const char* name;
    bool on_vm;
    uapi::MemOp operation;
    int64_t answer;
  } rows[] = {
      {"absolute read", true, Operation(4, 0, bytes_), 0},
      {"absolute write", true, Operation(5, 0x2000, bytes_), 0},
      {"absolute, no size", true, Operation(4, 0, bytes_, 0), -EINVAL},
      {"absolute, largest", true, Operation(4, 0, bytes_, 65536), 0},
      {"absolute, too large", true, Operation(4, 0, bytes_, 65537), -E2BIG},
      {"absolute, unknown flag", true, Operation(4, 0, bytes_, 8, 8), -EINVAL},
      {"absolute, injection", true, Operation(4, 0, bytes_, 8, 2), -EINVAL},
      {"absolute, bad key", true, key, -EINVAL},
      {"absolute, key without its flag", true, no_key, 0},
      {"absolute, no slot", true, Operation(4, kMiB, bytes_), 5},
      {"absolute, half a slot", true, Operation(5, kMiB - 4, bytes_), 5},
      {"absolute, bad buffer", true, Operation(4, 0, bad_), -EFAULT},
      {"absolute write, bad buffer", true, Operation(5, 0, bad_), -EFAULT},
      {"absolute, check only", true, Operation(5, 0, bad_, 8, 1), 0},
      {"absolute, check of no slot", true, Operation(5, kMiB, bad_, 8, 1), 5},
      {"logical on a VM", true, Operation(0, 0, bytes_), -EINVAL},
      {"unknown on a VM", true, Operation(99, 0, bytes_), -EINVAL},
      {"logical read", false, Operation(0, 0, bytes_), 0},
      {"logical write", false, Operation(1, 0x2000, bytes_), 0},
      {"logical, no size", false, Operation(0, 0, bytes_, 0), -EINVAL},
      {"logical, too large", false, Operation(0, 0, bytes_, 65537), -E2BIG},
      {"logical, unknown flag", false, Operation(0, 0, bytes_, 8, 8), -EINVAL},
      {"logical, all flags", false, Operation(0, 0, bytes_, 8, ~uint64_t{0}), -EINVAL},
      {"logical, bad key", false, logical_key, -EINVAL},
      {"logical, access register", false, access_register, -EINVAL},
      {"logical, no slot", false, Operation(0, 0x500000, bytes_), 5},
      {"logical, bad buffer", false, Operation(0, 0, bad_), -EFAULT},
      {"logical, check only", false, Operation(1, 0, bad_, 8, 1), 0},
      {"SIDA", false, Operation(2, 0, bytes_), -EINVAL},
      {"SIDA write", false, Operation(3, 0, bytes_), -EINVAL},
      {"SIDA, flags", false, Operation(2, 0, bytes_, 8, 1), -EINVAL},
      {"SIDA, no size", false, Operation(2, 0, bytes_, 0), -EINVAL},
      {"SIDA, too large", false, sida, -E2BIG},
      {"absolute on a vCPU", false, Operation(4, 0, bytes_), -EINVAL},
      {"unknown on a vCPU", false, Operation(99, 0, bytes_), -EINVAL},
  };
  for (const auto& row : rows)
    EXPECT_EQ(Ask(row.on_vm ? regular_ : regular_vcpu_, uapi::kMemOp, row.operation), row.answer)
        << row.name;
  EXPECT_EQ(Ask(regular_, uapi::kMemOp, kBadPointer), -EFAULT);
  EXPECT_EQ(Ask(regular_vcpu_, uapi::kMemOp, kBadPointer), -EFAULT);
}

TEST_F(MemoryTest, MemOpMovesBytes) {
  ASSERT_EQ(SetSlot(0, 0, 0, kMiB, 0), 0);
  ASSERT_EQ(SetSlot(1, 0, kMiB, kMiB, 3 * kMiB), 0);
  std::memcpy(bytes_, "storage!", 8);
  EXPECT_EQ(Ask(regular_, uapi::kMemOp, Operation(5, kMiB - 4, bytes_)), 0);
  EXPECT_EQ(std::memcmp(memory_ + kMiB - 4, "stor", 4), 0);
  EXPECT_EQ(std::memcmp(memory_ + 3 * kMiB, "age!", 4), 0);
  uint8_t back[8] = {};
  EXPECT_EQ(Ask(regular_vcpu_, uapi::kMemOp, Operation(0, kMiB - 4, back)), 0);
  EXPECT_EQ(std::memcmp(back, "storage!", 8), 0);
}

TEST_F(MemoryTest, MemOpOfAUcontrolVmSeesOurOwnMemory) {
  memory_[0x3000] = 0x42;
  EXPECT_EQ(Vm(uapi::kMemOp, Operation(4, memory() + 0x3000, bytes_, 1)), 0);
  EXPECT_EQ(bytes_[0], 0x42);
  EXPECT_EQ(Vm(uapi::kMemOp, Operation(4, 0x3000, bytes_, 1)), -EFAULT);
  EXPECT_EQ(Vm(uapi::kMemOp, Operation(4, uint64_t{1} << 60, bytes_, 1)), 5);
  block_->gpsw_mask = 0x180000000;
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(0, memory() + 0x3000, bytes_, 1)), 0);
}

TEST_F(MemoryTest, MemOpHonoursKeys) {
  ASSERT_EQ(SetSlot(0, 0, 0, kMiB, 0), 0);
  uint8_t keys[1] = {0x38};  // key 3, fetch protection
  const uapi::Skeys set{2, 1, reinterpret_cast<uint64_t>(keys), 0, {}};
  ASSERT_EQ(Ask(regular_, uapi::kSetSkeys, set), 0);
  const auto with_key = [&](uint32_t op, uint8_t key) {
    uapi::MemOp operation = Operation(op, 0x2000, bytes_, 8, 4);
    operation.key = key;
    return operation;
  };
  EXPECT_EQ(Ask(regular_, uapi::kMemOp, with_key(4, 3)), 0);
  EXPECT_EQ(Ask(regular_, uapi::kMemOp, with_key(4, 0)), 0);
  EXPECT_EQ(Ask(regular_, uapi::kMemOp, with_key(4, 4)), 4);
  EXPECT_EQ(Ask(regular_, uapi::kMemOp, with_key(5, 4)), 4);
  EXPECT_EQ(Ask(regular_vcpu_, uapi::kMemOp, with_key(0, 4)), 4);
  EXPECT_EQ(Ask(regular_vcpu_, uapi::kMemOp, with_key(0, 3)), 0);
  keys[0] = 0x30;  // readable by all
  ASSERT_EQ(Ask(regular_, uapi::kSetSkeys, set), 0);
  EXPECT_EQ(Ask(regular_, uapi::kMemOp, with_key(4, 4)), 0);
  EXPECT_EQ(Ask(regular_, uapi::kMemOp, with_key(5, 4)), 4);
}

TEST_F(MemoryTest, MemOpInjectsWhatItReports) {
  ASSERT_EQ(SetSlot(0, 0, 0, kMiB, 0), 0);
  EXPECT_EQ(Ask(regular_vcpu_, uapi::kMemOp, Operation(0, 0x500000, bytes_, 8, 2)), 5);
  uapi::Irq irq{};
  const uapi::IrqState state{reinterpret_cast<uint64_t>(&irq), 0, sizeof(irq), {}};
  EXPECT_EQ(Ask(regular_vcpu_, uapi::kGetIrqState, state), 72);
  EXPECT_EQ(irq.type, uapi::kProgramInt);
  EXPECT_EQ(irq.pgm.code, 5);
}

TEST_F(MemoryTest, MemOpTranslatesLogicalAddresses) {
  // A segment table at 0x4000 of our memory, one page table at 0x5000: page 0 is page 7.
  const auto put = [&](uint64_t offset, uint64_t value) {
    for (int i = 7; i >= 0; --i, value >>= 8) memory_[offset + i] = static_cast<uint8_t>(value);
  };
  put(0x4000, memory() + 0x5000);
  for (uint64_t entry = 1; entry < 2048; ++entry) put(0x4000 + entry * 8, 0x20);
  for (uint64_t page = 1; page < 256; ++page) put(0x5000 + page * 8, 0x400);
  put(0x5000, memory() + 0x7000);
  put(0x5008, (memory() + 0x8000) | 0x200);
  memory_[0x7123] = 0x77;
  block_->gpsw_mask = 0x0400000180000000;
  block_->gcr[1] = memory() + 0x4000;
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(0, 0x123, bytes_, 1)), 0);
  EXPECT_EQ(bytes_[0], 0x77);
  bytes_[0] = 0x66;
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(1, 0x124, bytes_, 1)), 0);
  EXPECT_EQ(memory_[0x7124], 0x66);
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(0, 0x1000, bytes_, 1)), 0);
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(1, 0x1000, bytes_, 1)), 4);     // DAT protection
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(0, 0x2000, bytes_, 1)), 0x11);  // page
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(0, kMiB, bytes_, 1)), 0x10);    // segment
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(0, uint64_t{1} << 31, bytes_, 1)), 0x38);
  block_->gcr[0] = 0x10000000;  // low-address protection
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(1, 0x124, bytes_, 1)), 4);
  block_->gcr[1] = uint64_t{1} << 60;
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(0, 0x123, bytes_, 1)), 5);
  block_->gcr[1] = 0x4000;
  EXPECT_EQ(Vcpu(uapi::kMemOp, Operation(0, 0x123, bytes_, 1)), -EFAULT);
}

TEST_F(MemoryTest, MemOpComparesAndSwaps) {
  ASSERT_EQ(SetSlot(0, 0, 0, kMiB, 0), 0);
  for (const uint32_t size : {1, 2, 4, 8, 16}) {
    std::memset(memory_ + 0x3000, 0x11, 32);
    uint8_t expected[16];
    uint8_t wanted[16];
    std::memset(expected, 0x11, 16);
    std::memset(wanted, 0x22, 16);
    auto operation = Operation(6, 0x3000, wanted, size);
    operation.old_addr = reinterpret_cast<uint64_t>(expected);
    EXPECT_EQ(Ask(regular_, uapi::kMemOp, operation), 0) << size;
    EXPECT_EQ(memory_[0x3000 + size - 1], 0x22) << size;
    EXPECT_EQ(memory_[0x3000 + size], 0x11) << size;
    EXPECT_EQ(Ask(regular_, uapi::kMemOp, operation), 0) << size;
    EXPECT_EQ(expected[size - 1], 0x22) << size;  // what was there
  }
  uint8_t quad[16] = {};
  auto operation = Operation(6, 0x3000, quad, 8);
  operation.old_addr = reinterpret_cast<uint64_t>(quad);
  const auto with = [&](auto change) {
    uapi::MemOp changed = operation;
    change(changed);
    return Ask(regular_, uapi::kMemOp, changed);
  };
  EXPECT_EQ(with([](uapi::MemOp& o) { o.size = 3; }), -EINVAL);
  EXPECT_EQ(with([](uapi::MemOp& o) { o.size = 32; }), -EINVAL);
  EXPECT_EQ(with([](uapi::MemOp& o) { o.gaddr = 0x3004; }), -EINVAL);
  EXPECT_EQ(with([](uapi::MemOp& o) { o.flags = 1; }), -EINVAL);
  EXPECT_EQ(with([](uapi::MemOp& o) { o.size = 0; }), -EINVAL);
  EXPECT_EQ(with([](uapi::MemOp& o) { o.buf = kBadPointer; }), -EFAULT);
  EXPECT_EQ(with([](uapi::MemOp& o) { o.old_addr = kBadPointer; }), -EFAULT);
  EXPECT_EQ(with([](uapi::MemOp& o) { o.gaddr = 0x500000; }), 5);
  auto identity = operation;
  identity.gaddr = 0x3000;
  EXPECT_EQ(Vm(uapi::kMemOp, identity), -EFAULT);
}

}  // namespace
}  // namespace hypervisor
