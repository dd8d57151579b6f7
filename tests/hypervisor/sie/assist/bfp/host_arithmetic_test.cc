// What the host calculates is what the oracle says, whenever it claims to be certain.
#include "hypervisor/sie/assist/bfp/host_arithmetic.h"

#include <cmath>
#include <functional>

#include "gtest/gtest.h"
#include "hypervisor/sie/assist/bfp/arithmetic.h"
#include "tests/hypervisor/sie/assist/bfp/random_numbers.h"

namespace hypervisor::bfp {
namespace {

template <typename F>
class HostArithmeticTest : public testing::Test {
 protected:
  using Bits = typename F::Bits;

  template <typename Oracle, typename Operation, typename... Operands>
  void Check(Oracle oracle, Operation operation, Operands... operands) {
    Bits result;
    if (!HostResult<F>(operation, result, operands...)) return;
    ++certain_;
    Environment environment;
    environment.flags = kInexact;
    ASSERT_EQ(result, oracle(Unpack<F>(operands)..., environment));
    ASSERT_EQ(environment.flags, kInexact);
  }

  int certain_ = 0;
};

using Formats = testing::Types<Short, Long>;
TYPED_TEST_SUITE(HostArithmeticTest, Formats);

TYPED_TEST(HostArithmeticTest, IsTheOracles) {
  using F = TypeParam;
  RandomNumbers<F> numbers(99);
  for (int round = 0; round < 200000; ++round) {
    const auto a = numbers.Finite();
    const auto b = numbers.Below(2) ? numbers.Near(a) : numbers.Finite();
    const auto c = numbers.Finite();
    this->Check(Add<F>, std::plus<>(), a, b);
    this->Check(Subtract<F>, std::minus<>(), a, b);
    this->Check(Multiply<F>, std::multiplies<>(), a, b);
    this->Check(Divide<F>, std::divides<>(), a, b);
    if (!(a & F::kSign))
      this->Check(
          SquareRoot<F>, [](auto x) { return std::sqrt(x); }, a);
    this->Check(
        MultiplyAndAdd<F>, [](auto x, auto y, auto z) { return std::fma(y, z, x); }, a, b, c);
    ASSERT_FALSE(this->HasFailure()) << std::hex << a << " " << b << " " << c;
  }
  EXPECT_GT(this->certain_, 500000);
}

TEST(HostArithmeticControlTest, NeedsTheInexactFlagAndNoTrap) {
  EXPECT_TRUE(HostMayCalculate(0x00080000));
  EXPECT_TRUE(HostMayCalculate(0xf0f80000));
  EXPECT_FALSE(HostMayCalculate(0x00000000));
  EXPECT_FALSE(HostMayCalculate(0x08080000));
  EXPECT_FALSE(HostMayCalculate(0x00080001));
}

}  // namespace
}  // namespace hypervisor::bfp
