// Machines, vCPUs and runs; registers and interruptions have files of their own.
#include "services/wire.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/util/time_util.h"
#include "hypervisor/arch/address.h"
#include "services/failure.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
using google::protobuf::util::TimeUtil;

constexpr uint64_t kSegment = hypervisor::kSegmentSize;
constexpr int kMostSegmentsOfATurn = 1024;
constexpr int kMostInterruptsOfATurn = 64;

ImageSource FromWire(const v1::Image& image) {
  return {image.memory(), static_cast<uint64_t>(image.length())};
}

BootSource FromWire(const v1::Boot& boot) {
  switch (boot.source_case()) {
    case v1::Boot::kLinux: {
      ProgramBoot program{FromWire(boot.linux().kernel()), {}, boot.linux().command_line()};
      if (boot.linux().has_initrd()) program.initrd = FromWire(boot.linux().initrd());
      return program;
    }
    case v1::Boot::kElf:
      return ProgramBoot{FromWire(boot.elf().image()), {}, boot.elf().command_line()};
    case v1::Boot::kRaw: {
      RawBoot raw{FromWire(boot.raw().image()), boot.raw().load_address(), {}};
      if (boot.raw().has_psw()) raw.psw = services::FromWire(boot.raw().psw());
      return raw;
    }
    case v1::Boot::kPsw:
      return services::FromWire(boot.psw());
    case v1::Boot::SOURCE_NOT_SET:
      return std::monostate();
  }
  return std::monostate();
}

absl::StatusOr<DiskDevice> FromWire(const v1::Disk& disk, const std::string& image_directory) {
  DiskDevice device;
  device.read_only = disk.read_only();
  device.serial = disk.serial();
  if (disk.has_memory()) {
    device.memory = disk.memory();
  } else if (image_directory.empty()) {
    return PreconditionNotMet("NO_IMAGE_DIRECTORY", disk.image(),
                              "is an image, and this daemon has no image_directory");
  } else {
    // CompleteDefinition lets nothing through that could leave the directory.
    device.path = absl::StrCat(image_directory, "/", disk.image());
  }
  return device;
}

NetworkDevice FromWire(const v1::Network& network) {
  NetworkDevice device;
  device.mac_address = ParseMacAddress(network.mac_address());
  device.isolated = network.isolated();
  for (const v1::PortForward& forward : network.port_forwards()) {
    device.forwards.push_back({forward.protocol() == v1::PortForward::PROTOCOL_UDP,
                               static_cast<uint16_t>(forward.host_port()),
                               static_cast<uint16_t>(forward.guest_port())});
  }
  return device;
}

std::pair<v1::StopReport::Reason, int> ReasonOf(const GuestEnd& end) {
  switch (end.cause) {
    case EndCause::kPoweredOff:
      return {v1::StopReport::REASON_GUEST_POWERED_OFF, 0};
    case EndCause::kDisabledWait: {
      const int status = static_cast<int>(end.psw.address & 0xff);
      return {v1::StopReport::REASON_DISABLED_WAIT, status == 0 ? 1 : status};
    }
    case EndCause::kInterruptionLoop:
      return {v1::StopReport::REASON_INTERRUPTION_LOOP, 1};
    case EndCause::kValidity:
      return {v1::StopReport::REASON_VALIDITY, 1};
    case EndCause::kUnresolvedFault:
      return {v1::StopReport::REASON_UNRESOLVED_FAULT, 1};
    case EndCause::kHostError:
      return {v1::StopReport::REASON_HOST_ERROR, 1};
    case EndCause::kWatchdog:
      return {v1::StopReport::REASON_WATCHDOG, 1};
  }
  return {v1::StopReport::REASON_HOST_ERROR, 1};
}

}  // namespace

std::optional<std::array<uint8_t, 6>> ParseMacAddress(absl::string_view text) {
  if (text.size() != 17) return std::nullopt;
  std::array<uint8_t, 6> address{};
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i % 3 == 2) {
      if (c != ':') return std::nullopt;
      continue;
    }
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    address[i / 3] = static_cast<uint8_t>(address[i / 3] * 16 + digit);
  }
  return address;
}

