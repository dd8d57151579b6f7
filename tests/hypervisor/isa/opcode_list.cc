#include "tests/hypervisor/isa/opcode_list.h"

#include <fstream>
#include <sstream>

namespace hypervisor {

std::vector<ListedOpcode> ListedOpcodes() {
  std::ifstream file("tests/golden/opcodes.csv");
  std::vector<ListedOpcode> opcodes;
  std::string line;
  std::getline(file, line);  // the names of the columns
  while (std::getline(file, line)) {
    // The example is quoted if it has commas; nothing else is.
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        fields.emplace_back();
      } else if (c != '\r') {
        fields.back() += c;
      }
    }
    if (fields.size() != 6) return {};
    ListedOpcode opcode{fields[0], fields[1], fields[2], 0, static_cast<int>(fields[4].size() / 2),
                        {}};
    opcode.text = std::stoull(fields[4], nullptr, 16) << (64 - 8 * opcode.length);
    std::istringstream forms(fields[5]);
    for (std::string form; forms >> form;) opcode.other_forms.push_back(form);
    opcodes.push_back(opcode);
  }
  return opcodes;
}

}  // namespace hypervisor
