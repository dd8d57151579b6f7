// What an assembler says that can't go on: the block is left to the interpreter.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_FAILURE_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_FAILURE_H_

#include <asmjit/x86.h>

namespace hypervisor::x86 {

class Failure : public asmjit::ErrorHandler {
 public:
  void handleError(asmjit::Error error, const char* message, asmjit::BaseEmitter* origin) override;
  bool failed = false;
};

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_FAILURE_H_
