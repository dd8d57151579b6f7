// The loader of a machine that starts a program of ours: a kernel with initrd and command line, ELF
// or a flat image (ucontrol/boot). It loads again at each re-IPL.
#ifndef UCONTROL_EQUIPMENT_PROGRAM_SOURCE_H_
#define UCONTROL_EQUIPMENT_PROGRAM_SOURCE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/arch/psw.h"
#include "ucontrol/machine.h"

namespace ucontrol {

struct ProgramSource {
  std::vector<uint8_t> image;
  std::vector<uint8_t> initrd;
  std::string command_line;

  // Raw bytes at an address, with a PSW, instead of what the image says of itself.
  struct Raw {
    hypervisor::GuestAbsolute address;
    hypervisor::Psw psw;
  };
  std::optional<Raw> raw;
};

// As Machine::Configuration::loader: clears storage, loads the program and sets the first PSW.
std::function<absl::Status(Machine&, Vcpu&)> LoaderOf(ProgramSource source);

// Makes all of the machine's storage zeros. No CPU and no device may run.
void ClearStorage(Machine& machine);

}  // namespace ucontrol

#endif  // UCONTROL_EQUIPMENT_PROGRAM_SOURCE_H_
