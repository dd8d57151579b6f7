#include "services/cpu_registers.h"

namespace services {

RegisterValues ReadRegisters(const ucontrol::Cpu& cpu) {
  RegisterValues values;
  values.psw = cpu.psw();
  values.general.emplace();
  values.access.emplace();
  values.control.emplace();
  values.floating_point.emplace();
  for (int r = 0; r < 16; ++r) {
    const auto i = static_cast<size_t>(r);
    (*values.general)[i] = cpu.gpr(r);
    (*values.access)[i] = cpu.ar(r);
    (*values.control)[i] = cpu.cr(r);
    (*values.floating_point)[i] = cpu.fpr(r);
  }
  if (cpu.has_vectors()) {
    values.vector.emplace();
    for (size_t i = 0; i < 32; ++i) {
      (*values.vector)[i] = {cpu.run().s.regs.vrs[i][0], cpu.run().s.regs.vrs[i][1]};
    }
  }
  values.floating_point_control = cpu.fpc();
  values.prefix = cpu.prefix();
  values.tod_programmable = cpu.tod_programmable();
  values.cpu_timer = cpu.cpu_timer();
  values.clock_comparator = cpu.clock_comparator();
  values.breaking_event_address = cpu.breaking_event_address();
  values.program_parameter = cpu.program_parameter();
  return values;
}

void WriteRegisters(const RegisterValues& values, ucontrol::Cpu& cpu) {
  if (values.psw) cpu.set_psw(*values.psw);
  for (int r = 0; r < 16; ++r) {
    const auto i = static_cast<size_t>(r);
    if (values.general) cpu.set_gpr(r, (*values.general)[i]);
    if (values.access) cpu.set_ar(r, (*values.access)[i]);
    if (values.control) cpu.set_cr(r, (*values.control)[i]);
    if (values.floating_point) cpu.set_fpr(r, (*values.floating_point)[i]);
  }
  if (values.vector && cpu.has_vectors()) {
    for (size_t i = 0; i < 32; ++i) {
      cpu.run().s.regs.vrs[i][0] = (*values.vector)[i].first;
      cpu.run().s.regs.vrs[i][1] = (*values.vector)[i].second;
    }
  }
  if (values.floating_point_control) cpu.set_fpc(*values.floating_point_control);
  if (values.prefix) cpu.set_prefix(*values.prefix);
  if (values.tod_programmable) cpu.set_tod_programmable(*values.tod_programmable);
  if (values.cpu_timer) cpu.set_cpu_timer(*values.cpu_timer);
  if (values.clock_comparator) cpu.set_clock_comparator(*values.clock_comparator);
  if (values.breaking_event_address) {
    cpu.set_breaking_event_address(*values.breaking_event_address);
  }
  if (values.program_parameter) cpu.set_program_parameter(*values.program_parameter);
}

}  // namespace services
