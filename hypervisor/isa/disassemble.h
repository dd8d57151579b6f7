// Instructions as assembler language: for traces and monitors.
#ifndef HYPERVISOR_ISA_DISASSEMBLE_H_
#define HYPERVISOR_ISA_DISASSEMBLE_H_

#include <cstdint>
#include <string>

namespace hypervisor {

// The instruction left-justified in `text`, as GNU objdump writes it, but always with the basic
// mnemonic: "brc 8,0x10010", not "je 0x10010". `address` is where it stands. Bytes that mean
// nothing become ".short 0x0000" or ".long ...".
std::string Disassemble(uint64_t text, uint64_t address);

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_DISASSEMBLE_H_
