#include "tests/hypervisor/core/fixture.h"

#include <sys/mman.h>

namespace hypervisor {

SieExit ScriptedSie::Run(uapi::SieBlock& block, CpuState& cpu) {
  block.icptcode = 0;
  if (TakeKick()) return {SieExit::Reason::kKicked, VcpuAddress()};
  if (script_) return script_(*this, block, cpu);
  block.icptcode = static_cast<uint8_t>(uapi::Interception::kInstruction);
  block.ipa = 0x8300;
  block.ipb = 0x00440000;
  return {SieExit::Reason::kIntercepted, VcpuAddress()};
}

Machine TestMachine() {
  Machine machine;
  machine.facilities = FacilityList();
  for (int bit : {0, 1, 2, 3, 4, 7, 8, 9, 16, 17, 18, 21, 25, 40, 41, 45, 49, 76, 77, 78})
    machine.facilities.Set(bit, true);
  return machine;
}

VcpuTest::VcpuTest()
    : device_({.engine =
                   [this](const SieEnvironment& environment) {
                     return std::make_unique<ScriptedSie>(environment, script_);
                   },
               .machine = TestMachine()}) {
  system_ = device_.Open();
  vm_ = static_cast<int>(device_.Ioctl(system_, uapi::kCreateVm, uapi::kUcontrolVm));
  vcpu_ = static_cast<int>(device_.Ioctl(vm_, uapi::kCreateVcpu, 0));
  run_ = static_cast<uapi::Run*>(device_.Mmap(vcpu_, 0));
  block_ = static_cast<uapi::SieBlock*>(device_.Mmap(vcpu_, uapi::kSiePageOffset));
  void* storage = mmap(nullptr, kMemorySize + (1 << 20), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  const auto start = reinterpret_cast<uintptr_t>(storage);
  memory_ = reinterpret_cast<uint8_t*>((start + (1 << 20) - 1) >> 20 << 20);
  Map(memory(), 0, 1 << 20);
  block_->cpuflags &= ~uapi::kCpuStopped;
}

VcpuTest::~VcpuTest() {
  munmap(memory_, kMemorySize);
}

int64_t VcpuTest::Map(uint64_t user, uint64_t vcpu_addr, uint64_t length) {
  uapi::UcasMapping mapping{user, vcpu_addr, length};
  return Vcpu(uapi::kUcasMap, &mapping);
}

int64_t VcpuTest::Unmap(uint64_t vcpu_addr, uint64_t length) {
  uapi::UcasMapping mapping{0, vcpu_addr, length};
  return Vcpu(uapi::kUcasUnmap, &mapping);
}

}  // namespace hypervisor
