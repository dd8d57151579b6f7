// Which engine runs a guest.
#include <cstdlib>
#include <string_view>

#include "hypervisor/sie/sie.h"

namespace hypervisor {

std::unique_ptr<Sie> MakeEngine(const SieEnvironment& environment) {
  const char* named = std::getenv("UCONTROL_ENGINE");
  const std::string_view name = named ? named : "interpreter";
  if (name == "translator") return MakeTranslator(environment);
  if (name == "interpreter") return MakeInterpreter(environment);
  return nullptr;
}

}  // namespace hypervisor
