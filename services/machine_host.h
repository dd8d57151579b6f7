// Where machines live. Names go in and plain values come out, so that a machine may be in this
// process, or some day in a worker process of its own.
#ifndef SERVICES_MACHINE_HOST_H_
#define SERVICES_MACHINE_HOST_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hypervisor/arch/psw.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace services {

// ---- What a machine is made of.

// The first `length` bytes of a memory.
struct ImageSource {
  std::string memory;  // memories/ID
  uint64_t length = 0;
};

// Linux, ELF, or absolute storage from 0 on: the file says what it is.
struct ProgramBoot {
  ImageSource image;
  std::optional<ImageSource> initrd;
  std::string command_line;
};

struct RawBoot {
  ImageSource image;
  uint64_t load_address = 0;
  std::optional<hypervisor::Psw> psw;  // the short PSW at absolute 0 if absent
};

using BootSource = std::variant<std::monostate, ProgramBoot, RawBoot, hypervisor::Psw>;

struct DiskDevice {
  std::string memory;  // memories/ID, or else
  std::string path;    // a file of the host that the daemon itself chose
  bool read_only = false;
  std::string serial;
};

struct ForwardedPort {
  bool udp = false;
  uint16_t host_port = 0;
  uint16_t guest_port = 0;
};

struct NetworkDevice {
  std::optional<std::array<uint8_t, 6>> mac_address;
  std::vector<ForwardedPort> forwards;
  bool isolated = false;
};

struct RandomDevice {};

struct DevicePlan {
  std::string id;
  std::optional<uint16_t> device_number;
  std::variant<DiskDevice, NetworkDevice, RandomDevice> kind;
};

struct MachinePlan {
  std::string name;  // machines/ID
  std::string display_name;
  std::string uuid;
  uint16_t vcpus = 1;
  uint64_t storage_bytes = 0;
  std::optional<uint64_t> cpu_id;
  std::vector<uint64_t> facilities;
  BootSource boot;
  std::vector<DevicePlan> devices;
  bool client_monitor = false;
};

// ---- What becomes of it.

enum class EndCause {
  kPoweredOff,
  kDisabledWait,
  kInterruptionLoop,
  kValidity,
  kUnresolvedFault,
  kHostError,
  kWatchdog,
};

// A guest that can't, or won't, go on.
struct GuestEnd {
  EndCause cause = EndCause::kPoweredOff;
  std::string detail;
  int vcpu = -1;
  hypervisor::Psw psw;
  std::vector<uint64_t> gpr;  // 16, or none
};

// Told by the host on any thread, never with a lock of the host held. It may call everything.
class HostListener {
 public:
  virtual ~HostListener() = default;

  virtual void OnGuestEnd(const std::string& machine, const GuestEnd& end) = 0;
  virtual void OnBreakpoint(const std::string& machine, uint16_t vcpu,
                            const hypervisor::Psw& psw) = 0;
  virtual void OnConsoleOutput(const std::string& machine, absl::string_view output) = 0;
};

// ---- vCPUs.

// What is absent is left alone when registers are set.
struct RegisterValues {
  std::optional<hypervisor::Psw> psw;
  std::optional<std::array<uint64_t, 16>> general;
  std::optional<std::array<uint32_t, 16>> access;
  std::optional<std::array<uint64_t, 16>> control;
  std::optional<std::array<uint64_t, 16>> floating_point;
  std::optional<std::array<std::pair<uint64_t, uint64_t>, 32>> vector;
  std::optional<uint32_t> floating_point_control;
  std::optional<uint32_t> prefix;
  std::optional<uint32_t> tod_programmable;
  std::optional<uint64_t> cpu_timer;
  std::optional<uint64_t> clock_comparator;
  std::optional<uint64_t> breaking_event_address;
  std::optional<uint64_t> program_parameter;
};

enum class CpuCondition { kStopped, kOperating, kCheckStop, kLoad };
enum class CpuReset { kInitial, kNormal, kClear };

struct VcpuReport {
  uint16_t address = 0;
  CpuCondition condition = CpuCondition::kStopped;
  hypervisor::Psw psw;
  std::chrono::nanoseconds run_time{0};
  std::map<std::string, int64_t> exits;  // by KVM's name of the interception
};

// What went through a device since the machine was started.
struct DeviceReport {
  std::string id;
  std::string kind;  // "disk", "network", "random"
  int64_t notifications = 0;
  int64_t completions = 0;
};

// An absolute address of the save area, or one of the two assigned ones.
struct StatusLocation {
  enum class Kind { kAddress, kAbsolute, kPrefixed };
  Kind kind = Kind::kAbsolute;
  uint64_t address = 0;
};

struct SegmentRange {
  std::string memory;  // memories/ID; empty to unmap
  uint64_t memory_offset = 0;
  uint64_t vcpu_address = 0;
  uint64_t length = 0;
};

// `memory` is machines/ID where the storage is the machine's own.
using MappedRange = SegmentRange;

// ---- A client that is the monitor.

struct RunExit {
  enum class Reason { kIntercepted, kFaulted, kKicked };
  Reason reason = Reason::kKicked;
  uint8_t icptcode = 0;
  uint16_t ipa = 0;
  uint32_t ipb = 0;
  uint16_t iprcc = 0;
  uint64_t fault_address = 0;
  uint16_t pgm_code = 0;
};

struct RunTurn {
  std::vector<SegmentRange> unmap;
  std::vector<SegmentRange> map;
  RegisterValues registers;
  std::vector<hypervisor::uapi::Irq> interrupts;
  bool run = false;
};

