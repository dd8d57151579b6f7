#include "hypervisor/sie/translator/x86/failure.h"

#include <cstdlib>

namespace hypervisor::x86 {

void Failure::handleError(asmjit::Error, const char*, asmjit::BaseEmitter*) {
  failed = true;
}

}  // namespace hypervisor::x86

// Debian's AsmJit is a static library for executables only, on account of one object in it: the one
// with these three, which writes to stderr. With them here it is not taken, and a shared library
// can hold the translator.
ASMJIT_BEGIN_NAMESPACE

void DebugUtils::debugOutput(const char*) noexcept {}

const char* DebugUtils::errorAsString(Error) noexcept {
  return "";
}

void DebugUtils::assertionFailed(const char*, int, const char*) noexcept {
  std::abort();
}

ASMJIT_END_NAMESPACE
