#include "tests/hypervisor/isa/coverage_page.h"

#include <array>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/table.h"
#include "hypervisor/sie/offered_facilities.h"
#include "tests/hypervisor/isa/opcode_list.h"

namespace hypervisor {
namespace {

constexpr std::array kCpus = {"g5",   "z900",  "z990", "z9-109", "z9-ec", "z10",
                              "z196", "zEC12", "z13",  "z14",    "z15",   "z16"};
constexpr std::array kKinds = {RowKind::kSemantics, RowKind::kAssist, RowKind::kIntercept,
                               RowKind::kGap};

bool IsOffered(const TableRow& row) {
  return row.kind != RowKind::kGap && OfferedFacilities().Has(row.facility);
}

// "A B C", broken into lines of the page.
std::string Wrapped(const std::vector<std::string>& words) {
  std::string text;
  size_t line = 0;
  for (const std::string& word : words) {
    if (line + word.size() > 110) {
      text += '\n';
      line = 0;
    } else if (!text.empty()) {
      text += ' ';
    }
    text += word;
    line += word.size() + 1;
  }
  return text;
}

// Rows by kind, and opcodes that no row claims, for each CPU generation.
void WriteSummary(std::ostream& out, const std::vector<ListedOpcode>& opcodes) {
  std::map<std::string, std::array<int, 5>> counts;
  for (const ListedOpcode& opcode : opcodes) {
    Insn insn;
    Decode(opcode.text, insn);
    const size_t column =
        insn.row == kInvalidRow ? kKinds.size() : static_cast<size_t>(Table()[insn.row].kind);
    ++counts[opcode.first_cpu][column];
  }
  out << "| since | opcodes | semantics | assists | interceptions | gaps | not in the table |\n"
         "|---|---|---|---|---|---|---|\n";
  std::array<int, 5> totals{};
  const auto line = [&](const std::string& name, const std::array<int, 5>& row) {
    int sum = 0;
    for (const int count : row) sum += count;
    out << "| " << name << " | " << sum << " |";
    for (const int count : row) out << " " << count << " |";
    out << "\n";
  };
  for (const char* cpu : kCpus) {
    for (size_t i = 0; i < totals.size(); ++i) totals[i] += counts[cpu][i];
    line(cpu, counts[cpu]);
  }
  line("all", totals);
}

void WriteOffered(std::ostream& out) {
  std::map<int, std::vector<std::string>> by_facility;
  for (const TableRow& row : Table()) {
    if (row.kind != RowKind::kGap) {
      by_facility[static_cast<int>(row.facility)].push_back(row.mnemonic);
    }
  }
  for (const auto& [facility, mnemonics] : by_facility) {
    out << "\n### Facility " << facility
        << (OfferedFacilities().Has(facility) ? "" : ", not offered") << "\n"
        << Wrapped(mnemonics) << "\n";
  }
}

void WriteGaps(std::ostream& out) {
  std::vector<std::string> reasons;
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const TableRow& row : Table()) {
    if (row.kind != RowKind::kGap) continue;
    if (by_reason[row.gap_reason].empty()) reasons.push_back(row.gap_reason);
    by_reason[row.gap_reason].push_back(row.mnemonic);
  }
  for (const std::string& reason : reasons) {
    out << "\n### " << reason << "\n" << Wrapped(by_reason[reason]) << "\n";
  }
}

void WriteAbsent(std::ostream& out, const std::vector<ListedOpcode>& opcodes) {
  std::map<std::string, std::vector<std::string>> by_cpu;
  for (const ListedOpcode& opcode : opcodes) {
    Insn insn;
    Decode(opcode.text, insn);
    if (insn.row == kInvalidRow) by_cpu[opcode.first_cpu].push_back(opcode.mnemonic);
  }
  for (const char* cpu : kCpus) {
    if (!by_cpu[cpu].empty()) {
      out << "\nSince " << cpu << ":\n" << Wrapped(by_cpu[cpu]) << "\n";
    }
  }
}

void WriteUnknownToBinutils(std::ostream& out, const std::vector<ListedOpcode>& opcodes) {
  std::set<RowIndex> known;
  for (const ListedOpcode& opcode : opcodes) {
    Insn insn;
    Decode(opcode.text, insn);
    known.insert(insn.row);
  }
  std::vector<std::string> mnemonics;
  for (RowIndex row = 0; row < Table().size(); ++row) {
    if (!known.contains(row)) mnemonics.push_back(Table()[row].mnemonic);
  }
  out << "\n" << Wrapped(mnemonics) << "\n";
}

}  // namespace

std::string CoveragePage() {
  const std::vector<ListedOpcode> opcodes = ListedOpcodes();
  int offered = 0;
  for (const TableRow& row : Table()) offered += IsOffered(row);
  std::ostringstream out;
  out << "# Instruction coverage\n\n"
         "Made from the instruction table (`hypervisor/isa/rows`) and the list of all opcodes that "
         "GNU\n"
         "binutils 2.40 knows (`tests/golden/opcodes.csv`). Don't edit it; to make it anew:\n\n"
         "    bazel run //tests/hypervisor/isa:coverage_page > docs/instruction-coverage.md\n\n"
         "A row has semantics that every engine derives its code from, or an assist in C++ that "
         "every\n"
         "engine calls, or it always leaves SIE (interceptions), or it is a gap: an operation "
         "exception,\n"
         "for a reason that stands below. Guests are offered "
      << offered << " of the table's " << Table().size() << " rows.\n\n";
  WriteSummary(out, opcodes);
  out << "\n## Rows by facility\n\n"
         "Facility 1 is z/Architecture itself. A row whose facility the engine doesn't offer waits "
         "for\n"
         "the rest of that facility.\n";
  WriteOffered(out);
  out << "\n## Gaps\n";
  WriteGaps(out);
  out << "\n## Not in the table\n\n"
         "Opcodes of facilities that aren't offered: operation exceptions.\n";
  WriteAbsent(out, opcodes);
  out << "\n## Rows that binutils doesn't know\n";
  WriteUnknownToBinutils(out, opcodes);
  return out.str();
}

}  // namespace hypervisor
