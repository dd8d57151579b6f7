// Requests that an s390 kernel does not have or refuses: those of other architectures, old ones,
// and those whose hardware our machine lacks. And requests on the wrong file.
#include <cerrno>

#include "hypervisor/uapi/device_control.h"
#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

using ForeignRequestsTest = VcpuTest;

TEST_F(ForeignRequestsTest, AreAnsweredAsAnS390KernelAnswers) {
  static uint8_t zeros[8192];
  const struct {
    const char* name;
    uint32_t request;
    int64_t system;
    int64_t vm;
    int64_t vcpu;
  } rows[] = {
      {"unknown", 0xaeff, -EINVAL, -ENOTTY, -ENOTTY},
      {"another type", 0x1234, -EINVAL, -ENOTTY, -EINVAL},
      {"TCGETS", 0x5401, -EINVAL, -ENOTTY, -EINVAL},
      {"SET_NR_MMU_PAGES", 0xae44, -EINVAL, -ENOTTY, -ENOTTY},
      {"GET_NR_MMU_PAGES", 0xae45, -EINVAL, -ENOTTY, -ENOTTY},
      {"SET_TSS_ADDR", 0xae47, -EINVAL, -ENOTTY, -ENOTTY},
      {"SET_IDENTITY_MAP_ADDR", 0x4008ae48, -EINVAL, -ENOTTY, -ENOTTY},
      {"SET_MEMORY_REGION", 0x4018ae40, -EINVAL, -ENOTTY, -ENOTTY},
      {"GET_VCPU_EVENTS", 0x8040ae9f, -EINVAL, -ENOTTY, -ENOTTY},
      {"SET_VCPU_EVENTS", 0x4040aea0, -EINVAL, -ENOTTY, -ENOTTY},
      {"GET_DEBUGREGS", 0x8080aea1, -EINVAL, -ENOTTY, -ENOTTY},
      {"SET_DEBUGREGS", 0x4080aea2, -EINVAL, -ENOTTY, -ENOTTY},
      {"IRQ_LINE", 0x4008ae61, -EINVAL, -ENOTTY, -ENOTTY},
      {"GET_IRQCHIP", 0xc208ae62, -EINVAL, -ENOTTY, -ENOTTY},
      {"CREATE_PIT", 0xae64, -EINVAL, -ENOTTY, -ENOTTY},
      {"SIGNAL_MSI", 0x4020aea5, -EINVAL, -ENOTTY, -ENOTTY},
      {"SET_CLOCK", 0x4030ae7b, -EINVAL, -ENOTTY, -ENOTTY},
      {"GET_LAPIC", 0x8400ae8e, -EINVAL, -ENOTTY, -ENOTTY},
      {"GET_MSRS", 0xc008ae88, -EINVAL, -ENOTTY, -ENOTTY},
      {"GET_REG_LIST", 0xc008aeb0, -EINVAL, -ENOTTY, -ENOTTY},
      {"NMI", 0xae9a, -EINVAL, -ENOTTY, -ENOTTY},
      {"CLEAR_DIRTY_LOG", uapi::kClearDirtyLog, -EINVAL, -ENOTTY, -ENOTTY},
      {"RESET_DIRTY_RINGS", uapi::kResetDirtyRings, -EINVAL, -EINVAL, -ENOTTY},
      {"SET_MEMORY_ATTRIBUTES", 0x4020aed2, -EINVAL, -ENOTTY, -ENOTTY},
      {"CREATE_GUEST_MEMFD", 0xc040aed4, -EINVAL, -ENOTTY, -ENOTTY},
      {"S390_PV_COMMAND", uapi::kPvCommand, -EINVAL, -EINVAL, -ENOTTY},
      {"S390_PV_CPU_COMMAND", uapi::kPvCpuCommand, -EINVAL, -ENOTTY, -EINVAL},
      {"S390_ZPCI_OP", uapi::kZpciOp, -EINVAL, -EINVAL, -ENOTTY},
      {"TRANSLATE", uapi::kTranslate, -EINVAL, -ENOTTY, -EINVAL},
      {"CREATE_VM", uapi::kCreateVm, -EINVAL, -ENOTTY, -ENOTTY},
      {"GET_API_VERSION", uapi::kGetApiVersion, -EINVAL, -ENOTTY, -ENOTTY},
      {"CHECK_EXTENSION", uapi::kCheckExtension, 0, 0, -ENOTTY},
      {"CREATE_VCPU", uapi::kCreateVcpu, -EINVAL, -EINVAL, -ENOTTY},
      {"RUN", uapi::kRun, -EINVAL, -ENOTTY, -EINVAL},
      {"GET_REGS of another size", 0x8088ae81, -EINVAL, -ENOTTY, -ENOTTY},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Ask(system_, row.request, zeros), row.system) << row.name;
    EXPECT_EQ(Vm(row.request, zeros), row.vm) << row.name;
    EXPECT_EQ(Vcpu(row.request, zeros), row.vcpu) << row.name;
  }
}

TEST_F(ForeignRequestsTest, StatisticsAreFilesWithoutRequests) {
  const auto vm_stats = static_cast<int>(Vm(uapi::kGetStatsFd, 0));
  const auto vcpu_stats = static_cast<int>(Vcpu(uapi::kGetStatsFd, 0));
  ASSERT_GE(vm_stats, 0);
  ASSERT_GE(vcpu_stats, 0);
  EXPECT_EQ(Ask(vm_stats, uapi::kGetStatsFd, 0), -ENOTTY);
  EXPECT_EQ(device_.Mmap(vcpu_stats, 0), nullptr);
}

TEST_F(ForeignRequestsTest, ARegularVmIsNotRun) {
  const int vcpu = NewVcpu(NewVm(0), 0);
  EXPECT_EQ(Ask(vcpu, uapi::kRun, 1), -EINVAL);
  EXPECT_EQ(Ask(vcpu, uapi::kRun, 0), -EOPNOTSUPP);
  device_.Kick(vcpu);
}

}  // namespace
}  // namespace hypervisor
