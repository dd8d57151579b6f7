// The registers of a vCPU as plain values, on the vCPU's own thread.
#ifndef SERVICES_CPU_REGISTERS_H_
#define SERVICES_CPU_REGISTERS_H_

#include "services/machine_host.h"
#include "ucontrol/cpu.h"

namespace services {

RegisterValues ReadRegisters(const ucontrol::Cpu& cpu);

// What is absent stays as it is.
void WriteRegisters(const RegisterValues& values, ucontrol::Cpu& cpu);

}  // namespace services

#endif  // SERVICES_CPU_REGISTERS_H_
