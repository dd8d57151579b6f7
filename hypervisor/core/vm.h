// One virtual machine of the software device.
//
// Requests on the VM's file hold `mutex`. vCPUs live as long as their VM: closing a vCPU's file
// does not free its number.
#ifndef HYPERVISOR_CORE_VM_H_
#define HYPERVISOR_CORE_VM_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "hypervisor/core/capabilities.h"
#include "hypervisor/core/cpu_model.h"
#include "hypervisor/core/event_files.h"
#include "hypervisor/core/file.h"
#include "hypervisor/core/flic.h"
#include "hypervisor/core/floating_interruptions.h"
#include "hypervisor/core/memory_slots.h"
#include "hypervisor/core/process.h"
#include "hypervisor/core/system.h"
#include "hypervisor/core/vcpu.h"
#include "hypervisor/sie/broadcast_domain.h"
#include "hypervisor/sie/sie.h"

namespace hypervisor {

class Vm : public std::enable_shared_from_this<Vm> {
 public:
  Vm(System& owner, bool user_controlled);
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;
  ~Vm();

  // Null: there is no such vCPU. Any thread.
  Vcpu* FindVcpu(uint64_t id) const;
  bool has_vcpus() const { return vcpu_count.load(std::memory_order_relaxed) != 0; }

  // The request comes from another process than the VM's.
  bool IsForeign() const { return process_ != ProcessGeneration(); }

  System& system;
  const bool ucontrol;
  std::mutex mutex;

  // Set before the first vCPU, fixed after.
  CpuModel model;
  FacilityList engine_facilities;  // model.Facilities() once there is a vCPU
  bool use_cmma = false;
  bool aes_key_wrapping;
  bool dea_key_wrapping;

  MemorySlots slots;  // of a regular VM
  const uint64_t storage_limit;
  bool migrating = false;
  bool topology_change_report = false;

  FloatingInterruptions floating;
  IoAdapters adapters;
  bool has_flic = false;
  EventFiles events;

  // The guest's TOD clock less ours.
  std::atomic<uint64_t> epoch = 0;

  // KVM_SET_MP_STATE was used: KVM_RUN no longer starts a stopped CPU.
  std::atomic<bool> user_cpu_state = false;
  std::atomic<bool> user_instruction_0 = false;
  std::atomic<bool> css_support = false;  // I/O instructions of a regular VM leave the kernel
  bool irqchip = false;

  BroadcastDomain broadcast;
  CodeOfVm code;
  std::mutex start_stop;  // one CPU at a time enters or leaves the stopped state
  std::array<std::atomic<Vcpu*>, kMaxVcpus> vcpus{};  // by id; owned
  std::atomic<int> vcpu_count = 0;

 private:
  const uint32_t process_;
};

class VmFile : public File {
 public:
  explicit VmFile(std::shared_ptr<Vm> vm) : vm_(std::move(vm)) {}
  int64_t Ioctl(uint32_t request, uint64_t argument) override;

 private:
  std::shared_ptr<Vm> vm_;
};

class VcpuFile : public File {
 public:
  VcpuFile(std::shared_ptr<Vm> vm, Vcpu& vcpu) : vm_(std::move(vm)), vcpu_(vcpu) {}
  int64_t Ioctl(uint32_t request, uint64_t argument) override;
  int64_t IoctlAlone(uint32_t request, uint64_t argument) override;
  bool Overlaps(uint32_t request) const override;
  void* Mmap(uint64_t page) override { return vcpu_.pages().Page(page); }
  int Backing() const override { return vcpu_.pages().backing(); }
  void Kick() override { vcpu_.Kick(); }

 private:
  std::shared_ptr<Vm> vm_;
  Vcpu& vcpu_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_VM_H_