hypervisor::Psw FromWire(const v1::Psw& psw) {
  return {psw.mask(), psw.address()};
}

v1::Psw ToWire(const hypervisor::Psw& psw) {
  v1::Psw wire;
  wire.set_mask(psw.mask);
  wire.set_address(psw.address);
  return wire;
}

absl::StatusOr<MachinePlan> PlanOf(const v1::Machine& machine, const std::string& image_directory) {
  MachinePlan plan;
  plan.name = machine.name();
  plan.display_name = machine.display_name();
  plan.uuid = machine.uid();
  plan.vcpus = static_cast<uint16_t>(machine.vcpu_count());
  plan.storage_bytes = static_cast<uint64_t>(machine.storage_bytes());
  if (machine.cpu_model().cpu_id() != 0) plan.cpu_id = machine.cpu_model().cpu_id();
  plan.facilities.assign(machine.cpu_model().facilities().begin(),
                         machine.cpu_model().facilities().end());
  plan.boot = FromWire(machine.boot());
  plan.client_monitor = machine.monitor() == v1::MONITOR_CLIENT;
  for (const v1::Device& device : machine.devices()) {
    DevicePlan planned;
    planned.id = device.id();
    if (device.has_device_number()) {
      planned.device_number = static_cast<uint16_t>(device.device_number());
    }
    if (device.has_disk()) {
      absl::StatusOr<DiskDevice> disk = FromWire(device.disk(), image_directory);
      if (!disk.ok()) return disk.status();
      planned.kind = *std::move(disk);
    } else if (device.has_network()) {
      planned.kind = FromWire(device.network());
    } else {
      planned.kind = RandomDevice();
    }
    plan.devices.push_back(std::move(planned));
  }
  return plan;
}

v1::StopReport ToWire(const GuestEnd& end) {
  v1::StopReport report;
  const auto [reason, exit_status] = ReasonOf(end);
  report.set_reason(reason);
  report.set_exit_status(exit_status);
  report.set_detail(end.detail);
  report.set_vcpu(end.vcpu);
  if (end.vcpu >= 0) *report.mutable_psw() = ToWire(end.psw);
  report.mutable_general_registers()->Add(end.gpr.begin(), end.gpr.end());
  return report;
}

v1::SieBlock ToWire(const hypervisor::uapi::SieBlock& block) {
  v1::SieBlock wire;
  wire.set_cpuflags(block.cpuflags);
  wire.set_prefix((block.prefix_and_ibc >> 12 & 0x7ffff) << 12);
  wire.set_cputm(block.cputm);
  wire.set_ckc(block.ckc);
  wire.set_epoch(block.epoch);
  wire.set_svcc(block.svcc);
  wire.set_lctl(block.lctl);
  wire.set_icpua(block.icpua);
  wire.set_ictl(block.ictl);
  wire.set_eca(block.eca);
  wire.set_icptcode(block.icptcode);
  wire.set_icptstatus(block.icptstatus);
  wire.set_ihcpu(block.ihcpu);
  wire.set_ipa(block.ipa);
  wire.set_ipb(block.ipb);
  wire.set_ecb(block.ecb);
  wire.set_ecb2(block.ecb2);
  wire.set_ecb3(block.ecb3);
  wire.set_todpr(block.todpr);
  *wire.mutable_gpsw() = ToWire(hypervisor::Psw{block.gpsw_mask, block.gpsw_addr});
  wire.add_gg(block.gg14);
  wire.add_gg(block.gg15);
  wire.set_iprcc(block.iprcc);
  wire.set_pgmilc(block.pgmilc);
  wire.set_tecmc(block.tecmc);
  for (int i = 0; i < 16; ++i) wire.add_gcr(block.gcr[i]);
  wire.set_gbea(block.gbea);
  return wire;
}

