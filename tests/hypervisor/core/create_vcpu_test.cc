// KVM_CREATE_VCPU, the pages of a vCPU and the SIE block it starts with.
#include <cerrno>
#include <cstring>

#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

using CreateVcpuTest = VcpuTest;

TEST_F(CreateVcpuTest, TakesEachNumberOnce) {
  const struct {
    uint64_t id;
    int64_t error;  // 0: a file
  } rows[] = {
      {0, 0},
      {0, -EEXIST},
      {1, 0},
      {63, 0},
      {64, 0},
      {247, 0},
      {248, 0},
      {254, 0},
      {254, -EEXIST},
      {255, -EINVAL},
      {256, -EINVAL},
      {0x10000, -EINVAL},
      {~0u, -EINVAL},
      {~uint64_t{0}, -EINVAL},
      {uint64_t{1} << 32, -EINVAL},
  };
  for (const uint64_t type : {uint64_t{0}, uapi::kUcontrolVm}) {
    const int vm = NewVm(type);
    for (const auto& row : rows) {
      const int64_t answer = Ask(vm, uapi::kCreateVcpu, row.id);
      if (row.error)
        EXPECT_EQ(answer, row.error) << row.id;
      else
        EXPECT_GE(answer, 0) << row.id;
    }
  }
}

TEST_F(CreateVcpuTest, ClosingAVcpuDoesNotFreeItsNumber) {
  device_.Close(vcpu_);
  EXPECT_EQ(Vm(uapi::kCreateVcpu, 0), -EEXIST);
}

TEST_F(CreateVcpuTest, ShowsTheSieBlockOfAUcontrolVmOnly) {
  EXPECT_NE(device_.Mmap(vcpu_, 0), nullptr);
  EXPECT_NE(device_.Mmap(vcpu_, 1), nullptr);
  EXPECT_EQ(device_.Mmap(vcpu_, 2), nullptr);
  EXPECT_EQ(device_.Mmap(vm_, 0), nullptr);
  const int regular = NewVcpu(NewVm(0), 0);
  EXPECT_NE(device_.Mmap(regular, 0), nullptr);
  EXPECT_EQ(device_.Mmap(regular, 1), nullptr);
}

TEST_F(CreateVcpuTest, StartsWithTheKernelsBlock) {
  const int vcpu = NewVcpu(vm_, 7);
  const auto& block = *static_cast<uapi::SieBlock*>(device_.Mmap(vcpu, 1));
  EXPECT_EQ(block.cpuflags, 0x80000a90u);  // STOPPED, ZARCH, KSS, SM, GED2
  EXPECT_EQ(block.icpua, 7);
  EXPECT_EQ(block.ictl, uapi::kIctlOperexc);
  EXPECT_EQ(block.eca, 0x81002000u);  // CEI, MVPGI, PROTEXCI
  EXPECT_EQ(block.ecb, uapi::kEcbHostprotint | uapi::kEcbSrsi);
  EXPECT_EQ(block.ecb & uapi::kEcbSpeci, 0);
  EXPECT_EQ(block.ecb2, uapi::kEcb2Pfmfi);
  EXPECT_EQ(block.ecb3, uapi::kEcb3Aes | uapi::kEcb3Dea);
  EXPECT_EQ(block.crycbd & 3, 1u);
  EXPECT_EQ(block.hpid, 4);
  EXPECT_EQ(block.mso, 0u);
  EXPECT_EQ(block.scaoh | block.scaol, 0u);
  EXPECT_NE(block.fac, 0u);
  EXPECT_EQ(block.fac & 7, 0u);
  EXPECT_EQ(block.sdnxo & 15, 8u);
  EXPECT_EQ(block.itdba & 0xfff, 0x600u);
  EXPECT_EQ(block.prefix(), 0u);
  // No reset takes place.
  for (const uint64_t cr : block.gcr) EXPECT_EQ(cr, 0u);
  EXPECT_EQ(block.gpsw_mask | block.gpsw_addr | block.cputm | block.ckc | block.gbea, 0u);
  // The rest of the page is zero.
  const auto* page = reinterpret_cast<const uint8_t*>(&block);
  for (size_t i = sizeof(block); i < 4096; ++i) ASSERT_EQ(page[i], 0) << i;
}

TEST_F(CreateVcpuTest, TheBlockFollowsTheMachine) {
  Machine machine = TestMachine();
  machine.facilities.Set(78, false);
  machine.facilities.Set(9, false);
  machine.facilities.Set(76, false);
  machine.facilities.Set(130, true);
  machine.keyless_subset = false;
  machine.conditional_external = false;
  machine.enhanced_suppression = false;
  machine.page_frame_management = false;
  SoftwareDevice device({.machine = machine});
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  const int vcpu = static_cast<int>(device.Ioctl(vm, uapi::kCreateVcpu, 0));
  const auto& block = *static_cast<uapi::SieBlock*>(device.Mmap(vcpu, 1));
  EXPECT_EQ(block.cpuflags, 0x80000884u);
  EXPECT_EQ(block.ictl, 0x80007000u);
  EXPECT_EQ(block.eca, 0x01002000u);
  EXPECT_EQ(block.ecb, 0);
  EXPECT_EQ(block.ecb2, uapi::kEcb2Iep);
  EXPECT_EQ(block.ecb3, 0);
  EXPECT_EQ(block.crycbd, 0u);
}

TEST_F(CreateVcpuTest, SyncRegistersAreThoseOfTheMachine) {
  EXPECT_EQ(run_->kvm_valid_regs, 0x113fu);  // an array of floating-point registers
  EXPECT_EQ(run_->kvm_dirty_regs, 0u);
  EXPECT_EQ(run_->exit_reason, 0u);

  Machine machine = TestMachine();
  machine.facilities.Set(129, true);
  SoftwareDevice device({.machine = machine});
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  const int vcpu = static_cast<int>(device.Ioctl(vm, uapi::kCreateVcpu, 0));
  EXPECT_EQ(static_cast<uapi::Run*>(device.Mmap(vcpu, 0))->kvm_valid_regs, 0x107fu);
}

TEST_F(CreateVcpuTest, TheEngineSeesTheModelsFacilities) {
  const int vm = NewVm(1);
  uapi::CpuModelProcessor model{};
  model.fac_list[0] = 0xc000000000000000;
  model.fac_list[3] = 1;
  uapi::DeviceAttr attr{0, uapi::kVmCpuModel, 0, reinterpret_cast<uint64_t>(&model)};
  ASSERT_EQ(Ask(vm, uapi::kSetDeviceAttr, attr), 0);
  FacilityList seen;
  script_ = [&](ScriptedSie& sie, uapi::SieBlock&, CpuState&) {
    seen = sie.environment().facilities;
    return SieExit{SieExit::Reason::kIntercepted, VcpuAddress()};
  };
  const int vcpu = NewVcpu(vm, 0);
  const uapi::UcasMapping mapping{memory(), 0, 1 << 20};
  ASSERT_EQ(Ask(vcpu, uapi::kUcasMap, mapping), 0);
  EXPECT_EQ(Ask(vcpu, uapi::kRun, 0), 0);
  EXPECT_EQ(seen.doubleword(0), 0xc000000000000000u);
  EXPECT_EQ(seen.doubleword(3), 1u);
}

TEST_F(CreateVcpuTest, AFailingEngineIsOutOfMemory) {
  SoftwareDevice device({.engine = [](const SieEnvironment&) { return nullptr; }});
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  EXPECT_EQ(device.Ioctl(vm, uapi::kCreateVcpu, 0), -ENOMEM);
}

}  // namespace
}  // namespace hypervisor
