// A machine for each engine, which tests give the same code to execute.
#ifndef TESTS_HYPERVISOR_SIE_TRANSLATOR_BOTH_ENGINES_H_
#define TESTS_HYPERVISOR_SIE_TRANSLATOR_BOTH_ENGINES_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {

class BothEngines : public testing::Test {
 protected:
  BothEngines() {
    for (GuestMachine* machine : Machines()) machine->block.ictl = uapi::kIctlPint;
    interpreted_.sie = MakeInterpreter(
        {interpreted_.space, interpreted_.keys, interpreted_.broadcast, interpreted_.facilities_});
    translated_.sie = MakeTranslator(
        {translated_.space, translated_.keys, translated_.broadcast, translated_.facilities_});
  }
  void SetUp() override {
    if (!translated_.sie) GTEST_SKIP() << "this host has no translator";
  }

  std::array<GuestMachine*, 2> Machines() { return {&interpreted_, &translated_}; }

  void PutCode(uint64_t address, const std::vector<uint8_t>& code) {
    for (GuestMachine* machine : Machines())
      std::copy(code.begin(), code.end(), machine->At(address));
  }

  GuestMachine interpreted_;
  GuestMachine translated_;
};

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_TRANSLATOR_BOTH_ENGINES_H_
