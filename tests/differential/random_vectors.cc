#include "tests/differential/random_vectors.h"

#include <array>
#include <string_view>

#include "hypervisor/isa/decode.h"
#include "tests/differential/register_operands.h"
#include "tests/hypervisor/isa/opcode_text.h"

namespace hypervisor {
namespace {

constexpr size_t kStatesOfOne = 32;  // vectors that share an instruction

// What each row says of its meaning.
constexpr std::string_view kMeanings[] = {
#define INSN(opcode, mnemonic, format, facility, ...) #__VA_ARGS__,
#define ASSIST(opcode, mnemonic, format, facility, function) #function,
#define VECTOR(opcode, mnemonic, format, facility, function, ...) #function,
#define INTERCEPT(...) "",
#define GAP(...) "",
#include "hypervisor/isa/instructions.inc"
#undef INSN
#undef ASSIST
#undef VECTOR
#undef INTERCEPT
#undef GAP
};

class Generator {
 public:
  Generator(RowIndex row, uint64_t seed) : row_(row), state_(seed | 1) {}

  uint64_t Random() { return NextRandom(&state_); }
  uint64_t Word() { return NextWord(&state_); }
  bool OneIn(uint64_t n) { return Random() % n == 0; }
  uint64_t Between(uint64_t first, uint64_t last) { return first + Random() % (last - first + 1); }

  // Somewhere in the windows; now and then so far right that it ends where nothing is mapped.
  uint64_t OperandAddress() {
    uint64_t address = MIDDLE_WINDOW + Between(64, WINDOW_SIZE - 256);
    if (OneIn(4)) address = MIDDLE_WINDOW + WINDOW_SIZE / 2 - Between(0, 20);
    if (OneIn(16)) address = LAST_WINDOW + WINDOW_SIZE - Between(1, 140);
    return OneIn(2) ? address & ~uint64_t{15} : OneIn(2) ? address & ~uint64_t{7} : address;
  }
  uint64_t BranchAddress() { return CODE_SEGMENT + Between(0x1000, 0x70000) * 2; }

  uint64_t Instruction() {
    const TableRow& row = Table()[row_];
    uint64_t text = Random() << 48 | Word() >> 16;
    if (OneIn(2)) text &= ~uint64_t{0x0010000000000000};  // an even R1 and R2
    if (OneIn(2)) text &= ~uint64_t{0x0001000000000000};
    if (OneIn(2)) text &= ~uint64_t{0x0000001100000000};
    if (row.format == Format::kRRE) text &= ~(uint64_t{0xff} << 40);
    if (IsBranch(row_)) text &= ~(uint64_t{1} << 32);  // an even displacement
    if (is_long_) PlaceRegisterFields(row.format, text);
    if (IsVector(row.format) && !OneIn(8)) text = WithSmallModifiers(row, text);
    text = WithOpcode(row, text);
    PlaceRelative(row, text);
    return text;
  }

  Vector State(uint64_t text) {
    Insn insn;
    Decode(text, insn);
    Vector vector{};
    for (int i = 0; i < 6; ++i) vector.code[i] = static_cast<uint8_t>(text >> (56 - 8 * i));
    vector.length = insn.length;
    if (is_long_) {
      // CC 3 asks to go on: BRANCH RELATIVE ON CONDITION, back to the instruction.
      const uint8_t again[] = {0xa7, 0x14, 0xff, static_cast<uint8_t>(-insn.length / 2)};
      for (const uint8_t byte : again) vector.code[vector.length++] = byte;
    }
    vector.condition_code = static_cast<uint8_t>(Random() >> 62);
    vector.program_mask = OneIn(4) ? static_cast<uint8_t>(Random() >> 60) : 0;
    vector.fpc = Fpc();
    vector.memory_seed = Random();
    for (auto& r : vector.gpr) r = Word();
    for (auto& r : vector.fpr) r = Word();
    PlaceVectors(insn, vector);
    for (auto& r : vector.ar) r = static_cast<uint32_t>(Word());
    PlaceRegisterOperands(insn, vector);
    if (is_long_) return vector;
    Point(vector, 0, insn.b1, insn.d1, OperandAddress());
    const bool branch = IsBranch(row_);
    const uint64_t second = branch ? BranchAddress() : OperandAddress();
    Point(vector, insn.x2, insn.b2, insn.d2, second);
    if (branch) {
      const Format format = Table()[row_].format;
      if (format == Format::kRR || format == Format::kRRE) vector.gpr[insn.r2] = BranchAddress();
    } else if (operands_.empty() && OneIn(4)) {
      Repeat(vector, insn, second);
    }
    return vector;
  }

