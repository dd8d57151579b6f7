// KVM_ENABLE_CAP on a VM without vCPUs, on one with a vCPU, and on a vCPU.
#include <cerrno>

#include "hypervisor/uapi/capability.h"
#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

using EnableCapTest = VcpuTest;

uapi::EnableCap Of(uint32_t cap) {
  uapi::EnableCap argument{};
  argument.cap = cap;
  return argument;
}

TEST_F(EnableCapTest, AnswersEveryCapability) {
  const struct {
    uint32_t cap;
    int64_t vm;
    int64_t vm_with_vcpu;
    int64_t vcpu;
  } rows[] = {
      {uapi::kCapS390Irqchip, 0, 0, -EINVAL},
      {uapi::kCapS390UserSigp, 0, 0, -EINVAL},
      {uapi::kCapS390VectorRegisters, -EINVAL, -EBUSY, -EINVAL},
      {uapi::kCapS390Ri, -EINVAL, -EBUSY, -EINVAL},
      {uapi::kCapS390Ais, 0, -EBUSY, -EINVAL},
      {uapi::kCapS390Gs, -EINVAL, -EBUSY, -EINVAL},
      {uapi::kCapS390Hpage1m, -EINVAL, -EBUSY, -EINVAL},
      {uapi::kCapS390Hpage2g, -EINVAL, -EBUSY, -EINVAL},
      {uapi::kCapS390UserStsi, 0, 0, -EINVAL},
      {uapi::kCapS390UserInstr0, 0, 0, -EINVAL},
      {uapi::kCapS390CpuTopology, -EINVAL, -EBUSY, -EINVAL},
      {uapi::kCapS390UserOperexec, 0, 0, -EINVAL},
      {uapi::kCapS390VsieEsamode, 0, 0, -EINVAL},
      {uapi::kCapHaltPoll, 0, 0, -EINVAL},
      {uapi::kCapS390CssSupport, -EINVAL, -EINVAL, 0},
      {uapi::kCapS390Gmap, -EINVAL, -EINVAL, -EINVAL},
      {uapi::kCapS390Ucontrol, -EINVAL, -EINVAL, -EINVAL},
      {168, -EINVAL, -EINVAL, -EINVAL},
      {0, -EINVAL, -EINVAL, -EINVAL},
      {999, -EINVAL, -EINVAL, -EINVAL},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Ask(NewVm(1), uapi::kEnableCap, Of(row.cap)), row.vm) << row.cap;
    EXPECT_EQ(Vm(uapi::kEnableCap, Of(row.cap)), row.vm_with_vcpu) << row.cap;
    EXPECT_EQ(Vcpu(uapi::kEnableCap, Of(row.cap)), row.vcpu) << row.cap;
    uapi::EnableCap flags = Of(row.cap);
    flags.flags = 1;
    EXPECT_EQ(Ask(NewVm(1), uapi::kEnableCap, flags), -EINVAL) << row.cap;
    EXPECT_EQ(Vcpu(uapi::kEnableCap, flags), -EINVAL) << row.cap;
  }
  EXPECT_EQ(Vm(uapi::kEnableCap, kBadPointer), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kEnableCap, kBadPointer), -EFAULT);
}

TEST_F(EnableCapTest, HaltPollTakesAWord) {
  uapi::EnableCap poll = Of(uapi::kCapHaltPoll);
  poll.args[0] = 0xffffffff;
  EXPECT_EQ(Vm(uapi::kEnableCap, poll), 0);
  poll.args[0] = uint64_t{1} << 32;
  EXPECT_EQ(Vm(uapi::kEnableCap, poll), -EINVAL);
}

TEST_F(EnableCapTest, TheIrqchipCanBeCreatedOnceEnabled) {
  EXPECT_EQ(Vm(uapi::kCreateIrqchip, 0), -EINVAL);
  EXPECT_EQ(Vm(uapi::kEnableCap, Of(uapi::kCapS390Irqchip)), 0);
  EXPECT_EQ(Vm(uapi::kCreateIrqchip, 0), 0);
}

TEST_F(EnableCapTest, OperationExceptionsOfAllCpusAreIntercepted) {
  block_->ictl = 0;
  EXPECT_EQ(Vm(uapi::kEnableCap, Of(uapi::kCapS390UserInstr0)), 0);
  EXPECT_EQ(block_->ictl, uapi::kIctlOperexc);
}

TEST_F(EnableCapTest, FacilitiesOfTheMachineReachTheModelAndTheBlock) {
  Machine machine = TestMachine();
  for (const int facility : {11, 64, 129, 133, 134, 135}) machine.facilities.Set(facility, true);
  SoftwareDevice device({.machine = machine});
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  const auto ask = [&](uint32_t request, auto& structure) {
    return device.Ioctl(vm, request, reinterpret_cast<uint64_t>(&structure));
  };
  uapi::CpuModelProcessor model{};
  uapi::DeviceAttr attr{0, uapi::kVmCpuModel, 0, reinterpret_cast<uint64_t>(&model)};
  const auto has = [&](int facility) {
    EXPECT_EQ(ask(uapi::kGetDeviceAttr, attr), 0);
    return (model.fac_list[facility / 64] >> (63 - facility % 64) & 1) != 0;
  };
  for (const int facility : {11, 64, 72, 129, 133, 134, 135}) EXPECT_FALSE(has(facility));
  for (const uint32_t cap : {uapi::kCapS390VectorRegisters, uapi::kCapS390Ri, uapi::kCapS390Ais,
                             uapi::kCapS390Gs, uapi::kCapS390CpuTopology}) {
    uapi::EnableCap enable = Of(cap);
    EXPECT_EQ(ask(uapi::kEnableCap, enable), 0) << cap;
  }
  for (const int facility : {11, 64, 72, 129, 133, 134, 135}) EXPECT_TRUE(has(facility));
  EXPECT_FALSE(has(148));
  const int vcpu = static_cast<int>(device.Ioctl(vm, uapi::kCreateVcpu, 0));
  const auto& block = *static_cast<uapi::SieBlock*>(device.Mmap(vcpu, 1));
  EXPECT_TRUE(block.eca & uapi::kEcaVx);
  EXPECT_TRUE(block.ecb & uapi::kEcbPtf);
  EXPECT_TRUE(block.ecd & uapi::kEcdHostregmgmt);
  EXPECT_EQ(static_cast<uapi::Run*>(device.Mmap(vcpu, 0))->kvm_valid_regs,
            0x107fu | uapi::kSyncRiccb | uapi::kSyncGscb);
}

}  // namespace
}  // namespace hypervisor
