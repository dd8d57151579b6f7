// The s390x boot protocol of Linux: a flat image at absolute 0 that begins at 0x10000, and a
// parameter area in it.
#ifndef UCONTROL_BOOT_LINUX_KERNEL_H_
#define UCONTROL_BOOT_LINUX_KERNEL_H_

#include "ucontrol/boot/boot_image.h"

namespace ucontrol {

inline constexpr uint64_t kLinuxEntry = 0x10000;

bool IsLinuxKernel(FileBytes file);
absl::StatusOr<hypervisor::Psw> LoadLinuxKernel(AbsoluteStorage& storage, const Program& program);

// Stores command line and initrd for a program that is in storage already.
absl::Status PassParameters(AbsoluteStorage& storage, const Program& program);

}  // namespace ucontrol

#endif  // UCONTROL_BOOT_LINUX_KERNEL_H_
