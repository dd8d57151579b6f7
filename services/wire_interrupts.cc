// Interruptions between the API and struct kvm_s390_irq.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/failure.h"
#include "services/wire.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
namespace uapi = hypervisor::uapi;

constexpr uint32_t kPrefixBits = 0x7fffe000;
constexpr uint32_t kAdapterInterruption = 0x80000000;
constexpr uint32_t kStopStoreStatus = 1;  // KVM_S390_STOP_FLAG_STORE_STATUS

// KVM_S390_INT_IO(ai, cssid, ssid, schid).
uint32_t IoType(bool adapter, uint32_t subchannel_id, uint32_t subchannel_number) {
  const uint32_t ssid = subchannel_id >> 1 & 3;
  return subchannel_number | ssid << 16 | (adapter ? 1u << 26 : 0);
}

// Collects the first value that doesn't fit.
class Fit {
 public:
  explicit Fit(absl::string_view field) : field_(field) {}

  uint32_t Below(const char* name, uint32_t value, uint32_t most) {
    if (value > most && status_.ok()) {
      status_ = InvalidField(absl::StrCat(field_, ".", name),
                             absl::StrFormat("0x%x is above 0x%x", value, most));
    }
    return value;
  }
  const absl::Status& status() const { return status_; }

 private:
  absl::string_view field_;
  absl::Status status_;
};

absl::Status FillProgram(absl::string_view field, const v1::ProgramInterrupt& program,
                         uapi::Irq& irq) {
  Fit fit(field);
  irq.type = uapi::kProgramInt;
  irq.pgm.code = static_cast<uint16_t>(fit.Below("program.code", program.code(), 0xffff));
  irq.pgm.trans_exc_code = program.translation_exception();
  irq.pgm.exc_access_id = static_cast<uint8_t>(
      fit.Below("program.exception_access_id", program.exception_access_id(), 15));
  irq.pgm.op_access_id =
      static_cast<uint8_t>(fit.Below("program.operand_access_id", program.operand_access_id(), 15));
  irq.pgm.data_exc_code =
      fit.Below("program.data_exception_code", program.data_exception_code(), 255);
  irq.pgm.mon_class_nr =
      static_cast<uint16_t>(fit.Below("program.monitor_class", program.monitor_class(), 255));
  irq.pgm.mon_code = program.monitor_code();
  irq.pgm.per_code = static_cast<uint8_t>(fit.Below("program.per_code", program.per_code(), 255));
  irq.pgm.per_address = program.per_address();
  if (fit.status().ok() && program.code() == 0) {
    return InvalidField(absl::StrCat(field, ".program.code"), "is zero");
  }
  return fit.status();
}

absl::Status FillMachineCheck(absl::string_view field, const v1::MachineCheckInterrupt& check,
                              uapi::Irq& irq) {
  irq.type = uapi::kMchk;
  irq.mchk.cr14 = check.control_register_14();
  irq.mchk.mcic = check.interruption_code();
  irq.mchk.failing_storage_address = check.failing_storage_address();
  irq.mchk.ext_damage_code = check.external_damage_code();
  if (check.fixed_logout().empty()) return absl::OkStatus();
  if (check.fixed_logout().size() != sizeof(irq.mchk.fixed_logout)) {
    return InvalidField(absl::StrCat(field, ".machine_check.fixed_logout"), "hasn't 16 bytes");
  }
  std::memcpy(irq.mchk.fixed_logout, check.fixed_logout().data(), sizeof(irq.mchk.fixed_logout));
  return absl::OkStatus();
}

absl::Status FillIo(absl::string_view field, const v1::IoInterrupt& io, uapi::Irq& irq) {
  Fit fit(field);
  irq.io.subchannel_id =
      static_cast<uint16_t>(fit.Below("io.subchannel_id", io.subchannel_id(), 0xffff));
  irq.io.subchannel_nr =
      static_cast<uint16_t>(fit.Below("io.subchannel_number", io.subchannel_number(), 0xffff));
  irq.io.io_int_parm = io.parameter();
  irq.io.io_int_word = io.word();
  irq.type = IoType((io.word() & kAdapterInterruption) != 0, io.subchannel_id() & 0xffff,
                    io.subchannel_number() & 0xffff);
  return fit.status();
}

}  // namespace

