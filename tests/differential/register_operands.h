// Which instructions find addresses and lengths in registers that no storage operand names.
#ifndef TESTS_DIFFERENTIAL_REGISTER_OPERANDS_H_
#define TESTS_DIFFERENTIAL_REGISTER_OPERANDS_H_

#include <string>
#include <string_view>
#include <vector>

namespace hypervisor {

struct RegisterOperand {
  enum Field { kR1, kR2, kR3, kGr0, kGr1 };
  enum Content {
    kAddress,  // in the left half of the window for R1, in the right half for others
    kEnd,      // an address behind those
    kLength,   // of up to 100 bytes
    kEvenLength,
    kPositiveLength,  // even, too
    kCharacter,       // one that the window has
    kTable,           // of 256 bytes or more
    kPageTable,       // likewise
    kSwapAndStore,    // function code and store characteristic
    kQuadword,        // the address of one
  };
  Field field;
  Content content;
  int offset = 0;  // 1: the register behind the one that the field names
};

inline std::vector<RegisterOperand> RegisterOperandsOf(std::string_view mnemonic) {
  using R = RegisterOperand;
  struct Known {
    std::string_view mnemonics;  // each between blanks
    std::vector<RegisterOperand> operands;
  };
  static const std::vector<Known> kKnown = {
      {" MVCL CLCL CU12 CU21 CU14 CU24 CU41 CU42 CUSE ",
       {{R::kR1, R::kAddress},
        {R::kR1, R::kLength, 1},
        {R::kR2, R::kAddress},
        {R::kR2, R::kLength, 1}}},
      {" MVCLE CLCLE ",
       {{R::kR1, R::kAddress},
        {R::kR1, R::kLength, 1},
        {R::kR3, R::kAddress},
        {R::kR3, R::kLength, 1}}},
      {" MVCLU CLCLU ",
       {{R::kR1, R::kAddress},
        {R::kR1, R::kEvenLength, 1},
        {R::kR3, R::kAddress},
        {R::kR3, R::kEvenLength, 1}}},
      {" MVST CLST ", {{R::kR1, R::kAddress}, {R::kR2, R::kAddress}, {R::kGr0, R::kCharacter}}},
      {" SRST SRSTU ", {{R::kR1, R::kEnd}, {R::kR2, R::kAddress}, {R::kGr0, R::kCharacter}}},
      // QEMU 7.2 takes more than bits 56-63.
      {" MVCRL ", {{R::kGr0, R::kLength}}},
      {" CSST ", {{R::kGr0, R::kSwapAndStore}, {R::kGr1, R::kQuadword}}},
      {" CKSM ", {{R::kR2, R::kAddress}, {R::kR2, R::kLength, 1}}},
      {" TRE ",
       {{R::kR1, R::kAddress},
        {R::kR1, R::kLength, 1},
        {R::kR2, R::kTable},
        {R::kGr0, R::kCharacter}}},
      // QEMU 7.2 goes on for ever with a length of zero.
      {" TROO TROT TRTE TRTRE ",
       {{R::kR1, R::kAddress},
        {R::kR1, R::kPositiveLength, 1},
        {R::kR2, R::kAddress},
        {R::kGr0, R::kCharacter},
        {R::kGr1, R::kTable}}},
      {" TRTO TRTT ",
       {{R::kR1, R::kAddress},
        {R::kR1, R::kPositiveLength, 1},
        {R::kR2, R::kAddress},
        {R::kGr0, R::kCharacter},
        {R::kGr1, R::kPageTable}}},
  };
  for (const Known& known : kKnown) {
    if (known.mnemonics.find(" " + std::string(mnemonic) + " ") != std::string_view::npos) {
      return known.operands;
    }
  }
  return {};
}

}  // namespace hypervisor

#endif  // TESTS_DIFFERENTIAL_REGISTER_OPERANDS_H_
