#include "ucontrol/machine.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_format.h"
#include "hypervisor/arch/control_registers.h"
#include "hypervisor/uapi/capability.h"
#include "ucontrol/injection.h"

namespace ucontrol {

namespace uapi = hypervisor::uapi;
using hypervisor::GuestAbsolute;
using hypervisor::kPageSize;
using hypervisor::UserAddress;

namespace {

constexpr uint16_t kMaximumVcpuAddress = 254;

// Channel report pending, in the MCIC.
constexpr uint64_t kMcicChannelReport = 0x0040000000000000;

// A VM's CPUs have the vector facility, and what builds on it, only if it is asked for before the
// first of them exists. A CPU model may leave it out again.
absl::Status EnableVectors(kvm::System& system, kvm::Vm& vm) {
  const auto offered = system.CheckExtension(uapi::kCapS390VectorRegisters);
  if (!offered.ok() || *offered == 0) return offered.status();
  return vm.EnableCapability(uapi::kCapS390VectorRegisters);
}

}  // namespace

Machine::Machine(kvm::Vm vm, Configuration configuration)
    : configuration_(std::move(configuration)), vm_(std::move(vm)) {}

absl::StatusOr<std::unique_ptr<Machine>> Machine::Create(hypervisor::Device& device,
                                                         Configuration configuration) {
  auto system = kvm::System::Open(device);
  if (!system.ok()) return system.status();
  auto vm = system->CreateUcontrolVm();
  if (!vm.ok()) return vm.status();
  if (absl::Status status = EnableVectors(*system, *vm); !status.ok()) return status;
  return std::unique_ptr<Machine>(new Machine(*std::move(vm), std::move(configuration)));
}

Machine::~Machine() {
  for (const auto& vcpu : vcpus_) vcpu->Retire();
  operator_.Retire();
  for (const auto& [key, part] : parts_) part->Shutdown();
  while (!parts_.empty()) parts_.pop_back();
}

absl::Status Machine::MapStorage(absl::string_view memory, uint64_t offset, GuestAbsolute address,
                                 uint64_t length) {
  const auto user = memories_.Locate(memory, offset, length);
  if (!user.ok()) return user.status();
  return MapStorage(uapi::UcasMapping{user->raw(), address.raw(), length});
}

absl::Status Machine::MapStorage(const uapi::UcasMapping& mapping) {
  if (absl::Status status = Mappings::Check(mapping); !status.ok()) return status;
  absl::Status status = UnmapStorage(GuestAbsolute(mapping.vcpu_addr), mapping.length);
  if (!status.ok()) return status;
  const std::unique_lock lock(structure_);
  storage_.Map(mapping);
  return absl::OkStatus();
}

absl::Status Machine::UnmapStorage(GuestAbsolute address, uint64_t length) {
  const uapi::UcasMapping mapping{0, address.raw(), length};
  if (absl::Status status = Mappings::Check(mapping); !status.ok()) return status;
  {
    const std::unique_lock lock(structure_);
    storage_.Unmap(address, length);
  }
  // The vCPUs have mapped what they touched.
  for (Vcpu* vcpu : vcpus())
    if (absl::Status status = vcpu->Unmap(mapping); !status.ok()) return status;
  return absl::OkStatus();
}

std::optional<Mappings::Interval> Machine::FindStorage(GuestAbsolute address) const {
  const std::shared_lock lock(structure_);
  return storage_.Find(address);
}

std::optional<UserAddress> Machine::ResolveStorage(GuestAbsolute address) const {
  const std::shared_lock lock(structure_);
  return storage_.Resolve(address);
}

uint64_t Machine::storage_size() const {
  const std::shared_lock lock(structure_);
  return storage_.end();
}

absl::Status Machine::DeleteMemory(absl::string_view name) {
  const auto memory = memories_.Find(name);
  if (!memory.ok()) return memory.status();
  bool is_used;
  {
    const std::shared_lock lock(structure_);
    is_used = storage_.Uses(memory->user, memory->options.size);
  }
  for (Vcpu* vcpu : vcpus()) {
    const absl::Status status = vcpu->Call([&] {
      is_used |= vcpu->mappings_.Uses(memory->user, memory->options.size);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
  }
  if (is_used) {
    return absl::FailedPreconditionError(
        absl::StrFormat("memory %s is mapped; unmap it first", name));
  }
  return memories_.Delete(name);
}

absl::StatusOr<Vcpu*> Machine::AddVcpu(uint16_t address) {
  if (address > kMaximumVcpuAddress) {
    return absl::InvalidArgumentError(
        absl::StrFormat("vCPU 0x%x: addresses end at 0x%x", address, kMaximumVcpuAddress));
  }
  auto kvm = vm_.CreateVcpu(address);
  if (!kvm.ok()) return kvm.status();
  Vcpu* added;
  {
    const std::unique_lock lock(structure_);
    if (vcpus_.empty()) {
      const auto model = vm_.ProcessorModel();
      if (!model.ok()) return model.status();
      for (int i = 0; i < hypervisor::FacilityList::kDoublewords; ++i)
        facilities_.set_doubleword(i, model->fac_list[i]);
    }
    vcpus_.push_back(std::make_unique<Vcpu>(*this, address, *std::move(kvm)));
    added = vcpus_.back().get();
  }
  // KVM creates a vCPU without any reset.
  const absl::Status status =
      added->Call([added] { return added->ApplyReset(Vcpu::Reset::kClear); });
  if (!status.ok()) return status;
  vcpu_at_[address].store(added, std::memory_order_seq_cst);
  return added;
}

Vcpu* Machine::FindVcpu(uint16_t address) const {
  if (address >= vcpu_at_.size()) return nullptr;
  return vcpu_at_[address].load(std::memory_order_acquire);
}

std::vector<Vcpu*> Machine::vcpus() const {
  const std::shared_lock lock(structure_);
  std::vector<Vcpu*> list;
  for (const auto& vcpu : vcpus_) list.push_back(vcpu.get());
  return list;
}

uint8_t* Machine::Find(GuestAbsolute address, uint64_t length) {
  const std::shared_lock lock(structure_);
  const auto interval = storage_.Find(address);
  if (!interval || !length || length - 1 > interval->last - address) return nullptr;
  return reinterpret_cast<uint8_t*>((interval->user + (address - interval->start)).raw());
}

bool Machine::Read(GuestAbsolute address, void* bytes, uint64_t length) {
  if (!length) return true;
  const uint8_t* const from = Find(address, length);
  if (from) std::memcpy(bytes, from, length);
  return from || Copy(address, length, [&](uint8_t* part, uint64_t offset, uint64_t size) {
           std::memcpy(static_cast<uint8_t*>(bytes) + offset, part, size);
         });
}

bool Machine::Write(GuestAbsolute address, const void* bytes, uint64_t length) {
  if (!length) return true;
  uint8_t* const to = Find(address, length);
  if (to) std::memcpy(to, bytes, length);
  return to || Copy(address, length, [&](uint8_t* part, uint64_t offset, uint64_t size) {
           std::memcpy(part, static_cast<const uint8_t*>(bytes) + offset, size);
         });
}

// A range that lies in several mappings.
bool Machine::Copy(GuestAbsolute address, uint64_t length,
                   absl::FunctionRef<void(uint8_t*, uint64_t, uint64_t)> copy) {
  if (address.raw() + (length - 1) < address.raw()) return false;
  for (const bool is_rehearsal : {true, false}) {
    for (uint64_t done = 0; done < length;) {
      const auto interval = FindStorage(address + done);
      if (!interval) return false;
      const GuestAbsolute here = address + done;
      const uint64_t part = std::min(length - done, interval->last - here + 1);
      const UserAddress user = interval->user + (here - interval->start);
      if (!is_rehearsal) copy(reinterpret_cast<uint8_t*>(user.raw()), done, part);
      done += part;
    }
  }
  return true;
}

void Machine::InjectIo(const IoInterruption& interruption) {
  floating_.AddIo(interruption);
  AnnounceFloating();
}

bool Machine::WithdrawIo(uint16_t subchannel_id, uint16_t subchannel_number) {
  return floating_.WithdrawIo(subchannel_id, subchannel_number);
}

void Machine::InjectServiceSignal(uint32_t parameter) {
  floating_.AddServiceSignal(parameter);
  AnnounceFloating();
}

void Machine::InjectChannelReport() {
  MachineCheck check;
  check.cr14 = hypervisor::cr14::kChannelReport;
  check.code = kMcicChannelReport;
  floating_.AddMachineCheck(check);
  AnnounceFloating();
}

absl::Status Machine::Inject(const uapi::Irq& irq) {
  return InjectFloating(*this, irq);
}

void Machine::AnnounceFloating(const Vcpu* but) {
  const bool io = floating_.has_io();
  const bool external = floating_.has_external();
  const bool machine_check = floating_.has_machine_check();
  if (!io && !external && !machine_check) return;
  const std::shared_lock lock(structure_);
  // A CPU that waits for it takes it at once. Else all are asked to leave the guest when their PSW
  // opens, and whoever is first takes it; those that wait behind closed masks may sleep on.
  const auto announce = [&](auto is_waiting_for, void (Vcpu::*tell)()) {
    for (const auto& vcpu : vcpus_)
      if (vcpu.get() != but && is_waiting_for(*vcpu)) return vcpu->Kick();
    for (const auto& vcpu : vcpus_) {
      if (vcpu.get() == but || vcpu->state() != Vcpu::State::kOperating) continue;
      if (!vcpu->is_waiting() || is_waiting_for(*vcpu)) (vcpu.get()->*tell)();
    }
  };
  if (io) {
    announce([&](const Vcpu& vcpu) { return vcpu.IsWaitingForIo(floating_); }, &Vcpu::AnnounceIo);
  }
  if (external) {
    announce([](const Vcpu& vcpu) { return vcpu.IsWaitingForExternal(); }, &Vcpu::AnnounceExternal);
  }
  if (machine_check) {
    announce([](const Vcpu& vcpu) { return vcpu.IsWaitingForMachineCheck(); },
             &Vcpu::AnnounceMachineCheck);
  }
}

}  // namespace ucontrol
