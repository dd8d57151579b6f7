// Every unprivileged row of the instruction table, executed on the interpreter and by qemu-s390x in
// user mode, from the same states.
#include <csignal>
#include <iomanip>
#include <sstream>

#include "gtest/gtest.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/isa/table.h"
#include "tests/differential/explained.h"
#include "tests/differential/interpreted.h"
#include "tests/differential/qemu_user.h"
#include "tests/differential/random_vectors.h"

namespace hypervisor {
namespace {

constexpr size_t kVectors = 1024;

// All that any row could need: what is offered does not matter here.
FacilityList AllFacilities() {
  FacilityList all;
  for (int bit = 0; bit < 256; ++bit) all.Set(bit, true);
  return all;
}

std::string Hex(uint64_t value) {
  std::ostringstream out;
  out << std::hex << std::setw(16) << std::setfill('0') << value;
  return out.str();
}

// QEMU never presents a fixed-point overflow, which PoP lets the program mask demand: it goes on to
// the next instruction, which is none.
Answer AsQemuPresents(Answer ours) {
  if (ours.signal_code == static_cast<uint32_t>(PgmCode::kFixedPointOverflow)) {
    ours.signal = SIGILL;
    ours.address += 2;
  }
  return ours;
}

// What differs, as lines; empty if nothing does.
std::string Difference(const Answer& ours, const Answer& theirs) {
  std::ostringstream out;
  const auto line = [&](const std::string& name, uint64_t a, uint64_t b) {
    if (a != b) out << "  " << name << ": ours " << Hex(a) << ", QEMU " << Hex(b) << "\n";
  };
  line("signal", ours.signal, theirs.signal);
  line("address", ours.address, theirs.address);
  line("cc", ours.condition_code, theirs.condition_code);
  line("program mask", ours.program_mask, theirs.program_mask);
  line("fpc", ours.fpc, theirs.fpc);
  for (int i = 0; i < 16; ++i) line("r" + std::to_string(i), ours.gpr[i], theirs.gpr[i]);
  for (int i = 0; i < 16; ++i) line("f" + std::to_string(i), ours.fpr[i], theirs.fpr[i]);
  for (int i = 0; i < 16; ++i) {
    const std::string number = std::to_string(i);
    line("right of v" + number, ours.vr_low[i], theirs.vr_low[i]);
    line("left of v16+" + number, ours.vr_high[i][0], theirs.vr_high[i][0]);
    line("right of v16+" + number, ours.vr_high[i][1], theirs.vr_high[i][1]);
  }
  for (int i = 0; i < 16; ++i) line("a" + std::to_string(i), ours.ar[i], theirs.ar[i]);
  if (ours.memory_hash != theirs.memory_hash) out << "  storage\n";
  return out.str();
}

std::string Describe(const Vector& vector) {
  std::ostringstream out;
  out << "  instruction ";
  for (int i = 0; i < vector.length; ++i) out << Hex(vector.code[i]).substr(14);
  out << " cc " << int{vector.condition_code} << " program mask " << int{vector.program_mask}
      << " fpc " << Hex(vector.fpc).substr(8) << "\n";
  for (int i = 0; i < 16; ++i) {
    out << (i % 4 ? " " : "  ") << "r" << i << " " << Hex(vector.gpr[i])
        << (i % 4 == 3 ? "\n" : "");
  }
  return out.str();
}

std::string StorageDifference(Interpreted& interpreted, const Vector& vector) {
  interpreted.Run(vector);
  const std::vector<uint8_t> ours = interpreted.Windows();
  const std::vector<uint8_t> theirs = WindowsOfQemu(vector);
  if (theirs.size() != ours.size()) return "  QEMU did not answer\n";
  std::ostringstream out;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] == theirs[i]) continue;
    const uint64_t address = i < WINDOW_SIZE ? MIDDLE_WINDOW + i : LAST_WINDOW + i - WINDOW_SIZE;
    out << "  " << Hex(address) << ": ours " << int{ours[i]} << ", QEMU " << int{theirs[i]} << "\n";
  }
  return out.str();
}

// Whether the operands of an SS instruction with one length L and a packed second operand overlap.
bool OperandsOverlap(const Vector& vector) {
  constexpr uint64_t kPackedLength = 16;
  const auto address = [&vector](int at) {
    const int base = vector.code[at] >> 4;
    const uint64_t displacement = (vector.code[at] & 15u) << 8 | vector.code[at + 1];
    return (base ? vector.gpr[base] : 0) + displacement;
  };
  const uint64_t first = address(2);
  const uint64_t second = address(4);
  return first < second + kPackedLength && second < first + vector.code[1] + 1u;
}

