// A device whose vCPUs exit as a test's script says. Without a script a vCPU stays in KVM_RUN until
// it is kicked, or until a request in its cpuflags finds the PSW open, as SIE would.
#ifndef TESTS_UCONTROL_FAKE_DEVICE_H_
#define TESTS_UCONTROL_FAKE_DEVICE_H_

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "hypervisor/arch/facility.h"
#include "hypervisor/arch/psw.h"
#include "hypervisor/arch/tod.h"
#include "hypervisor/device.h"
#include "hypervisor/uapi/capability.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace ucontrol {

class FakeDevice;

class FakeVcpu {
 public:
  // Sets an exit; runs on the vCPU's thread inside KVM_RUN. The result is that of the ioctl.
  using Step = std::function<int64_t(FakeVcpu&)>;

  hypervisor::uapi::Run run{};
  alignas(4096) hypervisor::uapi::SieBlock block{};
  std::vector<hypervisor::uapi::UcasMapping> mapped;
  std::vector<hypervisor::uapi::UcasMapping> unmapped;
  std::vector<uint32_t> requests;  // everything but KVM_RUN, in order
  std::atomic<int> runs = 0;

  void Then(Step step) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(step));
    changed_.notify_all();
  }

  int64_t Intercept(hypervisor::uapi::Interception code) {
    block.icptcode = static_cast<uint8_t>(code);
    run.exit_reason = static_cast<uint32_t>(hypervisor::uapi::ExitReason::kSieIntercept);
    return 0;
  }
  // An intercepted instruction; the PSW moves behind it.
  int64_t Intercept(uint16_t ipa, uint32_t ipb) {
    block.ipa = ipa;
    block.ipb = ipb;
    block.icptstatus = 0;
    run.psw_addr += ipa < 0x4000 ? 2 : ipa < 0xc000 ? 4 : 6;
    return Intercept(hypervisor::uapi::Interception::kInstruction);
  }
  int64_t Fault(uint64_t address) {
    run.exit_reason = static_cast<uint32_t>(hypervisor::uapi::ExitReason::kUcontrol);
    run.s390_ucontrol.trans_exc_code = address & ~uint64_t{0xfff};
    run.s390_ucontrol.pgm_code = 0x10;
    return 0;
  }

  int64_t Run() {
    ++runs;
    run.kvm_dirty_regs = 0;
    block.icptcode = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      if (kicked_) {
        kicked_ = false;
        return -EINTR;
      }
      if (!script_.empty()) {
        const Step step = std::move(script_.front());
        script_.pop_front();
        lock.unlock();
        return step(*this);
      }
      const uint32_t flags = std::atomic_ref(block.cpuflags).load();
      if ((flags & hypervisor::uapi::kCpuExtInt) && (run.psw_mask & hypervisor::Psw::kExternal))
        return Intercept(hypervisor::uapi::Interception::kExternalRequest);
      if ((flags & hypervisor::uapi::kCpuIoInt) && (run.psw_mask & hypervisor::Psw::kIo))
        return Intercept(hypervisor::uapi::Interception::kIoRequest);
      if (flags & hypervisor::uapi::kCpuStopInt)
        return Intercept(hypervisor::uapi::Interception::kStop);
      changed_.wait_for(lock, std::chrono::microseconds(50));
    }
  }

  void Kick() {
    const std::lock_guard lock(mutex_);
    kicked_ = true;
    changed_.notify_all();
  }

  void Reset(uint32_t request) {
    if (request == hypervisor::uapi::kNormalReset) return;
    run.psw_mask = run.psw_addr = 0;
    std::memset(block.gcr, 0, sizeof(block.gcr));
    block.gcr[0] = 0xe0;
    block.gcr[14] = 0xc2000000;
    std::memcpy(run.s.regs.crs, block.gcr, sizeof(block.gcr));
    if (request == hypervisor::uapi::kClearReset)
      std::memset(run.s.regs.gprs, 0, sizeof(run.s.regs.gprs));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Step> script_;
  bool kicked_ = false;
};

class FakeDevice : public hypervisor::Device {
 public:
  static constexpr int kSystem = 3;
  static constexpr int kVm = 4;
  static constexpr int kFirstVcpu = 100;

  hypervisor::FacilityList facilities{0, 1, 2, 7, 8, 9, 75, 138};
  int64_t create_vm_result = kVm;
  int64_t ucontrol_capability = 1;
  int64_t vector_capability = 0;
  std::vector<uint32_t> enabled;     // capabilities of the VM
  std::map<uint64_t, uint8_t> keys;  // by page number of ours

  FakeVcpu& vcpu(int id) { return *vcpus_.at(id); }

