// KVM_S390_UCAS_MAP, KVM_S390_UCAS_UNMAP, KVM_S390_VCPU_FAULT, KVM_PRE_FAULT_MEMORY.
#include <sys/mman.h>

#include <cerrno>
#include <chrono>

#include "hypervisor/uapi/device_control.h"
#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

using UcasTest = VcpuTest;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kTop = 0xfffffffffff00000;

TEST_F(UcasTest, MapChecksItsArguments) {
  const uint64_t user = memory();
  const struct {
    const char* name;
    uapi::UcasMapping mapping;
    int64_t answer;
  } rows[] = {
      {"one segment", {user, 0, kMiB}, 0},
      {"the same again", {user, 0, kMiB}, 0},
      {"over another", {user + kMiB, 0, 2 * kMiB}, 0},
      {"user_addr misaligned", {user + 4096, 0, kMiB}, -EINVAL},
      {"vcpu_addr misaligned", {user, 4096, kMiB}, -EINVAL},
      {"length misaligned", {user, 0, kMiB + 4096}, -EINVAL},
      {"all misaligned", {user + 1, 1, kMiB + 1}, -EINVAL},
      {"length of a page", {user, 0, 4096}, -EINVAL},
      {"length 0", {user, 0, 0}, 0},
      {"user 0", {0, 8 * kMiB, kMiB}, 0},
      {"nothing behind it", {0x700000000, 9 * kMiB, kMiB}, 0},
      {"user wraps", {kTop, 0, 2 * kMiB}, -EINVAL},
      {"user ends at 2^64", {kTop, 0, kMiB}, -EINVAL},
      {"user 2^53", {uint64_t{1} << 53, 0, kMiB}, 0},
      {"vcpu wraps", {user, kTop, 2 * kMiB}, -EINVAL},
      {"vcpu ends at 2^64", {user, kTop, kMiB}, -EINVAL},
      {"vcpu 2^31", {user, uint64_t{1} << 31, kMiB}, 0},
      {"vcpu 2^42", {user, uint64_t{1} << 42, kMiB}, 0},
      {"vcpu 2^53", {user, uint64_t{1} << 53, kMiB}, 0},
      {"vcpu 2^63", {user, uint64_t{1} << 63, kMiB}, 0},
  };
  for (const auto& row : rows) EXPECT_EQ(Vcpu(uapi::kUcasMap, row.mapping), row.answer) << row.name;
  EXPECT_EQ(Vcpu(uapi::kUcasMap, kBadPointer), -EFAULT);
  EXPECT_EQ(Vm(uapi::kUcasMap, rows[0].mapping), -ENOTTY);
}

TEST_F(UcasTest, UnmapChecksItsArguments) {
  const struct {
    const char* name;
    uapi::UcasMapping mapping;
    int64_t answer;
  } rows[] = {
      {"one segment", {memory(), 0, kMiB}, 0},
      {"absent", {memory(), 0, kMiB}, 0},
      {"user_addr is ignored", {0x1234567, 0, kMiB}, 0},
      {"vcpu_addr misaligned", {0, 4096, kMiB}, -EINVAL},
      {"length misaligned", {0, 0, kMiB + 1}, -EINVAL},
      {"length 0", {0, 0, 0}, 0},
      {"wraps", {0, kTop, 2 * kMiB}, -EINVAL},
      {"ends at 2^64", {0, kTop, kMiB}, -EINVAL},
      {"partly absent", {0, kMiB, 3 * kMiB}, 0},
  };
  for (const auto& row : rows)
    EXPECT_EQ(Vcpu(uapi::kUcasUnmap, row.mapping), row.answer) << row.name;
  EXPECT_EQ(Vcpu(uapi::kUcasUnmap, kBadPointer), -EFAULT);
}

TEST_F(UcasTest, ARegularVmHasNone) {
  const int vcpu = NewVcpu(NewVm(0), 0);
  const uapi::UcasMapping mapping{memory(), 0, kMiB};
  EXPECT_EQ(Ask(vcpu, uapi::kUcasMap, kBadPointer), -EFAULT);
  EXPECT_EQ(Ask(vcpu, uapi::kUcasMap, mapping), -EINVAL);
  EXPECT_EQ(Ask(vcpu, uapi::kUcasUnmap, mapping), -EINVAL);
}

