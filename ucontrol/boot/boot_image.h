// What a machine starts from: puts a program and what belongs to it into absolute storage, and says
// where its first CPU begins.
//
// Files are hostile: every offset and length is compared with what holds it. INVALID_ARGUMENT for a
// file that breaks its format, OUT_OF_RANGE for one that doesn't fit into the machine's storage.
#ifndef UCONTROL_BOOT_BOOT_IMAGE_H_
#define UCONTROL_BOOT_BOOT_IMAGE_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/arch/psw.h"
#include "ucontrol/absolute_storage.h"

namespace ucontrol {

using FileBytes = std::span<const uint8_t>;

// Stores `bytes`; `what` names them in the status.
absl::Status StoreImage(AbsoluteStorage& storage, std::string_view what,
                        hypervisor::GuestAbsolute address, FileBytes bytes);

// 64-bit addressing, supervisor state, no interruption enabled, no DAT.
constexpr hypervisor::Psw InitialPsw(uint64_t address) {
  return {hypervisor::Psw::kExtendedAddressing | hypervisor::Psw::kBasicAddressing, address};
}

// Whatever `image` is: ELF, a Linux kernel image, or an image of absolute storage from 0 on
// that begins with an initial-program-loading PSW. Programs that begin at 0x10000, where Linux
// does, get the command line and the initrd as Linux would.
struct Program {
  FileBytes image;
  FileBytes initrd;  // may be empty
  std::string_view command_line;
};
absl::StatusOr<hypervisor::Psw> LoadProgram(AbsoluteStorage& storage, const Program& program);

// The short PSW at absolute 0, as initial program loading takes it. A PSW that isn't valid is
// returned as it is: the CPU recognises it.
absl::StatusOr<hypervisor::Psw> LoadShortPsw(AbsoluteStorage& storage);

}  // namespace ucontrol

#endif  // UCONTROL_BOOT_BOOT_IMAGE_H_
