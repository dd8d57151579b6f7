#include "ucontrol/boot/linux_kernel.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_format.h"
#include "ucontrol/big_endian.h"

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;
using hypervisor::kSegmentSize;
using hypervisor::Psw;

// The image's magic stands behind its first instructions.
constexpr uint64_t kMagicAddress = 0x10008;
constexpr std::array<uint8_t, 6> kMagic = {'S', '3', '9', '0', 'E', 'P'};

constexpr GuestAbsolute kInitrdAddress(0x10408);
constexpr GuestAbsolute kInitrdSize(0x10410);
constexpr GuestAbsolute kCommandLineLimit(0x10430);
constexpr GuestAbsolute kCommandLine(0x10480);
constexpr uint64_t kParameterAreaEnd = 0x11000;
constexpr uint64_t kDefaultCommandLineLimit = 896;

// A kernel unpacks itself behind its image; the initrd stands clear of that.
constexpr uint64_t kLowestInitrd = 0x800000;

absl::Status OutsideStorage(std::string_view what, GuestAbsolute address) {
  return absl::OutOfRangeError(absl::StrFormat(
      "%s at absolute 0x%x lies outside the machine's storage", what, address.raw()));
}

absl::Status StoreDoubleword(AbsoluteStorage& storage, GuestAbsolute address, uint64_t value) {
  std::array<uint8_t, 8> bytes;
  StoreBigEndian(bytes.data(), value);
  return StoreImage(storage, "parameter area", address, bytes);
}

absl::Status PassCommandLine(AbsoluteStorage& storage, const Program& program) {
  std::array<uint8_t, 8> bytes;
  if (!storage.Read(kCommandLineLimit, bytes.data(), bytes.size())) {
    return OutsideStorage("the parameter area", kCommandLineLimit);
  }
  uint64_t limit = IsLinuxKernel(program.image) ? LoadBigEndian<uint64_t>(bytes.data()) : 0;
  if (limit == 0) limit = kDefaultCommandLineLimit;
  const std::string line = std::string(program.command_line) + '\0';
  if (line.size() > limit) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the command line is 0x%x bytes long, its end included; the kernel takes 0x%x", line.size(),
        limit));
  }
  return StoreImage(storage, "command line", kCommandLine,
                    FileBytes(reinterpret_cast<const uint8_t*>(line.data()), line.size()));
}

absl::Status PassInitrd(AbsoluteStorage& storage, const Program& program) {
  if (program.initrd.empty()) return absl::OkStatus();
  const uint64_t behind_image =
      (program.image.size() + 2 * kSegmentSize - 1) / kSegmentSize * kSegmentSize;
  const GuestAbsolute address(std::max(kLowestInitrd, behind_image));
  if (absl::Status stored = StoreImage(storage, "initrd", address, program.initrd); !stored.ok()) {
    return stored;
  }
  if (absl::Status stored = StoreDoubleword(storage, kInitrdAddress, address.raw()); !stored.ok()) {
    return stored;
  }
  return StoreDoubleword(storage, kInitrdSize, program.initrd.size());
}

}  // namespace

bool IsLinuxKernel(FileBytes file) {
  return file.size() >= kParameterAreaEnd &&
         std::ranges::equal(file.subspan(kMagicAddress, kMagic.size()), kMagic);
}

absl::Status PassParameters(AbsoluteStorage& storage, const Program& program) {
  if (absl::Status passed = PassCommandLine(storage, program); !passed.ok()) return passed;
  return PassInitrd(storage, program);
}

absl::StatusOr<Psw> LoadLinuxKernel(AbsoluteStorage& storage, const Program& program) {
  if (!IsLinuxKernel(program.image)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the kernel of 0x%x bytes has no \"S390EP\" at 0x%x, or no parameter area up to 0x%x",
        program.image.size(), kMagicAddress, kParameterAreaEnd));
  }
  absl::Status stored = StoreImage(storage, "kernel", GuestAbsolute(0), program.image);
  if (stored.ok()) stored = PassParameters(storage, program);
  if (!stored.ok()) return stored;
  return InitialPsw(kLinuxEntry);
}

}  // namespace ucontrol