v1::Vcpu ToWire(const std::string& machine, const VcpuReport& report) {
  v1::Vcpu wire;
  wire.set_name(absl::StrCat(machine, "/vcpus/", report.address));
  wire.set_cpu_address(report.address);
  switch (report.condition) {
    case CpuCondition::kStopped:
      wire.set_state(v1::VCPU_STATE_STOPPED);
      break;
    case CpuCondition::kOperating:
      wire.set_state(v1::VCPU_STATE_OPERATING);
      break;
    case CpuCondition::kCheckStop:
      wire.set_state(v1::VCPU_STATE_CHECK_STOP);
      break;
    case CpuCondition::kLoad:
      wire.set_state(v1::VCPU_STATE_LOAD);
      break;
  }
  *wire.mutable_psw() = ToWire(report.psw);
  *wire.mutable_run_time() = TimeUtil::NanosecondsToDuration(report.run_time.count());
  for (const auto& [reason, count] : report.exits) (*wire.mutable_exits())[reason] = count;
  return wire;
}

absl::Status CheckSegments(const std::string& prefix, const SegmentRange& range) {
  const std::pair<const char*, uint64_t> values[] = {{"memory_offset", range.memory_offset},
                                                     {"vcpu_address", range.vcpu_address},
                                                     {"length", range.length}};
  for (const auto& [name, value] : values) {
    if (value % kSegment == 0) continue;
    return InvalidField(absl::StrCat(prefix, name),
                        absl::StrFormat("0x%x isn't a multiple of 1 MiB (0x100000)", value),
                        "NOT_SEGMENT_ALIGNED");
  }
  if (range.length == 0) {
    return InvalidField(absl::StrCat(prefix, "length"), "is zero", "NOT_SEGMENT_ALIGNED");
  }
  if (range.vcpu_address + range.length - 1 < range.vcpu_address) {
    return FieldOutOfRange("BEHIND_ADDRESS_SPACE_END", absl::StrCat(prefix, "length"),
                           absl::StrFormat("0x%x from 0x%x on passes the end of the address space",
                                           range.length, range.vcpu_address));
  }
  return absl::OkStatus();
}

absl::StatusOr<RunTurn> FromWire(const v1::RunRequest& request) {
  RunTurn turn;
  if (request.map_size() > kMostSegmentsOfATurn || request.unmap_size() > kMostSegmentsOfATurn) {
    return InvalidField("map", "a turn maps and unmaps at most 1024 ranges");
  }
  if (request.interrupts_size() > kMostInterruptsOfATurn) {
    return InvalidField("interrupts", "a turn has at most 64");
  }
  for (const v1::Segments& segments : request.unmap()) {
    absl::StatusOr<SegmentRange> range = RangeOf("unmap.", segments);
    if (!range.ok()) return range.status();
    range->memory.clear();
    turn.unmap.push_back(*std::move(range));
  }
  for (const v1::Segments& segments : request.map()) {
    absl::StatusOr<SegmentRange> range = RangeOf("map.", segments);
    if (!range.ok()) return range.status();
    turn.map.push_back(*std::move(range));
  }
  absl::StatusOr<RegisterValues> registers = FromWire("registers", request.registers());
  if (!registers.ok()) return registers.status();
  turn.registers = *std::move(registers);
  for (const v1::Interrupt& interrupt : request.interrupts()) {
    absl::StatusOr<hypervisor::uapi::Irq> irq = FromWire("interrupts", interrupt);
    if (!irq.ok()) return irq.status();
    turn.interrupts.push_back(*irq);
  }
  turn.run = request.run();
  return turn;
}

void ToWire(const RunExit& exit, v1::RunResponse& response) {
  switch (exit.reason) {
    case RunExit::Reason::kIntercepted: {
      v1::Interception& interception = *response.mutable_interception();
      interception.set_code(exit.icptcode);
      interception.set_ipa(exit.ipa);
      interception.set_ipb(exit.ipb);
      interception.set_program_interruption_code(exit.iprcc);
      break;
    }
    case RunExit::Reason::kFaulted:
      response.mutable_segment_fault()->set_vcpu_address(exit.fault_address);
      response.mutable_segment_fault()->set_program_interruption_code(exit.pgm_code);
      break;
    case RunExit::Reason::kKicked:
      response.mutable_kicked();
      break;
  }
}

}  // namespace services