 private:
  static bool IsVector(Format format) { return format >= Format::kVRI_a; }

  // Most modifiers name a size of 1 to 16 bytes. Fields that a format lacks are ignored.
  uint64_t WithSmallModifiers(const TableRow& row, uint64_t text) {
    const auto mend = [&text](int first, uint64_t value) {
      text = (text & ~(uint64_t{15} << (60 - first))) | value << (60 - first);
    };
    const bool has_immediate = row.format <= Format::kVRI_e || row.format == Format::kVRX;
    if (row.format == Format::kVRI_c) text &= ~(uint64_t{0xfff8} << 32);  // an element's number
    if (row.format == Format::kVRR_d || row.format == Format::kVRR_e) {
      mend(20, Between(0, 4));
    } else {
      mend(32, Between(0, 4));
    }
    if (!has_immediate && OneIn(2)) mend(28, row.format == Format::kVRR_e ? Between(2, 4) : 0);
    return text;
  }

  // Vector registers with elements of all sizes that are equal, or lie on an edge.
  void PlaceVectors(const Insn& insn, Vector& vector) {
    uint64_t state = vector.memory_seed | 1;
    for (auto& r : vector.vr_low) r = NextWord(&state);
    for (auto& r : vector.vr_high) {
      for (uint64_t& half : r) half = NextWord(&state);
    }
    if (!IsVector(Table()[row_].format)) return;
    if (OneIn(3)) SetVector(vector, insn.r2, Elements(), Elements());
    if (OneIn(3)) SetVector(vector, insn.r3, Elements(), Elements());
    if (OneIn(4)) {
      const auto [high, low] = VectorOf(vector, insn.r2);
      // All equal, or all but one byte.
      const uint64_t change = OneIn(2) ? 0 : (Random() & 0xff) << 8 * Between(0, 7);
      SetVector(vector, insn.r3, OneIn(2) ? high ^ change : high, low ^ change);
    }
    if (Table()[row_].format == Format::kVRV) {
      SetVector(vector, insn.r2, Indexes(), Indexes());
    }
  }
  uint64_t Elements() {
    const uint64_t byte = Random() & 0xff;
    uint64_t word = 0;
    for (int i = 0; i < 8; ++i) word = word << 8 | (OneIn(2) ? byte : OneIn(2) ? 0 : byte & 15);
    return word;
  }
  uint64_t Indexes() { return OneIn(2) ? Between(0, 40) : Between(0, 40) << 32 | Between(0, 40); }
  static std::pair<uint64_t, uint64_t> VectorOf(const Vector& vector, int r) {
    if (r < 16) return {vector.fpr[r], vector.vr_low[r]};
    return {vector.vr_high[r - 16][0], vector.vr_high[r - 16][1]};
  }
  static void SetVector(Vector& vector, int r, uint64_t high, uint64_t low) {
    (r < 16 ? vector.fpr[r] : vector.vr_high[r - 16][0]) = high;
    (r < 16 ? vector.vr_low[r] : vector.vr_high[r - 16][1]) = low;
  }

  // Relative operands of 16 bits are branches, not onto the instruction itself; those of 32 bits
  // are too, or address operands.
  void PlaceRelative(const TableRow& row, uint64_t& text) {
    switch (row.format) {
      case Format::kRSI:
      case Format::kRIE_b:
      case Format::kRIE_c:
      case Format::kRIE_e:
      case Format::kRI_b:
      case Format::kRI_c: {
        const auto halfwords = static_cast<int16_t>(text >> 32);
        if (halfwords > -8 && halfwords < 8) text ^= uint64_t{0x100} << 32;
        return;
      }
      case Format::kRIL_b:
      case Format::kRIL_c: {
        int64_t distance = static_cast<int64_t>(OperandAddress()) - CODE;
        if (IsBranch(row_)) distance = static_cast<int64_t>(BranchAddress()) - CODE;
        const auto halfwords = static_cast<uint32_t>(distance / 2);
        text = (text & 0xffff00000000ffff) | uint64_t{halfwords} << 16;
        return;
      }
      default:
        return;
    }
  }

  static void Point(Vector& vector, int x, int b, int32_t d, uint64_t address) {
    const uint64_t sum = address - static_cast<uint64_t>(int64_t{d});
    if (b != 0 && b == x) {
      vector.gpr[b] = sum / 2;
    } else if (b != 0) {
      vector.gpr[b] = sum - (x ? vector.gpr[x] : 0);
    } else if (x != 0) {
      vector.gpr[x] = sum;
    }
  }

