#include "ucontrol/kvm_client.h"

#include <gtest/gtest.h>

#include "tests/ucontrol/fake_device.h"
#include "ucontrol/machine.h"

namespace ucontrol {
namespace {

TEST(KvmClientTest, TellsAMissingPrivilegeFromAMissingFeature) {
  FakeDevice device;
  device.create_vm_result = -EINVAL;
  auto system = kvm::System::Open(device);
  ASSERT_TRUE(system.ok());
  EXPECT_EQ(system->CreateUcontrolVm().status().code(), absl::StatusCode::kPermissionDenied);
  device.ucontrol_capability = 0;
  EXPECT_EQ(system->CreateUcontrolVm().status().code(), absl::StatusCode::kUnimplemented);
}

TEST(KvmClientTest, NamesTheValuesAndTheErrnoOfARefusal) {
  FakeDevice device;
  auto vm = kvm::System::Open(device)->CreateUcontrolVm();
  ASSERT_TRUE(vm.ok());
  ASSERT_TRUE(vm->CreateVcpu(0x2a).ok());
  const absl::Status again = vm->CreateVcpu(0x2a).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(again.message().find("0x2a"), absl::string_view::npos) << again;
  EXPECT_NE(again.message().find("EEXIST"), absl::string_view::npos) << again;
}

TEST(KvmClientTest, SetsAPswOnlyWhileTheCpuIsStopped) {
  FakeDevice device;
  auto vm = kvm::System::Open(device)->CreateUcontrolVm();
  auto vcpu = vm->CreateVcpu(0);
  ASSERT_TRUE(vcpu.ok());
  EXPECT_EQ(vcpu->SetInitialPsw({0x180000000, 0x1000}).code(),
            absl::StatusCode::kFailedPrecondition);
  vcpu->SetFlags(hypervisor::uapi::kCpuStopped);
  EXPECT_TRUE(vcpu->SetInitialPsw({0x180000000, 0x1000}).ok());
  EXPECT_EQ(vcpu->run().psw_addr, 0x1000u);
}

TEST(KvmClientTest, AKickBeforeTheRunEndsTheRun) {
  FakeDevice device;
  auto vm = kvm::System::Open(device)->CreateUcontrolVm();
  auto vcpu = vm->CreateVcpu(0);
  vcpu->Kick();
  EXPECT_EQ(vcpu->Run().reason, kvm::Exit::Reason::kKicked);
}

TEST(KvmClientTest, AnUnmappedSegmentIsAFaultWithItsAddress) {
  FakeDevice device;
  auto vm = kvm::System::Open(device)->CreateUcontrolVm();
  auto vcpu = vm->CreateVcpu(0);
  device.vcpu(0).Then([](FakeVcpu& fake) { return fake.Fault(0x400123); });
  const kvm::Exit exit = vcpu->Run();
  EXPECT_EQ(exit.reason, kvm::Exit::Reason::kFaulted);
  EXPECT_EQ(exit.address.raw(), 0x400000u);
}

// A CPU model has the vector facility only if it was asked for before the first vCPU.
TEST(KvmClientTest, AMachineAsksForVectorsWhereTheyAreOffered) {
  for (const int64_t offered : {0, 1}) {
    FakeDevice device;
    device.vector_capability = offered;
    ASSERT_TRUE(Machine::Create(device, {}).ok());
    const std::vector<uint32_t> wanted(offered ? 1 : 0, hypervisor::uapi::kCapS390VectorRegisters);
    EXPECT_EQ(device.enabled, wanted);
  }
}

}  // namespace
}  // namespace ucontrol
