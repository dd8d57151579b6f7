#include "ucontrol/boot/elf.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"
#include "ucontrol/big_endian.h"

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;
using hypervisor::Psw;

constexpr std::array<uint8_t, 4> kMagic = {0x7f, 'E', 'L', 'F'};
constexpr uint8_t kClass64 = 2;
constexpr uint8_t kBigEndian = 2;
constexpr uint16_t kExecutable = 2;
constexpr uint16_t kSharedObject = 3;
constexpr uint16_t kMachineS390 = 22;
constexpr size_t kFileHeader = 64;
constexpr size_t kProgramHeader = 56;
constexpr uint32_t kLoad = 1;

struct Segment {
  uint64_t offset;
  uint64_t address;
  uint64_t file_size;
  uint64_t storage_size;
};

Segment ParseSegment(const uint8_t* header) {
  return {.offset = LoadBigEndian<uint64_t>(header + 8),
          .address = LoadBigEndian<uint64_t>(header + 24),
          .file_size = LoadBigEndian<uint64_t>(header + 32),
          .storage_size = LoadBigEndian<uint64_t>(header + 40)};
}

absl::Status CheckFileHeader(FileBytes file) {
  if (!IsElf(file) || file.size() < kFileHeader) {
    return absl::InvalidArgumentError("ELF: the file is shorter than its header of 0x40 bytes");
  }
  if (file[4] != kClass64 || file[5] != kBigEndian ||
      LoadBigEndian<uint16_t>(&file[18]) != kMachineS390) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "ELF: class 0x%x, byte order 0x%x, machine 0x%x is not 64-bit big-endian s390", file[4],
        file[5], LoadBigEndian<uint16_t>(&file[18])));
  }
  const auto type = LoadBigEndian<uint16_t>(&file[16]);
  if (type != kExecutable && type != kSharedObject) {
    return absl::InvalidArgumentError(absl::StrFormat("ELF: type 0x%x is not executable", type));
  }
  const auto length = LoadBigEndian<uint16_t>(&file[54]);
  if (length != kProgramHeader) {
    return absl::InvalidArgumentError(
        absl::StrFormat("ELF: program headers of 0x%x bytes, not 0x38", length));
  }
  return absl::OkStatus();
}

absl::Status LoadSegment(AbsoluteStorage& storage, FileBytes file, int index,
                         const Segment& segment) {
  if (segment.offset > file.size() || segment.file_size > file.size() - segment.offset) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "ELF: segment %d, 0x%x bytes at offset 0x%x, ends beyond the file's 0x%x bytes", index,
        segment.file_size, segment.offset, file.size()));
  }
  if (segment.file_size > segment.storage_size) {
    return absl::InvalidArgumentError(
        absl::StrFormat("ELF: segment %d is 0x%x bytes in the file and only 0x%x in storage", index,
                        segment.file_size, segment.storage_size));
  }
  const GuestAbsolute start(segment.address);
  const uint64_t last = segment.address + segment.storage_size - 1;
  if (last < segment.address || storage.Find(GuestAbsolute(last), 1) == nullptr) {
    return absl::OutOfRangeError(absl::StrFormat(
        "ELF: segment %d, 0x%x bytes at absolute 0x%x, lies outside the machine's storage", index,
        segment.storage_size, segment.address));
  }
  absl::Status stored =
      StoreImage(storage, "ELF segment", start, file.subspan(segment.offset, segment.file_size));
  static constexpr std::array<uint8_t, 4096> kZeros{};
  for (uint64_t at = segment.file_size; stored.ok() && at < segment.storage_size;) {
    const uint64_t length = std::min<uint64_t>(kZeros.size(), segment.storage_size - at);
    stored = StoreImage(storage, "ELF segment", start + at, FileBytes(kZeros).first(length));
    at += length;
  }
  return stored;
}

}  // namespace

bool IsElf(FileBytes file) {
  return file.size() >= kMagic.size() && std::ranges::equal(file.first(kMagic.size()), kMagic);
}

absl::StatusOr<Psw> LoadElf(AbsoluteStorage& storage, FileBytes file) {
  if (absl::Status checked = CheckFileHeader(file); !checked.ok()) return checked;
  const auto entry = LoadBigEndian<uint64_t>(&file[24]);
  const auto headers = LoadBigEndian<uint64_t>(&file[32]);
  const size_t count = LoadBigEndian<uint16_t>(&file[56]);
  if (headers > file.size() || count * kProgramHeader > file.size() - headers) {
    return absl::InvalidArgumentError(
        absl::StrFormat("ELF: 0x%x program headers at offset 0x%x end beyond the file's 0x%x bytes",
                        count, headers, file.size()));
  }
  if (entry % 2 != 0) {
    return absl::InvalidArgumentError(absl::StrFormat("ELF: the entry 0x%x is odd", entry));
  }
  bool loaded = false;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const header = &file[headers + i * kProgramHeader];
    if (LoadBigEndian<uint32_t>(header) != kLoad) continue;
    const Segment segment = ParseSegment(header);
    if (segment.storage_size == 0) continue;
    absl::Status stored = LoadSegment(storage, file, static_cast<int>(i), segment);
    if (!stored.ok()) return stored;
    loaded = true;
  }
  if (!loaded) return absl::InvalidArgumentError("ELF: no segment is loadable");
  return InitialPsw(entry);
}

}  // namespace ucontrol