absl::StatusOr<uapi::Irq> FromWire(absl::string_view field, const v1::Interrupt& interrupt) {
  uapi::Irq irq = {};
  Fit fit(field);
  absl::Status status;
  switch (interrupt.kind_case()) {
    case v1::Interrupt::kProgram:
      status = FillProgram(field, interrupt.program(), irq);
      break;
    case v1::Interrupt::kStop:
      irq.type = uapi::kSigpStop;
      irq.stop.flags = interrupt.stop().store_status() ? kStopStoreStatus : 0;
      break;
    case v1::Interrupt::kRestart:
      irq.type = uapi::kRestart;
      break;
    case v1::Interrupt::kSetPrefix:
      irq.type = uapi::kSigpSetPrefix;
      irq.prefix.address = interrupt.set_prefix().prefix();
      if (irq.prefix.address & ~kPrefixBits) {
        status = InvalidField(
            absl::StrCat(field, ".set_prefix.prefix"),
            absl::StrFormat("0x%x isn't a multiple of 8 KiB below 2 GiB", irq.prefix.address));
      }
      break;
    case v1::Interrupt::kMachineCheck:
      status = FillMachineCheck(field, interrupt.machine_check(), irq);
      break;
    case v1::Interrupt::kClockComparator:
      irq.type = uapi::kIntClockComp;
      break;
    case v1::Interrupt::kCpuTimer:
      irq.type = uapi::kIntCpuTimer;
      break;
    case v1::Interrupt::kEmergency:
      irq.type = uapi::kIntEmergency;
      irq.emerg.code = static_cast<uint16_t>(fit.Below(
          "emergency.source_cpu_address", interrupt.emergency().source_cpu_address(), 0xffff));
      status = fit.status();
      break;
    case v1::Interrupt::kExternalCall:
      irq.type = uapi::kIntExternalCall;
      irq.extcall.code =
          static_cast<uint16_t>(fit.Below("external_call.source_cpu_address",
                                          interrupt.external_call().source_cpu_address(), 0xffff));
      status = fit.status();
      break;
    case v1::Interrupt::kService:
      irq.type = uapi::kIntService;
      irq.ext.ext_params = interrupt.service().parameter();
      break;
    case v1::Interrupt::kVirtio:
      irq.type = uapi::kIntVirtio;
      irq.ext.ext_params = interrupt.virtio().parameter();
      irq.ext.ext_params2 = interrupt.virtio().parameter64();
      break;
    case v1::Interrupt::kIo:
      status = FillIo(field, interrupt.io(), irq);
      break;
    case v1::Interrupt::kPageFaultInit:
      irq.type = uapi::kIntPfaultInit;
      irq.ext.ext_params2 = interrupt.page_fault_init().token();
      break;
    case v1::Interrupt::kPageFaultDone:
      irq.type = uapi::kIntPfaultDone;
      irq.ext.ext_params2 = interrupt.page_fault_done().token();
      break;
    case v1::Interrupt::KIND_NOT_SET:
      status = InvalidField(field, "names no interruption");
      break;
  }
  if (!status.ok()) return status;
  return irq;
}

v1::Interrupt ToWire(const uapi::Irq& irq) {
  v1::Interrupt wire;
  switch (irq.type) {
    case uapi::kProgramInt: {
      v1::ProgramInterrupt& program = *wire.mutable_program();
      program.set_code(irq.pgm.code);
      program.set_translation_exception(irq.pgm.trans_exc_code);
      program.set_exception_access_id(irq.pgm.exc_access_id);
      program.set_operand_access_id(irq.pgm.op_access_id);
      program.set_data_exception_code(irq.pgm.data_exc_code);
      program.set_monitor_class(irq.pgm.mon_class_nr);
      program.set_monitor_code(irq.pgm.mon_code);
      program.set_per_code(irq.pgm.per_code);
      program.set_per_address(irq.pgm.per_address);
      break;
    }
    case uapi::kSigpStop:
      wire.mutable_stop()->set_store_status((irq.stop.flags & kStopStoreStatus) != 0);
      break;
    case uapi::kRestart:
      wire.mutable_restart();
      break;
    case uapi::kSigpSetPrefix:
      wire.mutable_set_prefix()->set_prefix(irq.prefix.address);
      break;
    case uapi::kMchk: {
      v1::MachineCheckInterrupt& check = *wire.mutable_machine_check();
      check.set_control_register_14(irq.mchk.cr14);
      check.set_interruption_code(irq.mchk.mcic);
      check.set_failing_storage_address(irq.mchk.failing_storage_address);
      check.set_external_damage_code(irq.mchk.ext_damage_code);
      const bool logged = std::any_of(std::begin(irq.mchk.fixed_logout),
                                      std::end(irq.mchk.fixed_logout), [](uint8_t b) { return b; });
      if (logged) {
        check.set_fixed_logout(irq.mchk.fixed_logout, sizeof(irq.mchk.fixed_logout));
      }
      break;
    }
    case uapi::kIntClockComp:
      wire.mutable_clock_comparator();
      break;
    case uapi::kIntCpuTimer:
      wire.mutable_cpu_timer();
      break;
    case uapi::kIntEmergency:
      wire.mutable_emergency()->set_source_cpu_address(irq.emerg.code);
      break;
    case uapi::kIntExternalCall:
      wire.mutable_external_call()->set_source_cpu_address(irq.extcall.code);
      break;
    case uapi::kIntService:
      wire.mutable_service()->set_parameter(irq.ext.ext_params);
      break;
    case uapi::kIntVirtio:
      wire.mutable_virtio()->set_parameter(irq.ext.ext_params);
      wire.mutable_virtio()->set_parameter64(irq.ext.ext_params2);
      break;
    case uapi::kIntPfaultInit:
      wire.mutable_page_fault_init()->set_token(irq.ext.ext_params2);
      break;
    case uapi::kIntPfaultDone:
      wire.mutable_page_fault_done()->set_token(irq.ext.ext_params2);
      break;
    default: {
      v1::IoInterrupt& io = *wire.mutable_io();
      io.set_subchannel_id(irq.io.subchannel_id);
      io.set_subchannel_number(irq.io.subchannel_nr);
      io.set_parameter(irq.io.io_int_parm);
      io.set_word(irq.io.io_int_word);
      break;
    }
  }
  return wire;
}

}  // namespace services
