#include "ucontrol/boot/boot_image.h"

#include <array>

#include "absl/strings/str_format.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/boot/elf.h"
#include "ucontrol/boot/linux_kernel.h"

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;
using hypervisor::Psw;

constexpr uint32_t kShortPswForm = 0x00080000;  // bit 12 of its first word

}  // namespace

absl::Status StoreImage(AbsoluteStorage& storage, std::string_view what, GuestAbsolute address,
                        FileBytes bytes) {
  if (storage.Write(address, bytes.data(), bytes.size())) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrFormat("%s: 0x%x bytes at absolute 0x%x lie outside the machine's storage", what,
                      bytes.size(), address.raw()));
}

absl::StatusOr<Psw> LoadShortPsw(AbsoluteStorage& storage) {
  std::array<uint8_t, 8> bytes;
  if (!storage.Read(GuestAbsolute(0), bytes.data(), bytes.size())) {
    return absl::OutOfRangeError("absolute 0, where the PSW is, is no storage of the machine");
  }
  const auto first = LoadBigEndian<uint32_t>(&bytes[0]);
  const auto second = LoadBigEndian<uint32_t>(&bytes[4]);
  // Bit 32 is the addressing mode, and bit 12 is inverted in the 16-byte form.
  return Psw{uint64_t{first ^ kShortPswForm} << 32 | (second & 0x80000000), second & 0x7fffffff};
}

absl::StatusOr<Psw> LoadProgram(AbsoluteStorage& storage, const Program& program) {
  if (IsLinuxKernel(program.image)) return LoadLinuxKernel(storage, program);
  absl::StatusOr<Psw> psw;
  if (IsElf(program.image)) {
    psw = LoadElf(storage, program.image);
  } else if (program.image.size() >= 8 &&
             (LoadBigEndian<uint32_t>(program.image.data()) & kShortPswForm) != 0) {
    const absl::Status stored = StoreImage(storage, "program", GuestAbsolute(0), program.image);
    psw = stored.ok() ? LoadShortPsw(storage) : stored;
  } else {
    psw = absl::InvalidArgumentError(
        "the program is neither ELF nor a Linux kernel image, and bit 12 of its first word, which "
        "an initial-program-loading PSW has, is 0");
  }
  if (!psw.ok() || psw->address != kLinuxEntry) return psw;
  const absl::Status passed = PassParameters(storage, program);
  return passed.ok() ? psw : passed;
}

}  // namespace ucontrol
