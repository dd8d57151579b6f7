// tests/golden/opcodes.csv: every opcode that GNU binutils 2.40 knows, with one instance.
#ifndef TESTS_HYPERVISOR_ISA_OPCODE_LIST_H_
#define TESTS_HYPERVISOR_ISA_OPCODE_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

namespace hypervisor {

struct ListedOpcode {
  std::string opcode;  // "18", "b222", "a7.4" (byte 0 and nibble), "e3..24" (bytes 0 and 5)
  std::string mnemonic;
  std::string first_cpu;
  uint64_t text;  // of the instance, left-justified
  int length;
  std::vector<std::string> other_forms;  // extended mnemonics

  // Whether z/Architecture had it when the zEC12 came out.
  bool up_to_zec12() const {
    return first_cpu != "z13" && first_cpu != "z14" && first_cpu != "z15" && first_cpu != "z16";
  }
};

std::vector<ListedOpcode> ListedOpcodes();

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_ISA_OPCODE_LIST_H_
