// What this process has mapped, by /proc/self/maps.
#ifndef TESTS_HYPERVISOR_SIE_TRANSLATOR_HOST_MAPPINGS_H_
#define TESTS_HYPERVISOR_SIE_TRANSLATOR_HOST_MAPPINGS_H_

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace hypervisor {

struct HostMapping {
  uint64_t begin;
  uint64_t end;
  std::string text;  // the line

  bool Contains(uint64_t address) const { return address - begin < end - begin; }
};

inline std::vector<HostMapping> HostMappings() {
  std::vector<HostMapping> mappings;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    HostMapping mapping{0, 0, line};
    if (std::sscanf(line.c_str(), "%lx-%lx", &mapping.begin, &mapping.end) == 2)
      mappings.push_back(mapping);
  }
  return mappings;
}

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_TRANSLATOR_HOST_MAPPINGS_H_
