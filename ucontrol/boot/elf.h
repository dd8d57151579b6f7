// Programs in ELF for s390x.
#ifndef UCONTROL_BOOT_ELF_H_
#define UCONTROL_BOOT_ELF_H_

#include "ucontrol/boot/boot_image.h"

namespace ucontrol {

bool IsElf(FileBytes file);

// Loads the program headers' segments at their physical addresses; the rest of a segment that is
// longer in storage than in the file becomes zeros.
absl::StatusOr<hypervisor::Psw> LoadElf(AbsoluteStorage& storage, FileBytes file);

}  // namespace ucontrol

#endif  // UCONTROL_BOOT_ELF_H_
