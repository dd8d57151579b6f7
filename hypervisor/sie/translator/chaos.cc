#include "hypervisor/sie/translator/chaos.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace hypervisor {

std::optional<Chaos> Chaos::FromEnvironment() {
  Chaos chaos;
  const char* named = std::getenv("UCONTROL_CHAOS");  // NOLINT: nothing here sets any
  std::string_view rest = named ? named : "";
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(word.size() == rest.size() ? word.size() : word.size() + 1);
    if (word == "flush") {
      chaos.flush = true;
    } else if (word == "unlinked") {
      chaos.unlinked = true;
    } else if (word == "slow") {
      chaos.slow = true;
    } else {
      std::fprintf(stderr, "UCONTROL_CHAOS=%s: there are flush, unlinked and slow\n", named);
      return std::nullopt;
    }
  }
  return chaos;
}

}  // namespace hypervisor
