// Every operation against MPFR, in all formats and rounding modes, with and without traps.
#include "hypervisor/sie/assist/bfp/arithmetic.h"

#include <cstdio>
#include <limits>
#include <string>
#include <type_traits>

#include "gtest/gtest.h"
#include "hypervisor/sie/assist/bfp/conversion.h"
#include "tests/hypervisor/sie/assist/bfp/mpfr_oracle.h"
#include "tests/hypervisor/sie/assist/bfp/random_numbers.h"

namespace hypervisor::bfp {
namespace {

constexpr Rounding kRoundings[] = {Rounding::kNearestEven, Rounding::kTowardZero,
                                   Rounding::kUp,          Rounding::kDown,
                                   Rounding::kNearestAway, Rounding::kNearestTowardZero,
                                   Rounding::kAway,        Rounding::kPrepareShorter};
constexpr uint8_t kMasks[] = {
    0, 0, 0, kInexact, kOverflow | kUnderflow, kOverflow | kUnderflow | kInexact};

std::string Hex(U128 bits) {
  char text[40];
  snprintf(text, sizeof text, "%016lx%016lx", static_cast<unsigned long>(bits >> 64),
           static_cast<unsigned long>(bits));
  return text;
}

template <typename F>
class ArithmeticTest : public testing::Test {
 protected:
  using Bits = typename F::Bits;

  ArithmeticTest() : numbers_(20261) {}

  // One operation in one environment against what MPFR says.
  template <typename Ours, typename Theirs>
  bool Agree(Ours ours, Theirs theirs, Rounding rounding, uint8_t masks) {
    Environment environment;
    environment.rounding = rounding;
    environment.masks = masks;
    const Bits result = ours(environment);
    const auto expected = ExpectedOf<F>(theirs, rounding, masks);
    ++cases_;
    if (result == expected.bits && environment.flags == expected.flags &&
        environment.trap == expected.trap) {
      return true;
    }
    ADD_FAILURE() << "ours " << Hex(result) << " flags " << int{environment.flags} << " trap "
                  << int{environment.trap} << ", MPFR " << Hex(expected.bits) << " flags "
                  << int{expected.flags} << " trap " << int{expected.trap} << " rounding "
                  << static_cast<int>(rounding) << " masks " << int{masks};
    return false;
  }
  template <typename Ours, typename Theirs>
  bool AgreeAlways(Ours ours, Theirs theirs) {
    for (Rounding rounding : kRoundings) {
      if (!Agree(ours, theirs, rounding, kMasks[numbers_.Below(6)])) return false;
    }
    return true;
  }

