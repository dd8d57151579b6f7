// Debian's asmjit, which the translator links with, is not compiled for shared objects: its
// reference to stderr must find a variable in this one. The linker is told so by --wrap=stderr.
#include <stdio.h>

extern "C" {
extern FILE* __real_stderr;  // NOLINT(bugprone-reserved-identifier): the linker's names
extern FILE* __wrap_stderr;  // NOLINT(bugprone-reserved-identifier)
__attribute__((visibility("hidden"))) FILE* __wrap_stderr = nullptr;
}

namespace {

__attribute__((constructor)) void FindStderr() {
  __wrap_stderr = __real_stderr;
}

}  // namespace
