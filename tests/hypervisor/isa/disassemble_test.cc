// The disassembler against GNU objdump, its judge.
#include "hypervisor/isa/disassemble.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"
#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/isa/opcode_list.h"

namespace hypervisor {
namespace {

constexpr char kObjdump[] = "/usr/bin/s390x-linux-gnu-objdump";

// What objdump makes of these bytes: mnemonic and operands of one instruction a line.
std::vector<std::string> Objdump(const std::string& bytes) {
  const char* temporary = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(temporary ? temporary : "/tmp") + "/disassemble.bin";
  std::ofstream(path, std::ios::binary) << bytes;
  const std::string command = std::string(kObjdump) + " -D -b binary -m s390:64-bit " + path;
  FILE* pipe = popen(command.c_str(), "r");
  std::vector<std::string> lines;
  char line[512];
  while (std::fgets(line, sizeof(line), pipe)) {
    // "   4:<tab>1a 12 <tab>ar<tab>%r1,%r2"
    std::string text(line);
    const size_t bytes_at = text.find(":\t");
    if (bytes_at == std::string::npos) continue;
    const size_t text_at = text.find('\t', bytes_at + 2);
    if (text_at == std::string::npos) continue;
    text = text.substr(text_at + 1);
    std::replace(text.begin(), text.end(), '\t', ' ');
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
    lines.push_back(text);
  }
  pclose(pipe);
  return lines;
}

std::string Operands(const std::string& text) {
  const size_t blank = text.find(' ');
  return blank == std::string::npos ? "" : text.substr(blank + 1);
}

// Without the operand that an extended mnemonic has in its name: any one that is a plain number.
bool EqualButForAMask(const std::string& ours, const std::string& theirs) {
  std::vector<std::string> operands;
  std::istringstream in(ours);
  for (std::string operand; std::getline(in, operand, ',');) operands.push_back(operand);
  for (size_t left_out = 0; left_out < operands.size(); ++left_out) {
    if (operands[left_out].find_first_not_of("0123456789") != std::string::npos) continue;
    std::string rest;
    for (size_t i = 0; i < operands.size(); ++i) {
      if (i != left_out) rest += (rest.empty() ? "" : ",") + operands[i];
    }
    if (rest == theirs) return true;
  }
  return false;
}

void Compare(const std::vector<ListedOpcode>& opcodes) {
  std::string bytes;
  for (const ListedOpcode& opcode : opcodes) {
    for (int i = 0; i < opcode.length; ++i) {
      bytes += static_cast<char>(opcode.text >> (56 - 8 * i));
    }
  }
  const std::vector<std::string> theirs = Objdump(bytes);
  ASSERT_EQ(theirs.size(), opcodes.size());
  uint64_t address = 0;
  int compared = 0;
  for (size_t i = 0; i < opcodes.size(); ++i) {
    const std::string ours = Disassemble(opcodes[i].text, address);
    address += static_cast<uint64_t>(opcodes[i].length);
    if (ours.starts_with(".")) continue;  // not in our table
    ++compared;
    if (ours == theirs[i]) continue;
    const std::string form = theirs[i].substr(0, theirs[i].find(' '));
    const auto& forms = opcodes[i].other_forms;
    const bool is_form =
        form == opcodes[i].mnemonic || std::find(forms.begin(), forms.end(), form) != forms.end();
    EXPECT_TRUE(is_form && EqualButForAMask(Operands(ours), Operands(theirs[i])))
        << "ours " << ours << "\nobjdump " << theirs[i];
  }
  EXPECT_GT(compared, 900);
}

TEST(DisassembleTest, WritesWhatObjdumpWrites) {
  if (access(kObjdump, X_OK) != 0) GTEST_SKIP() << "no s390x objdump";
  Compare(ListedOpcodes());
}

// Other fields, the same judge: negative numbers, absent bases.
TEST(DisassembleTest, WritesNegativeAndAbsentFieldsAsObjdumpDoes) {
  if (access(kObjdump, X_OK) != 0) GTEST_SKIP() << "no s390x objdump";
  std::vector<ListedOpcode> opcodes;
  for (ListedOpcode opcode : ListedOpcodes()) {
    Insn insn;
    Decode(opcode.text, insn);
    if (insn.row == kInvalidRow) continue;
    switch (Table()[insn.row].format) {
      case Format::kRI_a:
      case Format::kRIL_a:
      case Format::kSIL:
      case Format::kRXY_a:
      case Format::kSIY:
        opcode.text |= 0x0000f00cff000000;  // base 15, DH or the immediate negative
        break;
      case Format::kRIE_d:
        opcode.text |= 0x0000f00000000000;
        break;
      case Format::kRX_a:
      case Format::kRS_a:
      case Format::kSI:
      case Format::kS:
      case Format::kSS_a:
      case Format::kSS_b:
        opcode.text &= ~uint64_t{0x0000f000f0000000};  // no base
        break;
      default:
        break;
    }
    opcodes.push_back(opcode);
  }
  Compare(opcodes);
}

TEST(DisassembleTest, BytesThatMeanNothingAreData) {
  EXPECT_EQ(Disassemble(0, 0), ".short 0x0000");
  EXPECT_EQ(Disassemble(0xb2bf123400000000, 0), ".long 0xb2bf1234");
}

}  // namespace
}  // namespace hypervisor
