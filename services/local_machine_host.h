// Machines in this process.
#ifndef SERVICES_LOCAL_MACHINE_HOST_H_
#define SERVICES_LOCAL_MACHINE_HOST_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hypervisor/device.h"
#include "services/host_memory.h"
#include "services/local_machine.h"
#include "services/machine_host.h"

namespace services {

class LocalMachineHost final : public MachineHost {
 public:
  // `engine` names the device.
  LocalMachineHost(std::unique_ptr<hypervisor::Device> device, std::string engine)
      : device_(std::move(device)), engine_(std::move(engine)) {}

  std::string engine() const override { return engine_; }
  void SetListener(HostListener* listener) override { listener_ = listener; }

  absl::Status CreateMemory(const std::string& memory, uint64_t size) override;
  absl::Status DeleteMemory(const std::string& memory) override;
  bool MemoryInUse(const std::string& memory) const override;
  absl::StatusOr<std::string> ReadMemory(const std::string& memory, uint64_t offset,
                                         uint64_t length) override;
  absl::Status WriteMemory(const std::string& memory, uint64_t offset,
                           absl::string_view bytes) override;

  absl::Status Start(const MachinePlan& plan, bool paused) override;
  absl::Status Pause(const std::string& machine, bool keep_clocks_running) override;
  absl::Status Resume(const std::string& machine) override;
  absl::Status Reset(const std::string& machine) override;
  absl::StatusOr<bool> Quiesce(const std::string& machine) override;
  void Stop(const std::string& machine) override;

  absl::StatusOr<uint64_t> StorageSize(const std::string& machine) const override;
  absl::StatusOr<std::string> ReadStorage(const std::string& machine, uint64_t address,
                                          uint64_t length) override;
  absl::Status WriteStorage(const std::string& machine, uint64_t address,
                            absl::string_view bytes) override;

  absl::Status AddVcpu(const std::string& machine, uint16_t address) override;
  absl::StatusOr<std::vector<uint16_t>> Vcpus(const std::string& machine) const override;
  absl::StatusOr<VcpuReport> Report(const std::string& machine, uint16_t vcpu) override;
  absl::StatusOr<RegisterValues> Registers(const std::string& machine, uint16_t vcpu) override;
  absl::Status SetRegisters(const std::string& machine, uint16_t vcpu,
                            const RegisterValues& registers) override;
  absl::StatusOr<hypervisor::uapi::SieBlock> SieBlock(const std::string& machine,
                                                      uint16_t vcpu) override;
  absl::Status SetInitialPsw(const std::string& machine, uint16_t vcpu,
                             const hypervisor::Psw& psw) override;
  absl::Status ResetVcpu(const std::string& machine, uint16_t vcpu, CpuReset reset) override;
  absl::Status StartVcpu(const std::string& machine, uint16_t vcpu) override;
  absl::Status StopVcpu(const std::string& machine, uint16_t vcpu) override;
  absl::Status StoreStatus(const std::string& machine, uint16_t vcpu,
                           const StatusLocation& location) override;
  absl::StatusOr<std::vector<DeviceReport>> Devices(const std::string& machine) const override;

  absl::Status Map(const std::string& machine, std::optional<uint16_t> vcpu,
                   const SegmentRange& range) override;
  absl::Status Unmap(const std::string& machine, std::optional<uint16_t> vcpu,
                     const SegmentRange& range) override;
  absl::Status FaultIn(const std::string& machine, uint16_t vcpu, uint64_t address) override;
  absl::StatusOr<std::vector<MappedRange>> Mappings(const std::string& machine,
                                                    uint16_t vcpu) override;

  absl::Status Inject(const std::string& machine, std::optional<uint16_t> vcpu,
                      const hypervisor::uapi::Irq& irq) override;
  absl::StatusOr<std::vector<hypervisor::uapi::Irq>> Pending(const std::string& machine,
                                                             std::optional<uint16_t> vcpu) override;
  absl::StatusOr<std::vector<hypervisor::uapi::Irq>> ClearPending(
      const std::string& machine, std::optional<uint16_t> vcpu) override;

  absl::StatusOr<size_t> TypeIntoConsole(const std::string& machine,
                                         absl::string_view input) override;

  absl::StatusOr<std::unique_ptr<ClientRun>> OpenRun(const std::string& machine,
                                                     uint16_t vcpu) override;

 private:
  // Who holds one keeps the machine alive; it ends in Stop, or with the last of them.
  absl::StatusOr<std::shared_ptr<LocalMachine>> Find(const std::string& machine) const;
  struct Found {
    std::shared_ptr<LocalMachine> machine;
    ucontrol::Vcpu* vcpu;
  };
  absl::StatusOr<Found> FindVcpu(const std::string& machine, uint16_t vcpu) const;
  absl::StatusOr<std::shared_ptr<HostMemory>> FindMemory(const std::string& memory) const;

  const std::unique_ptr<hypervisor::Device> device_;
  const std::string engine_;
  HostListener* listener_ = nullptr;

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<HostMemory>> memories_;
  std::map<std::string, std::shared_ptr<LocalMachine>> machines_;
};

}  // namespace services

#endif  // SERVICES_LOCAL_MACHINE_HOST_H_