  int Open() override { return kSystem; }
  void Close(int) override {}
  void Kick(int fd) override { vcpu(fd - kFirstVcpu).Kick(); }

  void* Mmap(int fd, uint64_t page) override {
    FakeVcpu& of = vcpu(fd - kFirstVcpu);
    return page ? static_cast<void*>(&of.block) : static_cast<void*>(&of.run);
  }

  int64_t Ioctl(int fd, uint32_t request, uint64_t argument) override {
    if (fd == kSystem) return SystemRequest(request, argument);
    if (fd == kVm) return VmRequest(request, argument);
    return VcpuRequest(vcpu(fd - kFirstVcpu), request, argument);
  }

  uint64_t tod() const {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    return hypervisor::TodFromNanoseconds(static_cast<uint64_t>(ns)) + epoch_;
  }

 private:
  template <typename T>
  static T& At(uint64_t pointer) {
    return *reinterpret_cast<T*>(static_cast<uintptr_t>(pointer));
  }

  int64_t SystemRequest(uint32_t request, uint64_t argument) {
    namespace uapi = hypervisor::uapi;
    if (request == uapi::kGetApiVersion) return uapi::kApiVersion;
    if (request == uapi::kCheckExtension) {
      return argument == uapi::kCapS390VectorRegisters ? vector_capability : ucontrol_capability;
    }
    if (request == uapi::kCreateVm) return create_vm_result;
    return -EINVAL;
  }

  int64_t VmRequest(uint32_t request, uint64_t argument) {
    namespace uapi = hypervisor::uapi;
    const std::lock_guard lock(mutex_);
    if (request == uapi::kCreateVcpu) {
      const int id = static_cast<int>(argument);
      if (vcpus_.count(id)) return -EEXIST;
      vcpus_[id] = std::make_unique<FakeVcpu>();
      vcpus_[id]->block.icpua = static_cast<uint16_t>(id);
      return kFirstVcpu + id;
    }
    if (request == uapi::kGetDeviceAttr || request == uapi::kSetDeviceAttr) {
      const auto& attribute = At<uapi::DeviceAttr>(argument);
      if (attribute.group == uapi::kVmTod) {
        auto& value = At<uint64_t>(attribute.addr);
        if (request == uapi::kGetDeviceAttr)
          value = tod();
        else
          epoch_ += value - tod();
        return 0;
      }
      if (attribute.group == uapi::kVmCpuModel) {
        auto& model = At<uapi::CpuModelProcessor>(attribute.addr);
        for (int i = 0; i < hypervisor::FacilityList::kDoublewords; ++i)
          model.fac_list[i] = facilities.doubleword(i);
        return 0;
      }
      return -ENXIO;
    }
    if (request == uapi::kEnableCap) {
      if (!vcpus_.empty()) return -EBUSY;
      enabled.push_back(At<const uapi::EnableCap>(argument).cap);
      return 0;
    }
    if (request == uapi::kGetSkeys) {
      if (keys.empty()) return 1;
      const auto& skeys = At<uapi::Skeys>(argument);
      At<uint8_t>(skeys.skeydata_addr) = keys[skeys.start_gfn];
      return 0;
    }
    return -ENOTTY;
  }

  static int64_t VcpuRequest(FakeVcpu& vcpu, uint32_t request, uint64_t argument) {
    namespace uapi = hypervisor::uapi;
    if (request == uapi::kRun) return vcpu.Run();
    vcpu.requests.push_back(request);
    switch (request) {
      case uapi::kUcasMap:
        vcpu.mapped.push_back(At<const uapi::UcasMapping>(argument));
        return 0;
      case uapi::kUcasUnmap:
        vcpu.unmapped.push_back(At<const uapi::UcasMapping>(argument));
        return 0;
      case uapi::kInitialReset:
      case uapi::kNormalReset:
      case uapi::kClearReset:
        vcpu.Reset(request);
        return 0;
      case uapi::kSetInitialPsw:
        if (!(vcpu.block.cpuflags & uapi::kCpuStopped)) return -EBUSY;
        vcpu.run.psw_mask = At<const uapi::PswArgument>(argument).mask;
        vcpu.run.psw_addr = At<const uapi::PswArgument>(argument).addr;
        return 0;
      case uapi::kVcpuFault:
        return 0;
      default:
        return -ENOTTY;
    }
  }

  std::mutex mutex_;
  std::map<int, std::unique_ptr<FakeVcpu>> vcpus_;
  std::atomic<uint64_t> epoch_ = 0;
};

}  // namespace ucontrol

#endif  // TESTS_UCONTROL_FAKE_DEVICE_H_
