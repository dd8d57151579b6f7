#include "tests/fuzz/instructions/stream.h"

#include <algorithm>
#include <iterator>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/isa/insn.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/isa/opcode_text.h"

namespace hypervisor {
namespace {

constexpr uint64_t kCode = GuestMachine::kProgram;
constexpr uint64_t kCodeEnd = kCode + 0x1800;  // over a page's end
constexpr uint64_t kHandler = kCode + 0x60;    // where interruptions lead: into the stream
constexpr uint64_t kTables = 0x20000;          // of spaces, programs and authority
constexpr uint64_t kStack = 0x28000;
constexpr uint64_t kOperands = 0x30000;
constexpr uint64_t kSegmentTable = 0x300000;
constexpr uint64_t kPageTables = 0x308000;

class Bytes {
 public:
  Bytes(const uint8_t* bytes, size_t size) : bytes_(bytes), left_(size) {}
  size_t left() const { return left_; }
  uint8_t Byte() {
    if (left_ == 0) return 0;
    --left_;
    return *bytes_++;
  }
  uint64_t Number(int bytes) {
    uint64_t number = 0;
    while (bytes-- > 0) number = number << 8 | Byte();
    return number;
  }

 private:
  const uint8_t* bytes_;
  size_t left_;
};

uint64_t RegisterValue(uint8_t choice) {
  constexpr uint64_t kValues[] = {
      0,
      1,
      ~uint64_t{0},
      0x7fffffff,
      0x8000000000000000,
      kOperands,
      kOperands + 0x1000,  // the end of a page, with small numbers taken off
      kOperands + 0x2000,  // an absent page begins, under DAT
      kOperands + 0x4000,  // a protected one
      kSegmentSize,        // the end of a segment
      0x1000,              // the prefix area
      4 * kSegmentSize,    // the end of storage
      kTables,
      kCode,
      0x0123456789abcdef,
      0x10000000100,
  };
  const uint64_t value = kValues[choice >> 4];
  const uint64_t low = choice & 15;
  return low < 8 ? value + low * low : value - (16 - low);
}

// Home, primary and secondary are one space, one to one, with an absent and a protected page.
void MakeSpaces(GuestMachine& machine) {
  for (uint64_t segment = 0; segment < 512; ++segment) {
    const uint64_t table = kPageTables + segment * 2048;
    machine.Put<uint64_t>(kSegmentTable + segment * 8, segment < 4 ? table : 0x20);
    for (uint64_t page = 0; segment < 4 && page < 256; ++page) {
      const uint64_t at = segment * kSegmentSize + page * kPageSize;
      machine.Put<uint64_t>(table + page * 8, at | (at == kOperands + 0x2000   ? 0x400
                                                    : at == kOperands + 0x4000 ? 0x200
                                                                               : 0));
    }
  }
}

void MakeControls(GuestMachine& machine, uint8_t controls, uint8_t tracing) {
  CpuState& cpu = machine.cpu;
  if (controls & 0x80) cpu.cr[0] |= cr0::kLowAddressProtection;
  if (controls & 0x40) cpu.cr[0] |= cr0::kFetchProtectionOverride | cr0::kExtractionAuthority;
  if (controls & 0x20) cpu.cr[0] |= cr0::kStorageProtectionOverride | cr0::kSecondarySpace;
  if (controls & 0x10) cpu.cr[0] |= cr0::kEnhancedDat;
  cpu.cr[1] = cpu.cr[7] = cpu.cr[13] = kSegmentTable;
  cpu.cr[2] = kTables;
  cpu.cr[3] = 0xffff0000;
  cpu.cr[5] = kTables + 0x40;
  cpu.cr[8] = 0xffff;  // all monitor classes
  cpu.cr[9] = uint64_t{tracing & 0xf8u} << 24;
  cpu.cr[11] = ~uint64_t{0};
  cpu.cr[12] = kOperands + 0x6000;
  if (tracing & 1) cpu.cr[12] |= 1;
  if (tracing & 2) cpu.cr[12] |= 2;
  if (tracing & 4) cpu.cr[12] |= uint64_t{1} << 63;
  cpu.cr[14] |= 0x80000 | kTables >> 12;
  cpu.cr[15] = kStack + 8;
  *machine.At(kStack + 8) = 0x09;
  machine.Put<uint16_t>(kStack + 10, 3 * 296);
  for (const uint64_t psw : {0x1b0, 0x1c0, 0x1d0, 0x1e0}) {
    machine.Put<uint64_t>(psw, Psw::kExtendedAddressing | Psw::kBasicAddressing);
    machine.Put<uint64_t>(psw + 8, kHandler);
  }
}

}  // namespace

void Prepare(GuestMachine& machine, const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  const uint8_t mode = bytes.Byte();
  const uint8_t controls = bytes.Byte();
  const uint8_t tracing = bytes.Byte();
  const bool from_table = mode & 0x02;
  MakeSpaces(machine);
  MakeControls(machine, controls, tracing);

  CpuState& cpu = machine.cpu;
  Psw psw{0, kCode};
  if (mode & 0x80) psw.mask |= Psw::kDat;
  if (mode & 0x40) psw.mask |= Psw::kBasicAddressing;
  if ((mode & 0x60) == 0x60) psw.mask |= Psw::kExtendedAddressing;
  if (mode & 0x10) psw.mask |= Psw::kProblemState;
  psw.mask |= uint64_t{mode & 0x0cu} << 44;  // the address-space control
  if (mode & 0x01) psw.mask |= Psw::kPer | Psw::kProgramMask;
  psw.set_key(controls & 15);
  cpu.psw = psw;
  for (uint64_t& r : cpu.gpr) r = RegisterValue(bytes.Byte());
  for (int r = 0; r < 16; ++r) cpu.ar[r] = static_cast<uint32_t>(r % 3);
  const uint8_t key = bytes.Byte();
  machine.keys.KeyOf(UserAddress(reinterpret_cast<uint64_t>(machine.At(kOperands + 0x1000)))) =
      key & 0xfe;
  // The host takes program interruptions, or the guest does, which may go on for ever.
  if (!(key & 1)) machine.block.ictl = uapi::kIctlPint;

  for (uint64_t at = kCode; bytes.left() > 0 && at + 6 <= kCodeEnd;) {
    uint64_t text;
    if (from_table) {
      const TableRow& row = Table()[bytes.Number(2) % Table().size()];
      text = WithOpcode(row, bytes.Number(6) << 16);
    } else {
      text = bytes.Number(6) << 16;
    }
    const uint64_t length = from_table ? InsnLength(static_cast<uint8_t>(text >> 56)) : 6;
    for (uint64_t i = 0; i < length; ++i) {
      machine.Put<uint8_t>(at + i, static_cast<uint8_t>(text >> (56 - 8 * i)));
    }
    at += length;
  }
  // The same bytes are what tables and operands hold.
  const size_t held = std::min<size_t>(size, 0x800);
  std::copy_n(data, held, machine.At(kTables));
  std::copy_n(data, held, machine.At(kOperands + 0xff0));
}

}  // namespace hypervisor