bool IsExplained(std::string_view mnemonic, const Vector& vector, const Answer& ours,
                 const Answer& theirs) {
  if (IsLenient(mnemonic, Leniency::kRounds)) {
    Answer other = theirs;
    const int r2 = vector.code[3] & 15;
    other.gpr[r2] = ours.gpr[r2];
    return Difference(ours, other).empty();
  }
  if (IsLenient(mnemonic, Leniency::kOverlap) && OperandsOverlap(vector)) return true;
  const bool invalid_traps = ours.signal_code == static_cast<uint32_t>(PgmCode::kData);
  if (IsLenient(mnemonic, Leniency::kInvalidInteger) &&
      (ours.condition_code == 3 || invalid_traps || mnemonic.starts_with('V'))) {
    Answer other = theirs;
    other.fpc = invalid_traps ? other.fpc & ~0x800u : other.fpc | 0x00080000;
    if (Difference(ours, other).empty()) return true;
  }
  if (IsLenient(mnemonic, Leniency::kInexactControl) && ours.signal == theirs.signal) {
    Answer other = theirs;
    if ((vector.code[3] & 4) != 0) other.fpc &= ours.fpc | ~0x00080000u;
    const bool from_extended = vector.code[4] >> 4 == 4;
    if (from_extended && IsLenient(mnemonic, Leniency::kOpenHalf)) {
      const int r1 = vector.code[1] >> 4;
      const bool second_half = (vector.code[4] & 8) != 0;
      (second_half ? other.vr_high[r1][1] : other.vr_low[r1]) =
          second_half ? ours.vr_high[r1][1] : ours.vr_low[r1];
    }
    if (Difference(ours, other).empty()) return true;
  }
  if (IsLenient(mnemonic, Leniency::kOpenElements) && (vector.code[3] & 8) != 0) {
    Answer other = theirs;
    const int r1 = vector.code[1] >> 4;
    const bool upper = (vector.code[4] & 8) != 0;
    const uint64_t open = vector.code[4] >> 4 == 2 ? 0xffffffff : 0;
    uint64_t& left = upper ? other.vr_high[r1][0] : other.fpr[r1];
    left = (left & ~open) | ((upper ? ours.vr_high[r1][0] : ours.fpr[r1]) & open);
    (upper ? other.vr_high[r1][1] : other.vr_low[r1]) =
        upper ? ours.vr_high[r1][1] : ours.vr_low[r1];
    if (Difference(ours, other).empty()) return true;
  }
  if (IsLenient(mnemonic, Leniency::kSilentNan) && ours.condition_code == 3) return true;
  if (IsLenient(mnemonic, Leniency::kNanOrder) && ours.fpc == theirs.fpc) {
    const int r1 = vector.length == 4 ? vector.code[2] >> 4 : vector.code[4] >> 4;
    const auto is_nan = [&](uint64_t bits) {
      const uint64_t infinity = mnemonic[2] == 'E' ? 0x7f80000000000000 : 0x7ff0000000000000;
      return (bits & infinity) == infinity;
    };
    if (is_nan(ours.fpr[r1]) && is_nan(theirs.fpr[r1])) return true;
  }
  if (ours.signal_code == static_cast<uint32_t>(PgmCode::kData) && (ours.fpc & 0x3800) != 0) {
    return IsLenient(mnemonic, Leniency::kTraps);
  }
  if (ours.signal_code == static_cast<uint32_t>(PgmCode::kSpecification)) {
    return IsLenient(mnemonic, Leniency::kBoundary);
  }
  if (ours.signal == SIGSEGV) {
    return theirs.signal == SIGSEGV ? IsLenient(mnemonic, Leniency::kPartlyDone)
                                    : IsLenient(mnemonic, Leniency::kNotTouched);
  }
  return theirs.signal == SIGSEGV && IsLenient(mnemonic, Leniency::kTouched);
}

// As AskQemu, but if the emulator dies of an instruction the vectors of that one are left out.
std::vector<Vector> AskPatiently(const std::vector<Vector>& vectors, std::vector<Answer>& answers) {
  answers = AskQemu(vectors);
  if (answers.size() == vectors.size()) return vectors;
  answers.clear();
  std::vector<Vector> answered;
  for (auto first = vectors.begin(); first != vectors.end();) {
    auto last = first + 1;
    while (last != vectors.end() && !last->new_code) ++last;
    const std::vector<Vector> some(first, last);
    const std::vector<Answer> replies = AskQemu(some);
    if (replies.size() == some.size()) {
      answered.insert(answered.end(), some.begin(), some.end());
      answers.insert(answers.end(), replies.begin(), replies.end());
    }
    first = last;
  }
  return answered;
}

class EveryUnprivilegedRow : public testing::TestWithParam<RowIndex> {};

TEST_P(EveryUnprivilegedRow, DoesWhatQemuDoes) {
  if (QemuUser().empty()) GTEST_SKIP() << "no qemu-s390x";
  const std::string_view mnemonic = Table()[GetParam()].mnemonic;
  std::vector<Answer> theirs;
  const std::vector<Vector> vectors =
      AskPatiently(RandomVectors(GetParam(), kVectors, /*seed=*/1), theirs);
  ASSERT_GE(vectors.size(), kVectors / 4) << "the runner died";
  Interpreted interpreted(AllFacilities());
  int different = 0;
  size_t explained = 0;
  for (size_t i = 0; i < vectors.size(); ++i) {
    const Answer ours = AsQemuPresents(interpreted.Run(vectors[i]));
    const std::string difference = Difference(ours, theirs[i]);
    if (difference.empty()) continue;
    if (IsExplained(mnemonic, vectors[i], ours, theirs[i])) {
      ++explained;
      continue;
    }
    if (++different > 3) continue;
    ADD_FAILURE() << "vector " << i << "\n"
                  << Describe(vectors[i]) << difference
                  << (ours.memory_hash != theirs[i].memory_hash
                          ? StorageDifference(interpreted, vectors[i])
                          : "");
  }
  EXPECT_LE(explained, vectors.size() / 2);
  EXPECT_EQ(different, 0) << "of " << vectors.size();
}

std::vector<RowIndex> ComparedRows() {
  std::vector<RowIndex> rows;
  for (RowIndex row = 0; row < Table().size(); ++row) {
    const TableRow& entry = Table()[row];
    if (entry.kind != RowKind::kSemantics && entry.kind != RowKind::kAssist) continue;
    if (ReasonIn(kNotCompared, entry.mnemonic).empty()) rows.push_back(row);
  }
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Table, EveryUnprivilegedRow, testing::ValuesIn(ComparedRows()),
                         [](const auto& row) { return Table()[row.param].mnemonic; });

}  // namespace
}  // namespace hypervisor
