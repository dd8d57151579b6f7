// Requests on /dev/kvm itself, and what every number of a file answers.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "hypervisor/uapi/capability.h"
#include "hypervisor/uapi/device_control.h"
#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

using SystemTest = VcpuTest;

TEST_F(SystemTest, AnswersItsRequests) {
  const struct {
    const char* name;
    uint32_t request;
    uint64_t argument;
    int64_t answer;
  } rows[] = {
      {"GET_API_VERSION", uapi::kGetApiVersion, 0, 12},
      {"GET_API_VERSION with an argument", uapi::kGetApiVersion, 1, -EINVAL},
      {"GET_VCPU_MMAP_SIZE", uapi::kGetVcpuMmapSize, 0, 4096},
      {"GET_VCPU_MMAP_SIZE with an argument", uapi::kGetVcpuMmapSize, 1, -EINVAL},
      {"S390_ENABLE_SIE", uapi::kEnableSie, 0, 0},
      {"S390_ENABLE_SIE ignores its argument", uapi::kEnableSie, 77, 0},
      {"CREATE_VM of an unknown type", uapi::kCreateVm, 2, -EINVAL},
      {"CREATE_VM UCONTROL with another bit", uapi::kCreateVm, 3, -EINVAL},
      {"CREATE_VM, highest bit", uapi::kCreateVm, uint64_t{1} << 63, -EINVAL},
      {"an unknown number", 0xaeff, 0, -EINVAL},
      {"another type", 0x5401, 0, -EINVAL},
      {"a VM's request", uapi::kCreateVcpu, 0, -EINVAL},
      {"a vCPU's request", uapi::kRun, 0, -EINVAL},
  };
  for (const auto& row : rows)
    EXPECT_EQ(Ask(system_, row.request, row.argument), row.answer) << row.name;
}

TEST_F(SystemTest, CreatesMachinesOfBothTypes) {
  EXPECT_GE(NewVm(0), 0);
  EXPECT_GE(NewVm(uapi::kUcontrolVm), 0);
}

TEST_F(SystemTest, UcontrolNeedsPrivilege) {
  SoftwareDevice device({.sys_admin = false});
  const int system = device.Open();
  EXPECT_EQ(device.Ioctl(system, uapi::kCreateVm, uapi::kUcontrolVm), -EINVAL);
  EXPECT_GE(device.Ioctl(system, uapi::kCreateVm, 0), 0);
  EXPECT_EQ(device.Ioctl(system, uapi::kCheckExtension, uapi::kCapS390Ucontrol), 1);
}

TEST_F(SystemTest, FilesRunOut) {
  // The device, a VM and a vCPU. What finds no number leaves nothing behind.
  SoftwareDevice device({.open_files = 3});
  const int system = device.Open();
  const int vm = static_cast<int>(device.Ioctl(system, uapi::kCreateVm, uapi::kUcontrolVm));
  ASSERT_GE(vm, 0);
  const int other = static_cast<int>(device.Ioctl(system, uapi::kCreateVm, 0));
  ASSERT_GE(other, 0);
  EXPECT_EQ(device.Open(), -EMFILE);
  EXPECT_EQ(device.Ioctl(system, uapi::kCreateVm, uapi::kUcontrolVm), -EMFILE);
  EXPECT_EQ(device.Ioctl(vm, uapi::kCreateVcpu, 0), -EMFILE);
  EXPECT_EQ(device.Ioctl(vm, uapi::kGetStatsFd, 0), -EMFILE);
  device.Close(other);
  const int vcpu = static_cast<int>(device.Ioctl(vm, uapi::kCreateVcpu, 0));
  ASSERT_EQ(vcpu, other);
  EXPECT_EQ(device.Ioctl(vm, uapi::kCreateVcpu, 1), -EMFILE);
  device.Close(vcpu);
}

