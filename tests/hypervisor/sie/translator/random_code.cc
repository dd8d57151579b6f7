#include "tests/hypervisor/sie/translator/random_code.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <set>
#include <string_view>

#include "hypervisor/isa/decode.h"
#include "hypervisor/sie/offered_facilities.h"

namespace hypervisor {

namespace {

// Rows on floating-point registers.
bool IsFloating(const TableRow& row) {
  static const std::set<std::string_view> names = {"LD",  "LDY",  "LE",  "LEY",  "STD",
                                                   "LDR", "STDY", "STE", "STEY", "LER"};
  return (row.opcode >> 8) == 0xb3 || names.contains(row.mnemonic) ||
         ((row.opcode >> 8) == 0xed && row.format != Format::kRXY_a);
}

bool IsVector(Format format) {
  return std::string_view(ShapeOf(format).name).starts_with("VR");
}

void Put(uint64_t& text, int first, int width, uint64_t value) {
  const int shift = 64 - first - width;
  text = (text & ~(((uint64_t{1} << width) - 1) << shift)) | value << shift;
}

// At the end of each page stand instructions on two operands of storage, for EXECUTE.
constexpr uint64_t kPool = 0x80;

}  // namespace

bool IsOfChance(const TableRow& row) {
  static const std::set<std::string_view> names = {"STCK", "STCKF", "STCKE", "STPT", "SPT",
                                                   "PTFF", "PPNO",  "PRNO",  "ECTG", "STSI",
                                                   "SCKC", "STCKC", "SCK",   "SCKPF"};
  return names.contains(row.mnemonic);
}

bool SeesReferences(const TableRow& row) {
  static const std::set<std::string_view> names = {"ISKE", "SSKE", "RRBE", "RRBM", "IRBM"};
  return names.contains(row.mnemonic);
}

bool IsExecutedInLockStep(const TableRow& row) {
  const bool offered = row.facility == Facility::kZArch || row.facility == Facility::kN3 ||
                       OfferedFacilities().Has(row.facility);
  const bool executes = row.kind != RowKind::kGap && row.kind != RowKind::kIntercept;
  return offered && executes && !IsOfChance(row);
}

RandomCode::RandomCode(Random& random, bool sees_references) : random_(random) {
  for (RowIndex row = 0; row < Table().size(); ++row) {
    if (!IsExecutedInLockStep(Table()[row])) continue;
    if (!sees_references && SeesReferences(Table()[row])) continue;
    rows_.push_back(row);
    if (IsVector(Table()[row].format)) vector_.push_back(row);
    if (Table()[row].kind != RowKind::kSemantics) continue;
    recorded_.push_back(row);
    if (IsFloating(Table()[row])) floating_.push_back(row);
  }
}

void RandomCode::Begin() {
  latest_ = 0;
  waiting_ = 0;
  loop_left_ = 0;
  floating_code_ = random_.OneIn(2);
  vector_code_ = random_.OneIn(2);
  crosses_pages_ = random_.OneIn(3);
}

uint64_t RandomCode::Word() {
  const uint64_t word = random_.Next();
  switch (random_.Below(8)) {
    case 0:
      return word & 0xff;
    case 1:
      return static_cast<uint64_t>(-static_cast<int64_t>(word & 0xf));
    case 2:
      return 0x8000000080000000;
    case 3:
      return 0x7fffffff7fffffff;
    default:
      return word;
  }
}

uint64_t RandomCode::FloatingPoint() {
  if (random_.OneIn(4)) return Word();
  if (random_.OneIn(2)) return Long(random_.Below(2));
  return Short(random_.Below(2)) << 32 | Short(random_.Below(2));
}

// Often the least and the greatest, often around one, so that results are ordinary.
uint64_t RandomCode::Exponent(uint64_t greatest) {
  switch (random_.Below(8)) {
    case 0:
      return random_.Below(3);
    case 1:
      return greatest - random_.Below(3);
    case 2:
      return random_.Below(greatest + 1);
    case 3:  // products of two are tiny, or nearly
      return greatest / 4 + random_.Below(4);
    default:
      return greatest / 2 + random_.Below(9) - 4;
  }
}

uint64_t RandomCode::Fraction(int bits) {
  const uint64_t all = (uint64_t{1} << bits) - 1;
  switch (random_.Below(6)) {
    case 0:
      return 0;
    case 1:
      return all - random_.Below(2);
    case 2:
      return random_.Below(3);
    case 3:
      return (all + 1) / 2 + random_.Below(2);
    default:
      return random_.Next() & all;
  }
}

uint32_t RandomCode::Fpc() {
  uint32_t fpc = 0;
  if (random_.OneIn(2)) fpc |= static_cast<uint32_t>(random_.Next()) & 0x00f80000;
  if (random_.OneIn(3)) fpc |= static_cast<uint32_t>(random_.Below(4));
  if (random_.OneIn(16)) fpc |= 7;
  if (random_.OneIn(6)) fpc |= static_cast<uint32_t>(random_.Next()) & 0xf8000000;
  return fpc;
}

uint64_t RandomCode::Place() {
  if (random_.OneIn(12)) return kCode + random_.Below(kCodeSize);
  if (random_.OneIn(40)) return kCode + random_.Below(kCodeSize) / 0x1000 * 0x1000 + 0xfc0;
  if (random_.OneIn(12)) return kData + 0x1000 * (random_.Below(6) + 1) - random_.Below(64);
  if (random_.OneIn(30)) return random_.Below(0x1000);
  const uint64_t address = kData + 0x1000 + random_.Below(kDataSize - 0x2000);
  return random_.OneIn(2) ? address & ~uint64_t{15} : address;
}

uint64_t RandomCode::InstructionAt(uint64_t address) {
  const uint64_t end = (address | 0xfff) + 1;
  if (!crosses_pages_) {
    if (address >= end - kPool)
      return end - address >= 6 ? StorageToStorage() : uint64_t{0x0700} << 48;
    if (address >= end - kPool - 6) return uint64_t{0x0700} << 48;
  }
  const uint64_t waiting = waiting_;
  waiting_ = 0;
  if (waiting) return waiting;
  if (loop_left_ > 0) {
    if (--loop_left_ == 0) return LoopEnd(address);
  } else if (random_.OneIn(24)) {
    loop_left_ = static_cast<int>(random_.Below(8)) + 2;
    loop_register_ = random_.Below(16);
    loop_start_ = address + 4;
    return 0xa709'0000'0000'0000 | loop_register_ << 52 | (random_.Below(6) + 1) << 32;  // LGHI
  }
  const uint64_t kind = random_.Below(40);
  if (kind < 2) return StorageToStorage();
  if (kind < 5) return Execute(address);
  // In a loop, seldom one that changes how often it turns.
  uint64_t text = random_.OneIn(3) ? Beside(latest_) : 0;
  if (text == 0) text = Instruction();
  for (int again = 0; again < 4 && loop_left_ > 0 && NamesLoopRegister(text); ++again)
    text = Instruction();
  latest_ = text;
  return text;
}

// Behind a load or store of a vector another one beside it, or the other way round; behind a store
// of a general register a load from there. 0 behind others.
uint64_t RandomCode::Beside(uint64_t latest) {
  const uint64_t r1 = random_.Below(16);
  uint64_t text = latest;
  Put(text, 8, 4, r1);
  const uint64_t last = latest >> 16 & 0xff;
  switch (latest >> 56) {
    case 0x42:  // STC, IC
    case 0x50:  // ST, L
    case 0x40:  // STH, LH
      Put(text, 0, 8, latest >> 56 == 0x42 ? 0x43 : latest >> 56 == 0x50 ? 0x58 : 0x48);
      return text;
    case 0xe3:
      if (last != 0x24) return 0;  // STG, LG
      Put(text, 40, 8, 0x04);
      return text;
    case 0xe7: {
      if (last != 0x06 && last != 0x0e) return 0;  // VL, VST
      const uint64_t displacement = latest >> 32 & 0xfff;
      Put(text, 8, 4, random_.Below(4));
      Put(text, 20, 12, (displacement + 16 * random_.Below(4)) & 0xfff);
      if (random_.OneIn(4)) Put(text, 40, 8, last ^ 8);
      return text;
    }
    default:
      return 0;
  }
}

// EXRL, or LARL and then EX.
uint64_t RandomCode::Execute(uint64_t address) {
  const uint64_t end = (address | 0xfff) + 1;
  // One in eight in another page, most at an instruction.
  uint64_t target = end - kPool + 6 * random_.Below(21) + (random_.OneIn(16) ? 2 : 0);
  if (random_.OneIn(8)) target ^= 0x1000;
  const uint64_t r1 = random_.Below(16);
  const uint64_t halfwords = (target - address) / 2 & 0xffffffff;
  if (random_.OneIn(3)) return 0xc600000000000000 | r1 << 52 | halfwords << 16;  // EXRL
  const uint64_t base = random_.Below(15) + 1;
  waiting_ = 0x4400000000000000 | r1 << 52 | base << 44;     // EX
  return 0xc000000000000000 | base << 52 | halfwords << 16;  // LARL
}

bool RandomCode::NamesLoopRegister(uint64_t text) const {
  Insn insn;
  Decode(text, insn);
  return insn.r1 == loop_register_ || insn.r3 == loop_register_;
}

// BRCT or BRCTG to where the loop begins.
uint64_t RandomCode::LoopEnd(uint64_t address) {
  const uint64_t halfwords = (loop_start_ - address) / 2 & 0xffff;
  return (random_.OneIn(2) ? 0xa706'0000'0000'0000 : 0xa707'0000'0000'0000) | loop_register_ << 52 |
         halfwords << 32;
}

// MVC, NC, OC, XC or CLC; often short, often of one base and close together.
uint64_t RandomCode::StorageToStorage() {
  constexpr uint64_t kOpcodes[] = {0xd2, 0xd2, 0xd2, 0xd4, 0xd5, 0xd5, 0xd6, 0xd7, 0xd7};
  const uint64_t opcode = kOpcodes[random_.Below(std::size(kOpcodes))];
  uint64_t length = random_.Below(256);
  if (random_.OneIn(2)) length &= 31;
  if (random_.OneIn(4)) length = 0;
  const uint64_t b1 = random_.Below(16);
  const uint64_t b2 = random_.OneIn(3) ? b1 : random_.Below(16);
  const uint64_t d1 = random_.Below(64);
  const uint64_t d2 =
      random_.OneIn(2) ? d1 + 1 - random_.Below(std::min<uint64_t>(d1 + 1, 3)) : random_.Below(64);
  return opcode << 56 | length << 48 | b1 << 44 | d1 << 32 | b2 << 28 | d2 << 16;
}

uint64_t RandomCode::Instruction() {
  // Rows with semantics three times of four.
  const auto& rows = random_.OneIn(4)                      ? rows_
                     : vector_code_ && !random_.OneIn(3)   ? vector_
                     : floating_code_ && !random_.OneIn(4) ? floating_
                                                           : recorded_;
  const RowIndex row = rows[random_.Below(rows.size())];
  const TableRow& entry = Table()[row];
  uint64_t text = random_.Next();
  const uint64_t opcode = entry.opcode;
  // Displacements are short, relative operands near and mostly ahead.
  switch (entry.format) {
    case Format::kRI_b:
    case Format::kRI_c:
    case Format::kRSI:
    case Format::kRIE_b:
    case Format::kRIE_c:
    case Format::kRIE_e:
      text = (text & 0xffff0000ffffffff) | (random_.Below(20) + 2) << 32;
      break;
    case Format::kRIL_b:
    case Format::kRIL_c:
      text = (text & 0xffff00000000ffff) | (random_.Below(60) + 3) << 16;
      if (random_.OneIn(2)) {
        const uint64_t far = (kData - kCode) / 2 + random_.Below(0x1000) * 4;
        text = (text & 0xffff00000000ffff) | (far & 0xffffffff) << 16;
      }
      break;
    default:
      text &= 0xffff'f07f'f07f'ffff;
      if (ShapeOf(entry.format).layout == OpcodeLayout::kLastByte) text &= ~uint64_t{0xff000000};
      break;
  }
  const auto place = [&](int first, int width, uint64_t value) { Put(text, first, width, value); };
  switch (ShapeOf(entry.format).layout) {
    case OpcodeLayout::kByte:
      place(0, 8, opcode);
      break;
    case OpcodeLayout::kTwoBytes:
      place(0, 16, opcode);
      break;
    case OpcodeLayout::kNibble:
      place(0, 8, opcode >> 4);
      place(12, 4, opcode & 15);
      break;
    case OpcodeLayout::kLastByte:
      place(0, 8, opcode >> 8);
      place(40, 8, opcode & 0xff);
      break;
  }
  // Seldom one that turns DAT on or off, or makes the PSW invalid.
  if (opcode == 0xac && !random_.OneIn(16)) place(8, 8, 0xfc + random_.Below(4));  // STNSM
  if (opcode == 0xad && !random_.OneIn(16)) place(8, 8, random_.Below(4));         // STOSM
  if (IsVector(entry.format)) PlaceVectorFields(entry.format, text);
  return text;
}

void RandomCode::PlaceVectorFields(Format format, uint64_t& text) {
  const auto place = [&](int first, int width, uint64_t value) { Put(text, first, width, value); };
  const auto one_of = [this](std::initializer_list<uint64_t> values) {
    return random_.OneIn(16) ? random_.Below(16) : values.begin()[random_.Below(values.size())];
  };
  const bool few = random_.OneIn(2);
  place(8, 4, random_.Below(few ? 4 : 16));
  if (format != Format::kVRX) place(12, 4, random_.Below(few ? 4 : 16));
  place(36, 4, few || random_.OneIn(2) ? 0 : random_.Below(16));
  const uint64_t size = one_of({0, 1, 2, 3, 3, 3});
  switch (format) {
    case Format::kVRX:
    case Format::kVRS_a:
    case Format::kVRS_b:
    case Format::kVRS_c:
    case Format::kVRV:
    case Format::kVRI_a:
    case Format::kVRI_b:
      if (random_.OneIn(2) && format != Format::kVRX) place(16, 4, 0);  // no base
      place(32, 4, size);
      break;
    case Format::kVRI_c:
      place(16, 16, random_.Below(18));
      place(32, 4, size);
      break;
    case Format::kVRI_d:
      place(16, 4, random_.Below(16));
      place(24, 8, random_.Below(17));
      place(32, 4, size);
      break;
    case Format::kVRR_d:
    case Format::kVRR_e:
      place(16, 4, random_.Below(few ? 4 : 16));
      place(20, 4, size);
      place(24, 4, one_of({0, 0, 1, 2, 3}));
      place(28, 4, one_of({0, 0, 8}));
      place(32, 4, random_.Below(few ? 4 : 16));
      break;
    default:
      place(16, 4, random_.Below(few ? 4 : 16));
      place(20, 4, one_of({0, 1}));
      place(24, 4, one_of({0, 0, 1, 2, 3}));
      place(28, 4, one_of({0, 0, 8, 4}));
      place(32, 4, size);
      break;
  }
}

}  // namespace hypervisor
