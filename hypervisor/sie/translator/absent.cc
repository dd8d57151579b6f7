// Where there is no translator: hosts other than x86-64.
#include "hypervisor/sie/sie.h"

namespace hypervisor {

std::unique_ptr<Sie> MakeTranslator(const SieEnvironment&) {
  return nullptr;
}

}  // namespace hypervisor