  RandomNumbers<F> numbers_;
  int cases_ = 0;
};

using Formats = testing::Types<Short, Long, Extended>;
TYPED_TEST_SUITE(ArithmeticTest, Formats);

constexpr int kRounds = 12000;

TYPED_TEST(ArithmeticTest, SumsAndDifferences) {
  using F = TypeParam;
  for (int round = 0; round < kRounds; ++round) {
    const auto a_bits = this->numbers_.Finite();
    const auto b_bits =
        this->numbers_.Below(2) ? this->numbers_.Near(a_bits) : this->numbers_.Finite();
    const Number a = Unpack<F>(a_bits), b = Unpack<F>(b_bits);
    const Real x(a), y(b);
    if (mpfr_cmpabs(x.get(), y.get()) == 0) continue;  // zeros have a test of their own
    ASSERT_TRUE(this->AgreeAlways(
        [&](Environment& environment) { return Add<F>(a, b, environment); },
        [&](mpfr_ptr r, mpfr_rnd_t mode) { return mpfr_add(r, x.get(), y.get(), mode); }))
        << Hex(a_bits) << " + " << Hex(b_bits);
    ASSERT_TRUE(this->AgreeAlways(
        [&](Environment& environment) { return Subtract<F>(a, b, environment); },
        [&](mpfr_ptr r, mpfr_rnd_t mode) { return mpfr_sub(r, x.get(), y.get(), mode); }))
        << Hex(a_bits) << " - " << Hex(b_bits);
  }
}

TYPED_TEST(ArithmeticTest, ProductsQuotientsAndRoots) {
  using F = TypeParam;
  for (int round = 0; round < kRounds; ++round) {
    const auto a_bits = this->numbers_.Finite(), b_bits = this->numbers_.Finite();
    const Number a = Unpack<F>(a_bits), b = Unpack<F>(b_bits);
    if (a.kind == Kind::kZero || b.kind == Kind::kZero) continue;
    const Real x(a), y(b);
    ASSERT_TRUE(this->AgreeAlways(
        [&](Environment& environment) { return Multiply<F>(a, b, environment); },
        [&](mpfr_ptr r, mpfr_rnd_t mode) { return mpfr_mul(r, x.get(), y.get(), mode); }))
        << Hex(a_bits) << " * " << Hex(b_bits);
    ASSERT_TRUE(this->AgreeAlways(
        [&](Environment& environment) { return Divide<F>(a, b, environment); },
        [&](mpfr_ptr r, mpfr_rnd_t mode) { return mpfr_div(r, x.get(), y.get(), mode); }))
        << Hex(a_bits) << " / " << Hex(b_bits);
    if (a.negative) continue;
    ASSERT_TRUE(
        this->AgreeAlways([&](Environment& environment) { return SquareRoot<F>(a, environment); },
                          [&](mpfr_ptr r, mpfr_rnd_t mode) { return mpfr_sqrt(r, x.get(), mode); }))
        << "root of " << Hex(a_bits);
  }
}

TYPED_TEST(ArithmeticTest, MultiplyAndAddRoundsOnce) {
  using F = TypeParam;
  for (int round = 0; round < kRounds; ++round) {
    const auto b_bits = this->numbers_.Finite(), c_bits = this->numbers_.Finite();
    const Number b = Unpack<F>(b_bits), c = Unpack<F>(c_bits);
    auto a_bits = this->numbers_.Finite();
    if (this->numbers_.Below(2) && b.kind == Kind::kFinite && c.kind == Kind::kFinite) {
      Environment environment;  // an addend about as large as the product
      const auto product = Multiply<F>(b, c, environment);
      if ((product & F::kInfinity) != F::kInfinity) a_bits = this->numbers_.Near(product);
    }
    const Number a = Unpack<F>(a_bits);
    if (b.kind == Kind::kZero || c.kind == Kind::kZero) continue;
    const Real x(b), y(c), z(a);
    Real difference(400);
    mpfr_fma(difference.get(), x.get(), y.get(), z.get(), MPFR_RNDZ);
    if (!mpfr_zero_p(difference.get())) {
      ASSERT_TRUE(this->AgreeAlways(
          [&](Environment& environment) { return MultiplyAndAdd<F>(a, b, c, environment); },
          [&](mpfr_ptr r, mpfr_rnd_t mode) {
            return mpfr_fma(r, x.get(), y.get(), z.get(), mode);
          }))
          << Hex(b_bits) << " * " << Hex(c_bits) << " + " << Hex(a_bits);
    }
    mpfr_fms(difference.get(), x.get(), y.get(), z.get(), MPFR_RNDZ);
    if (!mpfr_zero_p(difference.get())) {
      ASSERT_TRUE(this->AgreeAlways(
          [&](Environment& environment) { return MultiplyAndSubtract<F>(a, b, c, environment); },
          [&](mpfr_ptr r, mpfr_rnd_t mode) {
            return mpfr_fms(r, x.get(), y.get(), z.get(), mode);
          }))
          << Hex(b_bits) << " * " << Hex(c_bits) << " - " << Hex(a_bits);
    }
  }
}

TYPED_TEST(ArithmeticTest, ComparisonsOrderNumbers) {
  using F = TypeParam;
  for (int round = 0; round < kRounds; ++round) {
    const auto a_bits = this->numbers_.Finite();
    const auto b_bits =
        this->numbers_.Below(2) ? this->numbers_.Near(a_bits) : this->numbers_.Finite();
    const Number a = Unpack<F>(a_bits), b = Unpack<F>(b_bits);
    const Real x(a), y(b);
    const int order = mpfr_cmp(x.get(), y.get());
    Environment environment;
    ASSERT_EQ(Compare(a, b, true, environment), order == 0  ? 0
                                                : order < 0 ? 1
                                                            : 2)
        << Hex(a_bits) << " " << Hex(b_bits);
    ASSERT_EQ(environment.flags, 0);
  }
}

TYPED_TEST(ArithmeticTest, IntegralValues) {
  using F = TypeParam;
  for (int round = 0; round < kRounds; ++round) {
    const auto bits = this->numbers_.Finite();
    const Number a = Unpack<F>(bits);
    const Real x(a);
    for (Rounding rounding : kRoundings) {
      Real integral(128);
      const auto mode = rounding == Rounding::kNearestEven   ? MPFR_RNDN
                        : rounding == Rounding::kUp          ? MPFR_RNDU
                        : rounding == Rounding::kDown        ? MPFR_RNDD
                        : rounding == Rounding::kNearestAway ? MPFR_RNDNA
                        : rounding == Rounding::kAway        ? MPFR_RNDA
                                                             : MPFR_RNDZ;
      mpfr_rint(integral.get(), x.get(), mode);
      const bool inexact = mpfr_cmp(integral.get(), x.get()) != 0;
      if (rounding == Rounding::kNearestTowardZero && inexact) {
        Real rest(256);
        mpfr_sub(rest.get(), x.get(), integral.get(), MPFR_RNDN);
        if (mpfr_cmp_d(rest.get(), 0.5) > 0) {
          mpfr_add_si(integral.get(), integral.get(), 1, MPFR_RNDN);
        } else if (mpfr_cmp_d(rest.get(), -0.5) < 0) {
          mpfr_add_si(integral.get(), integral.get(), -1, MPFR_RNDN);
        }
      }
      if (rounding == Rounding::kPrepareShorter && inexact) {
        mpz_t integer;
        mpz_init(integer);
        mpfr_get_z(integer, integral.get(), MPFR_RNDZ);
        if (mpz_even_p(integer)) {
          mpfr_add_si(integral.get(), integral.get(), a.negative ? -1 : 1, MPFR_RNDN);
        }
        mpz_clear(integer);
      }
      if (mpfr_zero_p(integral.get())) mpfr_set_zero(integral.get(), a.negative ? -1 : 1);
      Environment environment;
      environment.rounding = rounding;
      const Number result = Unpack<F>(RoundToIntegral<F>(a, environment));
      const Real ours(result);
      ASSERT_EQ(mpfr_cmp(ours.get(), integral.get()), 0) << Hex(bits) << static_cast<int>(rounding);
      ASSERT_EQ(result.negative, a.negative);
      ASSERT_EQ(environment.flags, inexact ? kInexact : 0);

      const auto check_integer = [&]<typename Integer>(Integer) {
        Environment conversion;
        conversion.rounding = rounding;
        const IntegerResult<Integer> integer = ToInteger<Integer>(a, conversion);
        using Limits = std::numeric_limits<Integer>;
        Real low(128), high(128);
        mpfr_set_sj(low.get(), static_cast<intmax_t>(Limits::min()), MPFR_RNDN);
        mpfr_set_uj(high.get(), static_cast<uintmax_t>(Limits::max()), MPFR_RNDN);
        if (mpfr_cmp(integral.get(), low.get()) < 0 || mpfr_cmp(integral.get(), high.get()) > 0) {
          EXPECT_EQ(integer.cc, 3);
          EXPECT_EQ(integer.value, a.negative ? Limits::min() : Limits::max());
          EXPECT_EQ(conversion.flags, kInvalid | kInexact);
        } else {
          Real theirs(128);
          if (std::is_signed_v<Integer>) {
            mpfr_set_sj(theirs.get(), static_cast<intmax_t>(integer.value), MPFR_RNDN);
          } else {
            mpfr_set_uj(theirs.get(), static_cast<uintmax_t>(integer.value), MPFR_RNDN);
          }
          EXPECT_EQ(mpfr_cmp(theirs.get(), integral.get()), 0) << Hex(bits);
          EXPECT_EQ(integer.cc, a.kind == Kind::kZero ? 0 : a.negative ? 1 : 2);
          EXPECT_EQ(conversion.flags, inexact ? kInexact : 0);
        }
      };
      check_integer(int32_t{});
      check_integer(int64_t{});
      check_integer(uint32_t{});
      check_integer(uint64_t{});
      ASSERT_FALSE(this->HasFailure()) << Hex(bits) << " " << static_cast<int>(rounding);
    }
  }
}

TYPED_TEST(ArithmeticTest, ConversionsFromIntegersAndLongerFormats) {
  using F = TypeParam;
  RandomNumbers<Extended> wider(7);
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t magnitude = this->numbers_.Below(~uint64_t{0}) >> this->numbers_.Below(64);
    const bool negative = this->numbers_.Below(2) != 0;
    if (magnitude != 0) {
      ASSERT_TRUE(this->AgreeAlways(
          [&](Environment& environment) {
            return FromInteger<F>(negative, magnitude, environment);
          },
          [&](mpfr_ptr r, mpfr_rnd_t mode) {
            Real exact(64);
            mpfr_set_uj(exact.get(), magnitude, MPFR_RNDN);
            if (negative) mpfr_neg(exact.get(), exact.get(), MPFR_RNDN);
            return mpfr_set(r, exact.get(), mode);
          }));
    }
    const Number a = Unpack<Extended>(wider.Finite());
    if (a.kind == Kind::kZero) continue;
    const Real x(a);
    ASSERT_TRUE(
        this->AgreeAlways([&](Environment& environment) { return Lengthen<F>(a, environment); },
                          [&](mpfr_ptr r, mpfr_rnd_t mode) { return mpfr_set(r, x.get(), mode); }));
  }
}

// Quotients and remainders as fractions of integers: no rounding at all until the end.
TYPED_TEST(ArithmeticTest, DivideToInteger) {
  using F = TypeParam;
  if (std::is_same_v<F, Extended>) GTEST_SKIP() << "there is no such instruction";
  mpq_t a_exact, b_exact, quotient_exact, remainder_exact;
  mpq_inits(a_exact, b_exact, quotient_exact, remainder_exact, nullptr);
  for (int round = 0; round < kRounds; ++round) {
    const auto a_bits = this->numbers_.Finite();
    const auto b_bits =
        this->numbers_.Below(3) ? this->numbers_.Finite() : this->numbers_.Near(a_bits);
    const Number a = Unpack<F>(a_bits), b = Unpack<F>(b_bits);
    if (a.kind == Kind::kZero || b.kind == Kind::kZero) continue;
    mpfr_get_q(a_exact, Real(a).get());
    mpfr_get_q(b_exact, Real(b).get());
    mpq_div(quotient_exact, a_exact, b_exact);
    for (Rounding rounding : kRoundings) {
      Environment environment;
      const auto result = DivideToInteger<F>(a, b, rounding, environment);
      // The integral quotient: cut to the precision if it doesn't fit into it.
      mpz_t integer;
      mpz_init(integer);
      mpz_tdiv_q(integer, mpq_numref(quotient_exact), mpq_denref(quotient_exact));
      const auto bits = static_cast<int>(mpz_sizeinbase(integer, 2));
      const bool cut = bits > F::kPrecision;
      Real quotient(F::kPrecision);
      if (cut) {
        mpfr_set_z(quotient.get(), integer, MPFR_RNDZ);
      } else {
        mpq_t rest;
        mpq_init(rest);
        mpq_set_z(rest, integer);
        mpq_sub(rest, quotient_exact, rest);
        mpq_abs(rest, rest);
        const int half = mpq_cmp_ui(rest, 1, 2);
        const bool inexact = mpq_sgn(rest) != 0;
        const bool negative = a.negative != b.negative;
        if (RoundsAway(rounding, negative, mpz_odd_p(integer) != 0, half >= 0,
                       inexact && half != 0)) {
          if (negative) {
            mpz_sub_ui(integer, integer, 1);
          } else {
            mpz_add_ui(integer, integer, 1);
          }
        }
        mpq_clear(rest);
        mpfr_set_z(quotient.get(), integer, MPFR_RNDZ);
      }
      mpfr_get_z(integer, quotient.get(), MPFR_RNDZ);
      mpq_set_z(remainder_exact, integer);
      mpq_mul(remainder_exact, remainder_exact, b_exact);
      mpq_sub(remainder_exact, a_exact, remainder_exact);
      const bool final = mpq_sgn(remainder_exact) == 0 || !cut;
      const bool scaled =
          !mpfr_zero_p(quotient.get()) && mpfr_get_exp(quotient.get()) - 1 > F::kMaxExponent;
      ASSERT_EQ(int{result.cc}, (final ? 0 : 2) + (scaled ? 1 : 0))
          << Hex(a_bits) << " " << Hex(b_bits);
      Number ours = Unpack<F>(result.quotient);
      if (scaled) ours.exponent += F::kScale;
      ASSERT_EQ(mpfr_cmp(Real(ours).get(), quotient.get()), 0) << Hex(a_bits) << " " << Hex(b_bits);
      ASSERT_EQ(ours.negative, a.negative != b.negative);
      const Number remainder = Unpack<F>(result.remainder);
      if (mpq_sgn(remainder_exact) == 0) {
        ASSERT_EQ(remainder.kind, Kind::kZero);
        ASSERT_EQ(remainder.negative, a.negative);
      } else {
        const auto expected = ExpectedOf<F>(
            [&](mpfr_ptr r, mpfr_rnd_t mode) { return mpfr_set_q(r, remainder_exact, mode); },
            Rounding::kNearestEven, 0);
        ASSERT_EQ(Hex(result.remainder), Hex(expected.bits)) << Hex(a_bits) << " " << Hex(b_bits);
        ASSERT_EQ(environment.flags, expected.flags);
      }
      mpz_clear(integer);
    }
  }
  mpq_clears(a_exact, b_exact, quotient_exact, remainder_exact, nullptr);
}

}  // namespace
}  // namespace hypervisor::bfp