TEST_F(SystemTest, ExtensionsAreTheSameOnTheDeviceAndOnItsMachines) {
  const struct {
    uint32_t capability;
    int64_t value;
  } rows[] = {
      {3, 1},    {10, 32766},       {14, 1},      {16, 1},  {21, 1},  {23, 1},    {25, 4096},
      {30, 1},   {32, 1},           {36, 1},      {40, 1},  {42, 1},  {54, 1},    {59, 1},
      {66, 255}, {70, 1},           {71, 1},      {73, 1},  {74, 1},  {79, 1},    {82, 1},
      {85, 1},   {89, 1},           {98, 1},      {99, 1},  {101, 1}, {105, 1},   {106, 1},
      {109, 1},  {110, 1},          {113, 1},     {114, 1}, {122, 1}, {128, 255}, {130, 1},
      {136, 1},  {141, 1},          {145, 1},     {150, 1}, {179, 1}, {182, 1},   {186, 1},
      {203, 1},  {195, 0x10010003}, {108, 65536}, {211, 3}, {215, 1}, {231, 1},   {236, 1},
      {246, 1},  {247, 1},          {248, 1},
  };
  const int regular = NewVm(0);
  std::set<uint32_t> known{uapi::kCapNrVcpus};
  for (const auto& row : rows) {
    known.insert(row.capability);
    for (const int fd : {system_, vm_, regular})
      EXPECT_EQ(Ask(fd, uapi::kCheckExtension, row.capability), row.value) << row.capability;
  }
  EXPECT_GE(Ask(system_, uapi::kCheckExtension, uapi::kCapNrVcpus), 1);
  // All others, those of facilities that the machine lacks among them.
  for (uint32_t capability = 0; capability < 300; ++capability) {
    if (known.contains(capability)) continue;
    for (const int fd : {system_, vm_, regular})
      EXPECT_EQ(Ask(fd, uapi::kCheckExtension, capability), 0) << capability;
  }
  EXPECT_EQ(Ask(system_, uapi::kCheckExtension, 0x7fffffff), 0);
  EXPECT_EQ(Ask(system_, uapi::kCheckExtension, ~uint64_t{0}), 0);
}

TEST_F(SystemTest, ExtensionsFollowTheMachinesFacilities) {
  Machine machine = TestMachine();
  for (const int facility : {11, 64, 82, 129, 133}) machine.facilities.Set(facility, true);
  machine.enhanced_suppression = false;
  SoftwareDevice device({.machine = machine});
  const int system = device.Open();
  for (const uint32_t capability : {107, 124, 140, 152, 222})
    EXPECT_EQ(device.Ioctl(system, uapi::kCheckExtension, capability), 1) << capability;
  EXPECT_EQ(device.Ioctl(system, uapi::kCheckExtension, uapi::kCapS390Cow), 0);
}

TEST_F(SystemTest, AClosedOrUnknownNumberIsNoFile) {
  for (const int fd : {-1, 12345, 1 << 30})
    EXPECT_EQ(Ask(fd, uapi::kGetApiVersion, 0), -EBADF) << fd;
  device_.Close(system_);
  EXPECT_EQ(Ask(system_, uapi::kGetApiVersion, 0), -EBADF);
  device_.Close(system_);
  device_.Kick(system_);
  EXPECT_EQ(device_.Mmap(system_, 0), nullptr);
  // The lowest free number is the next.
  EXPECT_EQ(device_.Open(), system_);
}

TEST_F(SystemTest, AVcpuOutlivesItsMachinesFile) {
  device_.Close(system_);
  device_.Close(vm_);
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(Vm(uapi::kCheckExtension, 73), -EBADF);
}

TEST_F(SystemTest, AMachineAnswersTheProcessThatMadeIt) {
  uapi::CreateDevice device{uapi::kDeviceFlic, 0, 0};
  ASSERT_EQ(Vm(uapi::kCreateDevice, device), 0);
  const auto flic = static_cast<int>(device.fd);
  const pid_t child = fork();
  if (child == 0) {
    uapi::Regs regs;
    const uapi::DeviceAttr attr{0, uapi::kFlicClearIrqs, 0, 0};
    int wrong = 0;
    wrong += Vm(uapi::kCheckExtension, 73) != -EIO;
    wrong += Vm(uapi::kCreateVcpu, 1) != -EIO;
    wrong += Vcpu(uapi::kGetRegs, regs) != -EIO;
    wrong += KvmRun() != -EIO;
    wrong += Ask(flic, uapi::kSetDeviceAttr, attr) != -EIO;
    // The device itself and new machines are the child's own.
    wrong += Ask(system_, uapi::kGetApiVersion, 0) != 12;
    const int vm = NewVm(uapi::kUcontrolVm);
    wrong += vm < 0 || NewVcpu(vm, 0) < 0;
    _exit(wrong);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(KvmRun(), 0);
}

}  // namespace
}  // namespace hypervisor
