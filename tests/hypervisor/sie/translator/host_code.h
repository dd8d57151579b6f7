// What guest code costs once it is translated: how many instructions of the host a turn of a loop
// executes, and how many bytes of code were made for it. Both are the same on each host.
#ifndef TESTS_HYPERVISOR_SIE_TRANSLATOR_HOST_CODE_H_
#define TESTS_HYPERVISOR_SIE_TRANSLATOR_HOST_CODE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace hypervisor {

struct HostCode {
  uint64_t instructions = 0;  // of the host, in translated code, for each turn
  uint64_t bytes = 0;         // of code, rare ways too
};

// By the names of the guest's loops; nothing if this host has no translator.
std::optional<std::map<std::string, HostCode>> MeasureHostCode();

// tests/golden/host_code.txt: a line for each loop.
std::string ToText(const std::map<std::string, HostCode>& measured);
std::map<std::string, HostCode> FromText(const std::string& text);

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_TRANSLATOR_HOST_CODE_H_
