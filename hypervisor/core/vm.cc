#include "hypervisor/core/vm.h"

#include <utility>

#include "hypervisor/core/create_vcpu.h"
#include "hypervisor/core/process.h"
#include "hypervisor/core/request.h"

namespace hypervisor {

Vm::Vm(System& owner, bool user_controlled)
    : system(owner),
      ucontrol(user_controlled),
      model(owner.machine),
      aes_key_wrapping(model.Has(Facility::kMsa3)),
      dea_key_wrapping(model.Has(Facility::kMsa3)),
      process_(ProcessGeneration()) {}

Vm::~Vm() {
  for (auto& vcpu : vcpus) delete vcpu.load(std::memory_order_relaxed);
}

Vcpu* Vm::FindVcpu(uint64_t id) const {
  return id < vcpus.size() ? vcpus[id].load(std::memory_order_acquire) : nullptr;
}

bool Vm::IsForeign() const {
  return process_ != ProcessGeneration();
}

namespace {

// What a request on a VM's file sees: new files share the ownership of the VM.
struct VmCall {
  Vm& vm;
  const std::shared_ptr<Vm>& owner;
};

int64_t CreateVcpuFile(VmCall& call, uint64_t id) {
  const std::lock_guard lock(call.vm.mutex);
  int error = 0;
  Vcpu* vcpu = CreateVcpu(call.vm, id, error);
  if (!vcpu) return -error;
  return call.vm.system.files.Open(std::make_unique<VcpuFile>(call.owner, *vcpu));
}

int64_t CheckExtension(VmCall& call, uint64_t capability) {
  return ExtensionValue(call.vm.system.machine, capability);
}

constexpr auto kRequests = ByCode(std::to_array<Request<VmCall>>({
    {uapi::kCheckExtension, &CheckExtension},
    {uapi::kCreateVcpu, &CreateVcpuFile},
}));

}  // namespace

int64_t VmFile::Ioctl(uint32_t request, uint64_t argument) {
  if (vm_->IsForeign()) return -EIO;
  const auto* row = FindRequest(kRequests, request);
  if (!row) return -ENOTTY;
  VmCall call{*vm_, vm_};
  return row->answer(call, argument);
}

int64_t VcpuFile::Ioctl(uint32_t request, uint64_t argument) {
  if (vm_->IsForeign()) return -EIO;
  return AnswerVcpu(vcpu_, request, argument);
}

}  // namespace hypervisor
