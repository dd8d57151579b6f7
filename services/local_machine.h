// A machine in this process: a ucontrol::Machine with its console, memories and devices.
#ifndef SERVICES_LOCAL_MACHINE_H_
#define SERVICES_LOCAL_MACHINE_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hypervisor/device.h"
#include "services/counted_device.h"
#include "services/host_memory.h"
#include "services/machine_host.h"
#include "services/mapping_ledger.h"
#include "ucontrol/console.h"
#include "ucontrol/machine.h"

namespace services {

// Any thread, but Start and the destructor.
class LocalMachine final : public ucontrol::MachineListener {
 public:
  using FindMemory =
      absl::FunctionRef<absl::StatusOr<std::shared_ptr<HostMemory>>(const std::string&)>;

  // Complete, with nothing running. `listener` outlives it.
  static absl::StatusOr<std::shared_ptr<LocalMachine>> Create(hypervisor::Device& device,
                                                              const MachinePlan& plan,
                                                              FindMemory find_memory,
                                                              HostListener& listener);
  ~LocalMachine() override;

  // Ends all its threads. What is called from then on is refused.
  void End();

  absl::Status Start(bool paused);
  absl::Status Pause(bool keep_clocks_running);
  absl::Status Resume();
  absl::Status Reset();
  bool Quiesce();

  const std::shared_ptr<HostMemory>& storage() const { return storage_; }
  absl::StatusOr<std::string> ReadStorage(uint64_t address, uint64_t length);
  absl::Status WriteStorage(uint64_t address, absl::string_view bytes);

  absl::Status AddVcpu(uint16_t address);
  std::vector<uint16_t> Vcpus() const;
  // NOT_FOUND. What it returns lives as long as the machine.
  absl::StatusOr<ucontrol::Vcpu*> FindVcpu(uint16_t address) const;
  absl::Status StartVcpu(uint16_t address);
  absl::Status StopVcpu(uint16_t address);
  absl::Status ResetVcpu(uint16_t address, CpuReset reset);
  absl::Status StoreStatus(uint16_t address, const StatusLocation& location);

  absl::Status Map(std::optional<uint16_t> vcpu, const SegmentRange& range,
                   std::shared_ptr<HostMemory> memory);
  absl::Status Unmap(std::optional<uint16_t> vcpu, const SegmentRange& range);
  absl::Status FaultIn(uint16_t vcpu, uint64_t address);
  absl::StatusOr<std::vector<MappedRange>> Mappings(uint16_t vcpu) const;
  // Mapped, a device's, or what it boots from.
  bool Uses(const std::string& memory) const;

  std::vector<DeviceReport> Devices() const;

  // How much the console took.
  size_t Type(absl::string_view input);

  bool client_monitor() const { return client_monitor_; }
  // False if a client has the vCPU already.
  bool ClaimRun(uint16_t vcpu);
  void ReleaseRun(uint16_t vcpu);

  ucontrol::Machine& machine() { return *machine_; }

  // MachineListener
  void OnState(ucontrol::MachineState state) override;
  void OnCrash(const ucontrol::CrashReport& report) override;
  void OnBreakpoint(const ucontrol::CpuReport& report) override;

 private:
  LocalMachine(const MachinePlan& plan, HostListener& listener);

  absl::Status Build(hypervisor::Device& device, FindMemory find_memory);
  absl::Status SetModel();
  absl::Status AttachDevices(FindMemory find_memory);
  absl::Status LoadProgram(ucontrol::Machine& machine, ucontrol::Vcpu& first);
  bool boots() const;
  void PumpConsole();
  // Until the listener has all that the guest printed.
  void AwaitConsole();

  const MachinePlan plan_;
  HostListener& listener_;
  const bool client_monitor_;
  std::shared_ptr<HostMemory> storage_;                       // null if it has none of its own
  std::map<std::string, std::shared_ptr<HostMemory>> held_;   // boot images and disks
  std::vector<std::shared_ptr<DeviceCounts>> device_counts_;  // of the plan's devices, in order
  ucontrol::Console console_;
  std::unique_ptr<ucontrol::Machine> machine_;
  std::atomic<uint64_t> pumped_ = 0;  // output that the listener was told of
  std::mutex ending_;
  std::thread console_thread_;
  std::unique_ptr<ucontrol::Console::Reader> console_reader_;
  std::mutex console_mutex_;
  std::unique_ptr<ucontrol::Console::Writer> console_writer_;  // under console_mutex_

  // That all CPUs stopped means something only if clients stopped none of them.
  std::atomic<bool> stopped_by_client_ = false;
  std::atomic<bool> was_running_ = false;

  mutable std::mutex mutex_;
  MappingLedger shared_mappings_;                   // under mutex_
  std::map<uint16_t, MappingLedger> own_mappings_;  // under mutex_
  std::map<uint16_t, bool> claimed_;                // under mutex_
};

}  // namespace services

#endif  // SERVICES_LOCAL_MACHINE_H_
