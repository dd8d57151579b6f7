// Which engine runs a guest.
#include <cstdlib>
#include <string_view>
#include <utility>

#include "hypervisor/sie/sie.h"
#include "hypervisor/sie/translator/chaos.h"

namespace hypervisor {

std::unique_ptr<Sie> MakeEngine(const SieEnvironment& environment) {
  const char* named = std::getenv("UCONTROL_ENGINE");  // NOLINT: nothing here sets any
  const std::string_view name = named ? named : "";
  if (name == "translator") return MakeTranslator(environment);
  if (name == "interpreter") return MakeInterpreter(environment);
  if (!name.empty() || !Chaos::FromEnvironment()) return nullptr;
  auto translator = MakeTranslator(environment);
  return translator ? std::move(translator) : MakeInterpreter(environment);
}

}  // namespace hypervisor
