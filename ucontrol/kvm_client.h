// The requests of a KVM device with their types: System (the device), Vm, Vcpu.
//
// A refused request becomes an absl::Status that names the request, its values in hex and the rule
// that the kernel's errno stands for.
#ifndef UCONTROL_KVM_CLIENT_H_
#define UCONTROL_KVM_CLIENT_H_

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/arch/psw.h"
#include "hypervisor/device.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace ucontrol::kvm {

// A file of the device, closed with its owner.
class File {
 public:
  File() = default;
  File(hypervisor::Device& device, int fd) : device_(&device), fd_(fd) {}
  ~File() { Close(); }
  File(File&& other) noexcept
      : device_(std::exchange(other.device_, nullptr)), fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept;

  hypervisor::Device& device() const { return *device_; }
  int fd() const { return fd_; }

  // The result of an ioctl, or -errno.
  int64_t Ioctl(uint32_t request, uint64_t argument = 0) const {
    return device_->Ioctl(fd_, request, argument);
  }
  int64_t Ioctl(uint32_t request, const void* argument) const {
    return Ioctl(request, reinterpret_cast<uintptr_t>(argument));
  }

 private:
  void Close();

  hypervisor::Device* device_ = nullptr;
  int fd_ = -1;
};

// Why KVM_RUN ended.
struct Exit {
  enum class Reason : uint8_t {
    kIntercepted,  // KVM_EXIT_S390_SIEIC: the SIE block says why
    kFaulted,      // KVM_EXIT_S390_UCONTROL: nothing is mapped at `address`
    kKicked,       // EINTR
    kFailed,       // another errno, in `error`
  };
  Reason reason = Reason::kKicked;
  hypervisor::VcpuAddress address;
  int error = 0;
};

class Vcpu {
 public:
  Vcpu(File file, hypervisor::uapi::Run* run, hypervisor::uapi::SieBlock* block)
      : file_(std::move(file)), run_(run), block_(block) {}

  hypervisor::uapi::Run& run() const { return *run_; }
  hypervisor::uapi::SieBlock& block() const { return *block_; }

  Exit Run();
  // Ends the present Run, or the next one. Any thread.
  void Kick() { file_.device().Kick(file_.fd()); }

  // cpuflags, which the engine changes as well. Any thread.
  void SetFlags(uint32_t flags);
  void ClearFlags(uint32_t flags);
  uint32_t Flags() const;

  absl::Status UcasMap(const hypervisor::uapi::UcasMapping& mapping);
  absl::Status UcasUnmap(const hypervisor::uapi::UcasMapping& mapping);
  // NOT_FOUND if nothing is mapped there.
  absl::Status Fault(hypervisor::VcpuAddress address);

  absl::Status InitialReset();
  absl::Status NormalReset();
  absl::Status ClearReset();
  // FAILED_PRECONDITION unless the CPU is stopped.
  absl::Status SetInitialPsw(const hypervisor::Psw& psw);

  absl::StatusOr<uint64_t> OneReg(uint64_t id);
  absl::Status SetOneReg(uint64_t id, uint64_t value);

 private:
  absl::Status Request(const char* name, uint32_t request, uint64_t argument);
  uint32_t* CpuFlags() const;

  File file_;
  hypervisor::uapi::Run* run_;
  hypervisor::uapi::SieBlock* block_;
};

class Vm {
 public:
  explicit Vm(File file) : file_(std::move(file)) {}

  // ALREADY_EXISTS, or INVALID_ARGUMENT for an id above 254.
  absl::StatusOr<Vcpu> CreateVcpu(uint16_t id);

  absl::StatusOr<int64_t> CheckExtension(int capability);
  absl::Status EnableCapability(uint32_t capability);

  // Guest TOD: the host's plus the VM's epoch. Setting it sets the epoch of all vCPUs.
  absl::StatusOr<uint64_t> Tod();
  absl::Status SetTod(uint64_t tod);

  absl::StatusOr<hypervisor::uapi::CpuModelMachine> MachineModel();
  absl::StatusOr<hypervisor::uapi::CpuModelProcessor> ProcessorModel();
  // FAILED_PRECONDITION once there is a vCPU.
  absl::Status SetProcessorModel(const hypervisor::uapi::CpuModelProcessor& model);

  // The key of the page of ours at `address`; 0 if the machine uses no keys yet.
  absl::StatusOr<uint8_t> StorageKey(hypervisor::UserAddress address);
  absl::Status SetStorageKey(hypervisor::UserAddress address, uint8_t key);

  const File& file() const { return file_; }

 private:
  absl::Status Attribute(const char* name, uint32_t request, uint32_t group, uint64_t attribute,
                         const void* value);

  File file_;
};

class System {
 public:
  static absl::StatusOr<System> Open(hypervisor::Device& device);

  absl::StatusOr<int64_t> CheckExtension(int capability);
  // PERMISSION_DENIED or UNIMPLEMENTED if the device has no UCONTROL VMs for us.
  absl::StatusOr<Vm> CreateUcontrolVm();

 private:
  explicit System(File file) : file_(std::move(file)) {}

  File file_;
};

}  // namespace ucontrol::kvm

#endif  // UCONTROL_KVM_CLIENT_H_
