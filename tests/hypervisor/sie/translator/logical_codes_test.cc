// The condition code of ADD LOGICAL and SUBTRACT LOGICAL, asked for by each mask, as carry or
// borrow, and whole; at once, and when its operands have changed since. By both engines.
#include <cstdint>
#include <iterator>
#include <vector>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/translator/both_engines.h"

namespace hypervisor {
namespace {

using Code = std::vector<uint8_t>;

constexpr uint64_t kData = 0x100000;
constexpr uint64_t kNumbers[] = {0,
                                 1,
                                 2,
                                 0x7fffffff,
                                 0x80000000,
                                 0xfffffffe,
                                 0xffffffff,
                                 0x100000000,
                                 0x123456789abcdef0,
                                 0x7fffffffffffffff,
                                 0x8000000000000000,
                                 0xfffffffffffffffe,
                                 0xffffffffffffffff};

class LogicalCodesTest : public BothEngines {
 protected:
  // `first` sets the code of registers 1 and 2, `between` leaves it alone, and `last` carries.
  void Compare(const Code& first, const Code& between, uint8_t mask, const Code& last) {
    const uint64_t program = end_;
    Append(first);
    Append(between);
    Append({0xa7, 0x88, 0x00, 0x00,                           // lhi 8,0
            0xa7, static_cast<uint8_t>(mask << 4 | 4), 0, 4,  // brc mask, behind the next one
            0xa7, 0x88, 0x00, 0x01});                         // lhi 8,1
    Append(last);
    Append({0xb2, 0x22, 0x00, 0xb0,    // ipm 11
            0x83, 0x00, 0x00, 0x44});  // diag
    for (const uint64_t a : kNumbers) {
      for (const uint64_t b : kNumbers) {
        for (GuestMachine* machine : Machines()) {
          machine->cpu.psw.address = program;
          machine->cpu.gpr = {0, a, b, 0, 0, kData, 0, 0, 0, a ^ 1, b + 1, 0, 0, 0, 0, 0};
          machine->Put<uint64_t>(kData, b);
          machine->Run();
          ASSERT_EQ(machine->block.ipa, 0x8300);
        }
        ASSERT_TRUE(interpreted_.cpu == translated_.cpu)
            << std::hex << "opcode " << int{first[0]} << " of " << a << " and " << b << ", mask "
            << int{mask} << ", " << between.size() << " bytes between";
      }
    }
  }

  void Append(const Code& code) {
    PutCode(end_, code);
    end_ += code.size();
  }

  uint64_t end_ = GuestMachine::kProgram;  // of the code so far
};

TEST_F(LogicalCodesTest, EachMaskBehindEachOperation) {
  const Code operations[] = {
      {0x1e, 0x12},                          // alr 1,2
      {0x1e, 0x11},                          // alr 1,1
      {0xb9, 0x0a, 0x00, 0x12},              // algr 1,2
      {0xb9, 0xfa, 0x20, 0x11},              // alrk 1,1,2
      {0xc2, 0x1b, 0x00, 0x00, 0x00, 0x01},  // alfi 1,1
      {0xc2, 0x1a, 0xff, 0xff, 0xff, 0xff},  // algfi 1,0xffffffff
      {0xec, 0x12, 0xff, 0xff, 0x00, 0xdb},  // alghsik 1,2,-1
      {0x5e, 0x10, 0x50, 0x00},              // al 1,0(5)
      {0x1f, 0x12},                          // slr 1,2
      {0x1f, 0x11},                          // slr 1,1
      {0xb9, 0x0b, 0x00, 0x12},              // slgr 1,2
      {0xb9, 0xeb, 0x10, 0x12},              // slgrk 1,2,1
      {0xc2, 0x15, 0x00, 0x00, 0x00, 0x01},  // slfi 1,1
      {0xc2, 0x14, 0xff, 0xff, 0xff, 0xff},  // slgfi 1,0xffffffff
      {0xe3, 0x10, 0x50, 0x00, 0x00, 0x0b},  // slg 1,0(5)
  };
  const Code between[] = {
      {},
      {0xa7, 0x29, 0x00, 0x05},  // lghi 2,5
      {0xb9, 0x04, 0x00, 0x12},  // lgr 1,2
      {0x50, 0x70, 0x50, 0x10},  // st 7,16(5)
      {0xa7, 0xf4, 0x00, 0x02},  // j behind it
  };
  const Code carrying[] = {
      {0xb9, 0x88, 0x00, 0x9a},  // alcgr 9,10
      {0xb9, 0x89, 0x00, 0x9a},  // slbgr 9,10
      {0xb9, 0x98, 0x00, 0x9a},  // alcr 9,10
      {0xb9, 0x99, 0x00, 0x99},  // slbr 9,9
  };
  for (const Code& first : operations) {
    for (const Code& what : between) {
      for (uint8_t mask = 0; mask < 16; ++mask) {
        Compare(first, what, mask, carrying[mask % std::size(carrying)]);
        if (HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace hypervisor