// One vCPU in the hands of one client. Turn from one thread at a time; Kick from any.
class ClientRun {
 public:
  virtual ~ClientRun() = default;

  // Nothing if the turn asked for no run. An error leaves the vCPU where the part before left it.
  virtual absl::StatusOr<std::optional<RunExit>> Turn(const RunTurn& turn) = 0;
  virtual absl::StatusOr<RegisterValues> Registers() = 0;
  virtual void Kick() = 0;
};

// ---- The host.

// Any thread. One machine's life-cycle methods (Start to Stop) are called one after the other.
// FAILED_PRECONDITION if the machine isn't active, NOT_FOUND for a vCPU that it doesn't have.
class MachineHost {
 public:
  virtual ~MachineHost() = default;

  // "software" or "kvm".
  virtual std::string engine() const = 0;
  virtual void SetListener(HostListener* listener) = 0;

  // Memories. Sizes are multiples of 1 MiB, ranges were compared with the size.
  virtual absl::Status CreateMemory(const std::string& memory, uint64_t size) = 0;
  virtual absl::Status DeleteMemory(const std::string& memory) = 0;
  virtual bool MemoryInUse(const std::string& memory) const = 0;
  virtual absl::StatusOr<std::string> ReadMemory(const std::string& memory, uint64_t offset,
                                                 uint64_t length) = 0;
  virtual absl::Status WriteMemory(const std::string& memory, uint64_t offset,
                                   absl::string_view bytes) = 0;

  // Life. Stop ends an active machine, and one whose guest has ended.
  virtual absl::Status Start(const MachinePlan& plan, bool paused) = 0;
  virtual absl::Status Pause(const std::string& machine, bool keep_clocks_running) = 0;
  virtual absl::Status Resume(const std::string& machine) = 0;
  virtual absl::Status Reset(const std::string& machine) = 0;
  // Asks the guest to shut down; false if it doesn't listen.
  virtual absl::StatusOr<bool> Quiesce(const std::string& machine) = 0;
  virtual void Stop(const std::string& machine) = 0;

  // Main storage, by absolute address.
  virtual absl::StatusOr<uint64_t> StorageSize(const std::string& machine) const = 0;
  virtual absl::StatusOr<std::string> ReadStorage(const std::string& machine, uint64_t address,
                                                  uint64_t length) = 0;
  virtual absl::Status WriteStorage(const std::string& machine, uint64_t address,
                                    absl::string_view bytes) = 0;

  // vCPUs.
  virtual absl::Status AddVcpu(const std::string& machine, uint16_t address) = 0;
  virtual absl::StatusOr<std::vector<uint16_t>> Vcpus(const std::string& machine) const = 0;
  virtual absl::StatusOr<VcpuReport> Report(const std::string& machine, uint16_t vcpu) = 0;
  virtual absl::StatusOr<RegisterValues> Registers(const std::string& machine, uint16_t vcpu) = 0;
  virtual absl::Status SetRegisters(const std::string& machine, uint16_t vcpu,
                                    const RegisterValues& registers) = 0;
  virtual absl::StatusOr<hypervisor::uapi::SieBlock> SieBlock(const std::string& machine,
                                                              uint16_t vcpu) = 0;
  virtual absl::Status SetInitialPsw(const std::string& machine, uint16_t vcpu,
                                     const hypervisor::Psw& psw) = 0;
  virtual absl::Status ResetVcpu(const std::string& machine, uint16_t vcpu, CpuReset reset) = 0;
  virtual absl::Status StartVcpu(const std::string& machine, uint16_t vcpu) = 0;
  virtual absl::Status StopVcpu(const std::string& machine, uint16_t vcpu) = 0;
  virtual absl::Status StoreStatus(const std::string& machine, uint16_t vcpu,
                                   const StatusLocation& location) = 0;

  virtual absl::StatusOr<std::vector<DeviceReport>> Devices(const std::string& machine) const = 0;

  // Address spaces. Ranges are aligned and inside their memory. All vCPUs if none is named.
  virtual absl::Status Map(const std::string& machine, std::optional<uint16_t> vcpu,
                           const SegmentRange& range) = 0;
  virtual absl::Status Unmap(const std::string& machine, std::optional<uint16_t> vcpu,
                             const SegmentRange& range) = 0;
  virtual absl::Status FaultIn(const std::string& machine, uint16_t vcpu, uint64_t address) = 0;
  virtual absl::StatusOr<std::vector<MappedRange>> Mappings(const std::string& machine,
                                                            uint16_t vcpu) = 0;

  // Interruptions: floating if no vCPU is named.
  virtual absl::Status Inject(const std::string& machine, std::optional<uint16_t> vcpu,
                              const hypervisor::uapi::Irq& irq) = 0;
  virtual absl::StatusOr<std::vector<hypervisor::uapi::Irq>> Pending(
      const std::string& machine, std::optional<uint16_t> vcpu) = 0;
  virtual absl::StatusOr<std::vector<hypervisor::uapi::Irq>> ClearPending(
      const std::string& machine, std::optional<uint16_t> vcpu) = 0;

  // What somebody typed: how much of it went in, after a short wait for a guest that takes none.
  virtual absl::StatusOr<size_t> TypeIntoConsole(const std::string& machine,
                                                 absl::string_view input) = 0;

  // ALREADY_EXISTS if a client has the vCPU; FAILED_PRECONDITION unless client_monitor was set.
  virtual absl::StatusOr<std::unique_ptr<ClientRun>> OpenRun(const std::string& machine,
                                                             uint16_t vcpu) = 0;
};

}  // namespace services

#endif  // SERVICES_MACHINE_HOST_H_