TEST_F(UcasTest, TheLargestMappingCostsWhatTheSmallestDoes) {
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(Map(0, 0, uint64_t{0} - kMiB), 0);
    ASSERT_EQ(Unmap(kMiB, uint64_t{0} - 2 * kMiB), 0);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

TEST_F(UcasTest, FaultResolvesOnePage) {
  ASSERT_EQ(Map(0x700000000, 9 * kMiB, kMiB), 0);
  const struct {
    const char* name;
    uint64_t address;
    int64_t answer;
  } rows[] = {
      {"first byte", 0, 0},
      {"unaligned", 0xfffff, 0},
      {"unmapped", kMiB, -EREMOTE},
      {"unmapped, unaligned", kMiB + 0x1234, -EREMOTE},
      {"last byte", ~uint64_t{0}, -EREMOTE},
      {"nothing behind it", 9 * kMiB, -EFAULT},
  };
  for (const auto& row : rows) {
    run_->exit_reason = 0;
    EXPECT_EQ(Vcpu(uapi::kVcpuFault, row.address), row.answer) << row.name;
    if (row.answer != -EREMOTE) {
      EXPECT_EQ(run_->exit_reason, 0u) << row.name;
      continue;
    }
    EXPECT_EQ(run_->exit_reason, 20u) << row.name;
    EXPECT_EQ(run_->s390_ucontrol.trans_exc_code, row.address & ~uint64_t{0xfff}) << row.name;
    EXPECT_EQ(run_->s390_ucontrol.pgm_code, 0x10u) << row.name;
  }
  EXPECT_EQ(Vm(uapi::kVcpuFault, 0), -ENOTTY);
}

TEST_F(UcasTest, FaultHonoursWhatBecameOfTheMemory) {
  EXPECT_EQ(Vcpu(uapi::kVcpuFault, 0x3000), 0);
  mprotect(memory_ + 0x3000, 4096, PROT_NONE);
  EXPECT_EQ(Vcpu(uapi::kVcpuFault, 0x3000), -EFAULT);
  mprotect(memory_ + 0x3000, 4096, PROT_READ);
  EXPECT_EQ(Vcpu(uapi::kVcpuFault, 0x3000), 0);
  ASSERT_EQ(Unmap(0, kMiB), 0);
  EXPECT_EQ(Vcpu(uapi::kVcpuFault, 0x3000), -EREMOTE);
}

TEST_F(UcasTest, FaultOfARegularVmGoesThroughItsSlots) {
  const int vm = NewVm(0);
  const int vcpu = NewVcpu(vm, 0);
  EXPECT_EQ(Ask(vcpu, uapi::kVcpuFault, 0), -EFAULT);
  const uapi::UserMemoryRegion region{0, 0, 0, kMiB, memory()};
  ASSERT_EQ(Ask(vm, uapi::kSetUserMemoryRegion, region), 0);
  EXPECT_EQ(Ask(vcpu, uapi::kVcpuFault, 0), 0);
  EXPECT_EQ(Ask(vcpu, uapi::kVcpuFault, kMiB), -EFAULT);
}

TEST_F(UcasTest, PreFaultIsForRegularVmsOnly) {
  const uapi::PreFaultMemory page{0, 4096, 0, {}};
  EXPECT_EQ(Vcpu(uapi::kPreFaultMemory, kBadPointer), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kPreFaultMemory, page), -EINVAL);
  const int vm = NewVm(0);
  const int vcpu = NewVcpu(vm, 0);
  EXPECT_EQ(Ask(vcpu, uapi::kPreFaultMemory, page), -ENOENT);
  const uapi::UserMemoryRegion region{0, 0, 0, kMiB, memory()};
  ASSERT_EQ(Ask(vm, uapi::kSetUserMemoryRegion, region), 0);
  EXPECT_EQ(Ask(vcpu, uapi::kPreFaultMemory, page), 0);
  EXPECT_EQ(Ask(vcpu, uapi::kPreFaultMemory, uapi::PreFaultMemory{0, 100, 0, {}}), -EINVAL);
  EXPECT_EQ(Ask(vcpu, uapi::kPreFaultMemory, uapi::PreFaultMemory{0, 0, 0, {}}), -EINVAL);
  EXPECT_EQ(Ask(vcpu, uapi::kPreFaultMemory, uapi::PreFaultMemory{0, 4096, 1, {}}), -EINVAL);
  EXPECT_EQ(Ask(vcpu, uapi::kPreFaultMemory, uapi::PreFaultMemory{~uint64_t{0xfff}, 8192, 0, {}}),
            -EINVAL);
}

}  // namespace
}  // namespace hypervisor