  // Lets the first register operands hold what storage has: for comparisons that find them equal.
  void Repeat(Vector& vector, const Insn& insn, uint64_t address) {
    if (address < MIDDLE_WINDOW || address > MIDDLE_WINDOW + WINDOW_SIZE - 16) return;
    std::array<uint8_t, WINDOW_SIZE> window;
    FillWindow(vector.memory_seed, window.data());
    const auto number = [&](int first, int length) {
      uint64_t value = 0;
      for (int i = first; i < first + length; ++i) {
        value = value << 8 | window[address - MIDDLE_WINDOW + static_cast<uint64_t>(i)];
      }
      return value;
    };
    const int length = OneIn(2) ? 8 : 4;
    for (int i = 0; i < 2; ++i) {
      const int r = (insn.r1 + i) & 15;
      if (r != insn.b2 && r != insn.x2 && r != insn.b1) {
        vector.gpr[r] = number(i * length, length);
      }
    }
  }

  // Flags only: QEMU 7.2 takes no rounding mode from a signal handler, and an exception that traps
  // leaves no result there.
  uint32_t Fpc() { return static_cast<uint32_t>(Random() >> 40) & 0x00f80000; }

  // Even registers, all different, and none of them a base.
  void PlaceRegisterFields(Format format, uint64_t& text) {
    const uint64_t first = Between(1, 7);
    const uint64_t second = (first + Between(1, 6) - 1) % 7 + 1;
    const bool extended = ShapeOf(format).layout == OpcodeLayout::kTwoBytes;
    const uint64_t fields = first << 5 | second << 1;
    const int shift = extended ? 32 : 48;
    text = (text & ~(uint64_t{0xff} << shift)) | fields << shift;
    if (!extended && format != Format::kRR) text &= ~(uint64_t{0xe} << 44);
  }

  void PlaceRegisterOperands(const Insn& insn, Vector& vector) {
    using R = RegisterOperand;
    for (const R& operand : operands_) {
      int r = operand.field == R::kGr1 ? 1 : 0;
      if (operand.field == R::kR1) r = insn.r1;
      if (operand.field == R::kR2) r = insn.r2;
      if (operand.field == R::kR3) r = insn.r3;
      const uint64_t half = operand.field == R::kR1 ? 0 : WINDOW_SIZE / 2;
      uint64_t& content = vector.gpr[(r + operand.offset) & 15];
      switch (operand.content) {
        case R::kAddress:
          content = MIDDLE_WINDOW + half + Between(0, 150);
          break;
        case R::kEnd:
          content = MIDDLE_WINDOW + WINDOW_SIZE / 2 + Between(150, 400);
          break;
        case R::kLength:
          content = OneIn(8) ? 0 : Between(0, 100);
          break;
        case R::kEvenLength:
          content = OneIn(8) ? 0 : Between(0, 50) * 2;
          break;
        case R::kPositiveLength:
          content = Between(1, 50) * 2;
          break;
        case R::kCharacter: {
          std::array<uint8_t, WINDOW_SIZE> window;
          FillWindow(vector.memory_seed, window.data());
          content = window[Between(WINDOW_SIZE / 2, WINDOW_SIZE - 1)];
          break;
        }
        case R::kTable:
          content = OneIn(2) ? DATA_SEGMENT + 0x10000 : LAST_WINDOW + Between(0, 64) * 8;
          break;
        case R::kSwapAndStore:
          // QEMU 7.2 aborts if a byte is stored, and loads a word into the left half of R3.
          content = Between(1, 5) << 8 | Between(1, 2);
          break;
        case R::kQuadword:
          content = MIDDLE_WINDOW + Between(0, 60) * 16;
          break;
        case R::kPageTable:
          content = DATA_SEGMENT + 0xe0000;
          break;
      }
    }
  }

  RowIndex row_;
  uint64_t state_;
  const std::vector<RegisterOperand> operands_ = RegisterOperandsOf(Table()[row_].mnemonic);
  // Whether its operands have any length, and registers tell where they are.
  const bool is_long_ = !operands_.empty() && Table()[row_].format != Format::kSSF &&
                        Table()[row_].format != Format::kSSE;
};

}  // namespace

bool IsBranch(RowIndex row) {
  const std::string_view meaning = kMeanings[row];
  return meaning.starts_with("Branch") || meaning.starts_with("CompareAndBranch");
}

std::vector<Vector> RandomVectors(RowIndex row, size_t count, uint64_t seed) {
  Generator generator(row, seed + Table()[row].opcode * 0x9e3779b97f4a7c15);
  std::vector<Vector> vectors;
  uint64_t text = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i % kStatesOfOne == 0) text = generator.Instruction();
    vectors.push_back(generator.State(text));
    vectors.back().new_code = i % kStatesOfOne == 0;
  }
  return vectors;
}

}  // namespace hypervisor
