#include "hypervisor/sie/translator/record.h"

#include <fstream>
#include <iterator>

#include "gtest/gtest.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/sie/translator/recorded_rows.h"

namespace hypervisor {
namespace {

TEST(RecordTest, EveryRowWithSemanticsIsRecordedInEveryAddressingMode) {
  const FacilityList facilities;
  int rows = 0;
  for (RowIndex row = 0; row < Table().size(); ++row) {
    const Insn insn = ExampleOf(row);
    ASSERT_EQ(insn.row, row) << Table()[row].mnemonic;
    for (const uint64_t mode :
         {uint64_t{0}, Psw::kBasicAddressing, Psw::kExtendedAddressing | Psw::kBasicAddressing}) {
      ir::Block block;
      RecordingCpu cpu(block, Psw{mode, 0x10000}, facilities);
      cpu.Begin(0x10000, insn.length);
      // Of vector instructions some are assists that operations are known for.
      const bool is_recorded = Record(cpu, insn);
      EXPECT_EQ(is_recorded,
                Table()[row].kind == RowKind::kSemantics ||
                    (is_recorded && Table()[row].facility == Facility::kVector) ||
                    (is_recorded && Table()[row].facility == Facility::kVectorEnhancements1))
          << Table()[row].mnemonic;
      // An argument is a value that was there before.
      for (const ir::Operation& operation : block.operations) {
        for (const ir::ValueId argument : operation.arguments) {
          EXPECT_GE(argument, 1u) << Table()[row].mnemonic;
          EXPECT_LE(argument, block.values) << Table()[row].mnemonic;
          if (operation.result) {
            EXPECT_LT(argument, operation.result) << Table()[row].mnemonic;
          }
        }
      }
    }
    rows += Table()[row].kind == RowKind::kSemantics;
  }
  EXPECT_GT(rows, 400);
}

TEST(RecordTest, ARowOfEachFormatIsRecordedAsBefore) {
  std::ifstream file("tests/golden/recorded_rows.txt");
  ASSERT_TRUE(file);
  EXPECT_EQ(RecordedRows(), (std::string{std::istreambuf_iterator<char>(file), {}}))
      << "if the change is meant: bazel run //tests/hypervisor/sie/translator:recorded_rows > "
         "tests/golden/recorded_rows.txt";
}

}  // namespace
}  // namespace hypervisor
