#include "ucontrol/kvm_client.h"

#include <atomic>
#include <cerrno>
#include <string>

#include "absl/strings/str_format.h"

namespace ucontrol::kvm {

namespace uapi = hypervisor::uapi;

namespace {

// `what` names the request and its values; errno names come with it for whoever greps the kernel.
absl::Status Refusal(const std::string& what, int64_t result) {
  const int error = static_cast<int>(-result);
  switch (error) {
    case EINVAL:
      return absl::InvalidArgumentError(what + ": the device refuses the argument (EINVAL)");
    case EEXIST:
      return absl::AlreadyExistsError(what + ": it exists (EEXIST)");
    case EBUSY:
      return absl::FailedPreconditionError(what + ": not in this state (EBUSY)");
    case EFAULT:
      return absl::FailedPreconditionError(what + ": no memory behind the address (EFAULT)");
    case EREMOTE:
      return absl::NotFoundError(what + ": nothing is mapped there (EREMOTE)");
    case ENOMEM:
      return absl::ResourceExhaustedError(what + ": out of memory (ENOMEM)");
    case EMFILE:
    case ENFILE:
      return absl::ResourceExhaustedError(what + ": out of files");
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(what + ": not allowed");
    case ENOENT:
    case ENXIO:
    case ENODEV:
      return absl::NotFoundError(what + ": the device has no such thing");
    case ENOTTY:
      return absl::UnimplementedError(what + ": the device knows no such request (ENOTTY)");
    default:
      return absl::UnknownError(absl::StrFormat("%s: errno %d", what, error));
  }
}

uint64_t Pointer(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

std::string Describe(const char* name, const uapi::UcasMapping& mapping) {
  return absl::StrFormat("%s user_addr 0x%x vcpu_addr 0x%x length 0x%x", name, mapping.user_addr,
                         mapping.vcpu_addr, mapping.length);
}

constexpr int kCapUcontrol = 73;  // KVM_CAP_S390_UCONTROL
constexpr uint64_t kTodLow = 0;   // KVM_S390_VM_TOD_LOW
constexpr uint64_t kProcessor = 0;
constexpr uint64_t kMachine = 1;

}  // namespace

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    Close();
    device_ = std::exchange(other.device_, nullptr);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void File::Close() {
  if (device_ && fd_ >= 0) device_->Close(fd_);
  fd_ = -1;
}

Exit Vcpu::Run() {
  const int64_t result = file_.Ioctl(uapi::kRun);
  if (result == -EINTR) return {Exit::Reason::kKicked, {}, 0};
  if (result < 0) return {Exit::Reason::kFailed, {}, static_cast<int>(-result)};
  switch (static_cast<uapi::ExitReason>(run_->exit_reason)) {
    case uapi::ExitReason::kSieIntercept:
      return {Exit::Reason::kIntercepted, {}, 0};
    case uapi::ExitReason::kUcontrol:
      return {Exit::Reason::kFaulted, hypervisor::VcpuAddress(run_->s390_ucontrol.trans_exc_code),
              0};
    case uapi::ExitReason::kInterrupted:
      return {Exit::Reason::kKicked, {}, 0};
    default:
      return {Exit::Reason::kFailed, {}, 0};
  }
}

void Vcpu::SetFlags(uint32_t flags) {
  std::atomic_ref(*CpuFlags()).fetch_or(flags, std::memory_order_seq_cst);
}

void Vcpu::ClearFlags(uint32_t flags) {
  std::atomic_ref(*CpuFlags()).fetch_and(~flags, std::memory_order_seq_cst);
}

uint32_t Vcpu::Flags() const {
  return std::atomic_ref(*CpuFlags()).load(std::memory_order_seq_cst);
}

// The block is packed, but begins on a page and cpuflags is its first word.
uint32_t* Vcpu::CpuFlags() const {
  return reinterpret_cast<uint32_t*>(block_);
}

absl::Status Vcpu::Request(const char* name, uint32_t request, uint64_t argument) {
  const int64_t result = file_.Ioctl(request, argument);
  if (result < 0) return Refusal(name, result);
  return absl::OkStatus();
}

absl::Status Vcpu::UcasMap(const uapi::UcasMapping& mapping) {
  const int64_t result = file_.Ioctl(uapi::kUcasMap, &mapping);
  if (result < 0) return Refusal(Describe("KVM_S390_UCAS_MAP", mapping), result);
  return absl::OkStatus();
}

absl::Status Vcpu::UcasUnmap(const uapi::UcasMapping& mapping) {
  const int64_t result = file_.Ioctl(uapi::kUcasUnmap, &mapping);
  if (result < 0) return Refusal(Describe("KVM_S390_UCAS_UNMAP", mapping), result);
  return absl::OkStatus();
}

absl::Status Vcpu::Fault(hypervisor::VcpuAddress address) {
  const int64_t result = file_.Ioctl(uapi::kVcpuFault, address.raw());
  if (result < 0)
    return Refusal(absl::StrFormat("KVM_S390_VCPU_FAULT 0x%x", address.raw()), result);
  return absl::OkStatus();
}

absl::Status Vcpu::InitialReset() {
  return Request("KVM_S390_INITIAL_RESET", uapi::kInitialReset, 0);
}
absl::Status Vcpu::NormalReset() {
  return Request("KVM_S390_NORMAL_RESET", uapi::kNormalReset, 0);
}
absl::Status Vcpu::ClearReset() {
  return Request("KVM_S390_CLEAR_RESET", uapi::kClearReset, 0);
}

absl::Status Vcpu::SetInitialPsw(const hypervisor::Psw& psw) {
  const uapi::PswArgument argument{psw.mask, psw.address};
  const int64_t result = file_.Ioctl(uapi::kSetInitialPsw, &argument);
  if (result == -EBUSY) {
    return absl::FailedPreconditionError(
        absl::StrFormat("KVM_S390_SET_INITIAL_PSW 0x%016x 0x%016x: the CPU isn't stopped (EBUSY)",
                        psw.mask, psw.address));
  }
  if (result < 0) return Refusal("KVM_S390_SET_INITIAL_PSW", result);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Vcpu::OneReg(uint64_t id) {
  uint64_t value = 0;
  const uapi::OneReg argument{id, Pointer(&value)};
  const int64_t result = file_.Ioctl(uapi::kGetOneReg, &argument);
  if (result < 0) return Refusal(absl::StrFormat("KVM_GET_ONE_REG 0x%x", id), result);
  if (id == uapi::kRegTodpr) {  // the one that has 32 bits
    uint32_t word;
    std::memcpy(&word, &value, sizeof(word));
    return word;
  }
  return value;
}

absl::Status Vcpu::SetOneReg(uint64_t id, uint64_t value) {
  const auto word = static_cast<uint32_t>(value);
  const uapi::OneReg argument{id, id == uapi::kRegTodpr ? Pointer(&word) : Pointer(&value)};
  const int64_t result = file_.Ioctl(uapi::kSetOneReg, &argument);
  if (result < 0) return Refusal(absl::StrFormat("KVM_SET_ONE_REG 0x%x = 0x%x", id, value), result);
  return absl::OkStatus();
}

absl::StatusOr<Vcpu> Vm::CreateVcpu(uint16_t id) {
  const int64_t fd = file_.Ioctl(uapi::kCreateVcpu, uint64_t{id});
  if (fd < 0) return Refusal(absl::StrFormat("KVM_CREATE_VCPU 0x%x", id), fd);
  File file(file_.device(), static_cast<int>(fd));
  auto* run = static_cast<uapi::Run*>(file_.device().Mmap(file.fd(), 0));
  auto* block = static_cast<uapi::SieBlock*>(file_.device().Mmap(file.fd(), uapi::kSiePageOffset));
  if (!run || !block) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("KVM_CREATE_VCPU 0x%x: its pages can't be mapped", id));
  }
  return Vcpu(std::move(file), run, block);
}

absl::StatusOr<int64_t> Vm::CheckExtension(int capability) {
  const int64_t result = file_.Ioctl(uapi::kCheckExtension, static_cast<uint64_t>(capability));
  if (result < 0) return Refusal(absl::StrFormat("KVM_CHECK_EXTENSION %d", capability), result);
  return result;
}

absl::Status Vm::EnableCapability(uint32_t capability) {
  uapi::EnableCap argument{};
  argument.cap = capability;
  const int64_t result = file_.Ioctl(uapi::kEnableCap, &argument);
  if (result < 0) return Refusal(absl::StrFormat("KVM_ENABLE_CAP %d", capability), result);
  return absl::OkStatus();
}

absl::Status Vm::Attribute(const char* name, uint32_t request, uint32_t group, uint64_t attribute,
                           const void* value) {
  const uapi::DeviceAttr argument{0, group, attribute, Pointer(value)};
  const int64_t result = file_.Ioctl(request, &argument);
  if (result < 0) return Refusal(name, result);
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Vm::Tod() {
  uint64_t tod = 0;
  if (absl::Status status =
          Attribute("KVM_S390_VM_TOD_LOW", uapi::kGetDeviceAttr, uapi::kVmTod, kTodLow, &tod);
      !status.ok()) {
    return status;
  }
  return tod;
}

absl::Status Vm::SetTod(uint64_t tod) {
  return Attribute("KVM_S390_VM_TOD_LOW", uapi::kSetDeviceAttr, uapi::kVmTod, kTodLow, &tod);
}

absl::StatusOr<uapi::CpuModelMachine> Vm::MachineModel() {
  uapi::CpuModelMachine model{};
  if (absl::Status status = Attribute("KVM_S390_VM_CPU_MACHINE", uapi::kGetDeviceAttr,
                                      uapi::kVmCpuModel, kMachine, &model);
      !status.ok()) {
    return status;
  }
  return model;
}

absl::StatusOr<uapi::CpuModelProcessor> Vm::ProcessorModel() {
  uapi::CpuModelProcessor model{};
  if (absl::Status status = Attribute("KVM_S390_VM_CPU_PROCESSOR", uapi::kGetDeviceAttr,
                                      uapi::kVmCpuModel, kProcessor, &model);
      !status.ok()) {
    return status;
  }
  return model;
}

absl::Status Vm::SetProcessorModel(const uapi::CpuModelProcessor& model) {
  return Attribute("KVM_S390_VM_CPU_PROCESSOR", uapi::kSetDeviceAttr, uapi::kVmCpuModel, kProcessor,
                   &model);
}

absl::StatusOr<uint8_t> Vm::StorageKey(hypervisor::UserAddress address) {
  uint8_t key = 0;
  uapi::Skeys argument{};
  argument.start_gfn = address.raw() / hypervisor::kPageSize;
  argument.count = 1;
  argument.skeydata_addr = Pointer(&key);
  const int64_t result = file_.Ioctl(uapi::kGetSkeys, &argument);
  if (result < 0) return Refusal(absl::StrFormat("KVM_S390_GET_SKEYS 0x%x", address.raw()), result);
  return result == 1 ? uint8_t{0} : key;
}

absl::Status Vm::SetStorageKey(hypervisor::UserAddress address, uint8_t key) {
  uapi::Skeys argument{};
  argument.start_gfn = address.raw() / hypervisor::kPageSize;
  argument.count = 1;
  argument.skeydata_addr = Pointer(&key);
  const int64_t result = file_.Ioctl(uapi::kSetSkeys, &argument);
  if (result < 0)
    return Refusal(absl::StrFormat("KVM_S390_SET_SKEYS 0x%x = 0x%02x", address.raw(), key), result);
  return absl::OkStatus();
}

absl::StatusOr<System> System::Open(hypervisor::Device& device) {
  const int fd = device.Open();
  if (fd < 0) return Refusal("/dev/kvm", fd);
  System system(File(device, fd));
  const int64_t version = system.file_.Ioctl(uapi::kGetApiVersion);
  if (version != uapi::kApiVersion) {
    return absl::UnimplementedError(
        absl::StrFormat("KVM_GET_API_VERSION answers %d, not %d", version, uapi::kApiVersion));
  }
  return system;
}

absl::StatusOr<int64_t> System::CheckExtension(int capability) {
  const int64_t result = file_.Ioctl(uapi::kCheckExtension, static_cast<uint64_t>(capability));
  if (result < 0) return Refusal(absl::StrFormat("KVM_CHECK_EXTENSION %d", capability), result);
  return result;
}

absl::StatusOr<Vm> System::CreateUcontrolVm() {
  const int64_t fd = file_.Ioctl(uapi::kCreateVm, uapi::kUcontrolVm);
  if (fd >= 0) return Vm(File(file_.device(), static_cast<int>(fd)));
  if (fd != -EINVAL) return Refusal("KVM_CREATE_VM 0x1", fd);
  // The kernel says EINVAL for both; the capability tells them apart.
  if (file_.Ioctl(uapi::kCheckExtension, uint64_t{kCapUcontrol}) <= 0)
    return absl::UnimplementedError("KVM_CREATE_VM 0x1: the device has no UCONTROL VMs");
  return absl::PermissionDeniedError("KVM_CREATE_VM 0x1: UCONTROL VMs need CAP_SYS_ADMIN");
}

}  // namespace ucontrol::kvm
