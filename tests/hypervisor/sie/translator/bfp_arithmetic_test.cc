// Translated binary-floating-point instructions against two oracles that know nothing of the host's
// floating point: the interpreter's arithmetic on integers, of every class of numbers, and MPFR.
//
// BFP_CASES sets how many cases there are of each instruction.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "hypervisor/sie/assist/bfp/arithmetic.h"
#include "hypervisor/sie/assist/bfp/conversion.h"
#include "tests/hypervisor/sie/assist/bfp/mpfr_oracle.h"
#include "tests/hypervisor/sie/assist/bfp/random_numbers.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor::bfp {
namespace {

constexpr uint64_t kCases = 0x100000;
constexpr uint64_t kCaseSize = 48;
constexpr int kCasesOfRun = 4096;

// A case as the guest has it; the result and what stands behind it are what the guest stores.
struct Case {
  uint64_t first, second, third, result;
  uint32_t condition, unused;
  uint32_t fpc_before, fpc_after;
};
static_assert(sizeof(Case) == kCaseSize);

// What the oracle says, but for the flags: the condition code is -1 if it isn't set.
struct Answer {
  uint64_t result = 0;
  int cc = -1;
};

template <typename F>
constexpr int kLeft = 64 - F::kWidth;  // numbers stand on the left of 64 bits

template <typename F>
class TranslatedArithmetic {
 public:
  using Bits = typename F::Bits;
  using Oracle =
      std::function<Answer(const Number&, const Number&, const Number&, const Case&, Environment&)>;
  using Mpfr = std::function<int(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t)>;

  TranslatedArithmetic() : numbers_(20261127) {
    machine_.sie =
        MakeTranslator({machine_.space, machine_.keys, machine_.broadcast, machine_.facilities_});
    machine_.block.ictl = uapi::kIctlPint;
  }
  bool available() const { return machine_.sie != nullptr; }
  uint64_t cases() const { return cases_; }
  uint64_t cases_of_mpfr() const { return mpfr_cases_; }

  // An instruction of 4 bytes: its result in register 0, or general register 4, from 0, 2 and 4.
  void Check(const char* name, uint32_t instruction, uint64_t cases, const Oracle& oracle,
             const Mpfr& mpfr = nullptr, bool integer_result = false) {
    uint64_t at = GuestMachine::kProgram;
    for (const uint32_t text : {0xb29d1028u,  // lfpc 40(1)
                                0x68001000u,  // ld 0,0(1)
                                0x68201008u,  // ld 2,8(1)
                                0x68401010u,  // ld 4,16(1)
                                0xb3cd0042u,  // lgdr 4,2
                                instruction,
                                integer_result ? 0xb3c10004u : 0x07000700u,  // ldgr 0,4
                                0x60001018u,                                 // std 0,24(1)
                                0xb2220030u,                                 // ipm 3
                                0x50301020u,                                 // st 3,32(1)
                                0xb29c102cu,                                 // stfpc 44(1)
                                0x41101030u,                                 // la 1,48(1)
                                0xa726ffe8u,                                 // brct 2,*-48
                                0x83000044u}) {
      machine_.Put<uint32_t>(at, text);
      at += 4;
    }
    for (uint64_t done = 0; done < cases; done += kCasesOfRun) {
      std::vector<Case> all(kCasesOfRun);
      for (int i = 0; i < kCasesOfRun; ++i) {
        Case& one = all[static_cast<size_t>(i)];
        one = NextCase();
        const uint64_t place = kCases + kCaseSize * static_cast<uint64_t>(i);
        machine_.Put<uint64_t>(place, one.first);
        machine_.Put<uint64_t>(place + 8, one.second);
        machine_.Put<uint64_t>(place + 16, one.third);
        machine_.Put<uint32_t>(place + 40, one.fpc_before);
      }
      machine_.cpu.psw.address = GuestMachine::kProgram;
      machine_.cpu.gpr[1] = kCases;
      machine_.cpu.gpr[2] = kCasesOfRun;
      machine_.Run();
      ASSERT_EQ(machine_.block.ipb, 0x00440000u)
          << name << ": " << std::hex << machine_.block.iprcc << " at " << machine_.cpu.psw.address;
      for (int i = 0; i < kCasesOfRun; ++i) {
        Case& one = all[static_cast<size_t>(i)];
        const uint64_t place = kCases + kCaseSize * static_cast<uint64_t>(i);
        one.result = machine_.Read<uint64_t>(place + 24);
        one.condition = machine_.Read<uint32_t>(place + 32) >> 28;
        one.fpc_after = machine_.Read<uint32_t>(place + 44);
        ASSERT_TRUE(Agrees(one, oracle, mpfr, (i & 7) == 0)) << name;
      }
    }
  }

  static Bits NumberOf(uint64_t operand) { return static_cast<Bits>(operand >> kLeft<F>); }
  // The first operand's register with a result on its left.
  static uint64_t Placed(const Case& one, Bits bits) {
    if constexpr (sizeof(Bits) == 8) return bits;
    return (one.first & 0xffffffff) | uint64_t{bits} << 32;
  }

 private:
  bool Agrees(const Case& one, const Oracle& oracle, const Mpfr& mpfr, bool ask_mpfr) {
    const Number a = Unpack<F>(NumberOf(one.first));
    const Number b = Unpack<F>(NumberOf(one.second));
    const Number c = Unpack<F>(NumberOf(one.third));
    Environment environment;
    environment.rounding = static_cast<Rounding>(one.fpc_before & 7);
    const Answer answer = oracle(a, b, c, one, environment);
    const uint32_t fpc = one.fpc_before | uint32_t{environment.flags} << 16;
    ++cases_;
    bool agrees = one.result == answer.result && one.fpc_after == fpc &&
                  (answer.cc < 0 || one.condition == static_cast<uint32_t>(answer.cc));
    const auto is_finite = [](const Number& number) { return number.kind == Kind::kFinite; };
    if (agrees && ask_mpfr && mpfr && is_finite(a) && is_finite(b) && is_finite(c) &&
        (answer.result >> kLeft<F> & ~uint64_t{F::kSign}) != 0 && !(environment.flags & kInvalid)) {
      const Real x(a), y(b), z(c);
      const auto expected = ExpectedOf<F>(
          [&](mpfr_ptr r, mpfr_rnd_t mode) { return mpfr(r, x.get(), y.get(), z.get(), mode); },
          environment.rounding, 0);
      ++mpfr_cases_;
      agrees = one.result == Placed(one, expected.bits) && environment.flags == expected.flags;
    }
    if (!agrees) {
      char text[300];
      std::snprintf(text, sizeof text,
                    "%016lx %016lx %016lx fpc %08x: %016lx cc %u fpc %08x, oracle %016lx cc %d "
                    "fpc %08x",
                    one.first, one.second, one.third, one.fpc_before, one.result, one.condition,
                    one.fpc_after, answer.result, answer.cc, fpc);
      ADD_FAILURE() << text;
    }
    return agrees;
  }

  Case NextCase() {
    Case one{};
    const Bits a = Any();
    Bits b = numbers_.Below(2) ? numbers_.Near(a) : Any();
    if (numbers_.Below(4) == 0) b = WithTinyProduct(a, b);
    one.first = Operand(a);
    one.second = Operand(b);
    one.third = Operand(numbers_.Below(4) == 0 ? numbers_.Near(a) : Any());
    one.fpc_before = static_cast<uint32_t>(numbers_.Below(2) ? numbers_.Below(4) : 0);
    if (numbers_.Below(2)) one.fpc_before |= static_cast<uint32_t>(numbers_.Below(32)) << 19;
    return one;
  }
  uint64_t Operand(Bits bits) {
    return uint64_t{bits} << kLeft<F> |
           (kLeft<F> == 0 ? 0 : numbers_.Below(uint64_t{1} << (kLeft<F> & 63)));
  }
  Bits Any() {
    if (numbers_.Below(32) != 0) return numbers_.Finite();
    const Bits sign = numbers_.Below(2) ? F::kSign : 0;
    switch (numbers_.Below(4)) {
      case 0:
        return sign;
      case 1:
        return sign | F::kInfinity;
      case 2:
        return sign | F::kInfinity | F::kQuiet | static_cast<Bits>(numbers_.Below(1 << 20));
      default:
        return sign | F::kInfinity | static_cast<Bits>(numbers_.Below(1 << 20) + 1);
    }
  }
  // A second factor that brings the product to the least normal number, or the quotient.
  Bits WithTinyProduct(Bits a, Bits b) {
    const auto exponent = static_cast<int>((a & F::kInfinity) >> F::kFractionBits);
    const int near = static_cast<int>(numbers_.Below(3)) - 1;
    const int wanted = numbers_.Below(2) ? F::kBias - exponent + near : F::kBias + exponent + near;
    if (wanted < 1 || wanted > 2 * F::kBias) return b;
    return static_cast<Bits>((b & ~F::kInfinity) | static_cast<Bits>(wanted) << F::kFractionBits);
  }

  GuestMachine machine_;
  RandomNumbers<F> numbers_;
  uint64_t cases_ = 0;
  uint64_t mpfr_cases_ = 0;
};

uint64_t CasesOfEach() {
  const char* text = std::getenv("BFP_CASES");
  return text ? std::strtoull(text, nullptr, 0) : 100000;
}

// The opcodes of short and of long numbers, with operands 0 and 2, or 0, 2 and 4.
template <typename F>
constexpr uint32_t Of(uint32_t of_short, uint32_t of_long, uint32_t operands) {
  return 0xb3000000 | (sizeof(typename F::Bits) == 4 ? of_short : of_long) << 16 | operands;
}

template <typename F>
class TranslatedBfpTest : public testing::Test {};
using Formats = testing::Types<Short, Long>;
TYPED_TEST_SUITE(TranslatedBfpTest, Formats);

TYPED_TEST(TranslatedBfpTest, IsTheOracles) {
  using F = TypeParam;
  using Machine = TranslatedArithmetic<F>;
  Machine machine;
  if (!machine.available()) GTEST_SKIP() << "this host has no translator";
  const uint64_t cases = CasesOfEach();
  using N = const Number&;
  using C = const Case&;
  using E = Environment&;
  const auto check = [&](const char* name, uint32_t instruction, auto oracle, auto mpfr) {
    machine.Check(
        name, instruction, cases,
        [oracle](N a, N b, N c, C one, E e) { return oracle(a, b, c, one, e); }, mpfr);
  };
  // Of one that writes a number of the format, with and without a condition code.
  const auto number = [](auto operation) {
    return [operation](N a, N b, N c, C one, E e) {
      return Answer{Machine::Placed(one, operation(a, b, c, e)), -1};
    };
  };
  const auto classed = [](auto operation) {
    return [operation](N a, N b, N c, C one, E e) {
      const auto result = operation(a, b, c, e);
      return Answer{Machine::Placed(one, result), ClassCc<F>(result)};
    };
  };
  const typename Machine::Mpfr none = nullptr;

  check("add", Of<F>(0x0a, 0x1a, 0x02), classed([](N a, N b, N, E e) { return Add<F>(a, b, e); }),
        [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y, mpfr_srcptr, mpfr_rnd_t mode) {
          return mpfr_add(r, x, y, mode);
        });
  check("subtract", Of<F>(0x0b, 0x1b, 0x02),
        classed([](N a, N b, N, E e) { return Subtract<F>(a, b, e); }),
        [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y, mpfr_srcptr, mpfr_rnd_t mode) {
          return mpfr_sub(r, x, y, mode);
        });
  check("multiply", Of<F>(0x17, 0x1c, 0x02),
        number([](N a, N b, N, E e) { return Multiply<F>(a, b, e); }),
        [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y, mpfr_srcptr, mpfr_rnd_t mode) {
          return mpfr_mul(r, x, y, mode);
        });
  check("divide", Of<F>(0x0d, 0x1d, 0x02),
        number([](N a, N b, N, E e) { return Divide<F>(a, b, e); }),
        [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y, mpfr_srcptr, mpfr_rnd_t mode) {
          return mpfr_div(r, x, y, mode);
        });
  check("square root", Of<F>(0x14, 0x15, 0x02),
        number([](N, N b, N, E e) { return SquareRoot<F>(b, e); }),
        [](mpfr_ptr r, mpfr_srcptr, mpfr_srcptr y, mpfr_srcptr, mpfr_rnd_t mode) {
          return mpfr_sqrt(r, y, mode);
        });
  // The third operand is in register 2, the second in 4.
  check("multiply and add", Of<F>(0x0e, 0x1e, 0x24),
        number([](N a, N b, N c, E e) { return MultiplyAndAdd<F>(a, c, b, e); }),
        [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y, mpfr_srcptr z, mpfr_rnd_t mode) {
          return mpfr_fma(r, y, z, x, mode);
        });
  check("multiply and subtract", Of<F>(0x0f, 0x1f, 0x24),
        number([](N a, N b, N c, E e) { return MultiplyAndSubtract<F>(a, c, b, e); }),
        [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y, mpfr_srcptr z, mpfr_rnd_t mode) {
          return mpfr_fms(r, y, z, x, mode);
        });
  for (const bool signal : {false, true}) {
    check(
        signal ? "compare and signal" : "compare",
        signal ? Of<F>(0x08, 0x18, 0x02) : Of<F>(0x09, 0x19, 0x02),
        [signal](N a, N b, N, C one, E e) {
          return Answer{one.first, Compare(a, b, signal, e)};
        },
        none);
  }
  check("load and test", Of<F>(0x02, 0x12, 0x02), classed([](N, N b, N, E e) {
          return b.IsNan() ? NanResult<F>({&b}, e) : Lengthen<F>(b, e);
        }),
        none);
  check(
      "load complement", Of<F>(0x03, 0x13, 0x02),
      [](N, N, N, C one, E) {
        const auto result = static_cast<typename F::Bits>(Machine::NumberOf(one.second) ^ F::kSign);
        return Answer{Machine::Placed(one, result), ClassCc<F>(result)};
      },
      none);
  for (const uint32_t m3 : {0u, 1u, 4u, 5u, 6u, 7u}) {
    for (const uint32_t m4 : {0u, 4u}) {
      check("load fp integer", Of<F>(0x57, 0x5f, m3 << 12 | m4 << 8 | 0x02),
            number([m3, m4](N, N b, N, E e) {
              constexpr int kMode[] = {-1, 4, 0, 0, 0, 1, 2, 3};
              if (m3 != 0) e.rounding = static_cast<Rounding>(kMode[m3]);
              e.suppress_inexact = m4 != 0;
              return RoundToIntegral<F>(b, e);
            }),
            none);
    }
  }
  check(
      "convert from fixed, 64", Of<F>(0xa4, 0xa5, 0x04),
      [](N, N, N, C one, E e) {
        const bool negative = one.second >> 63 != 0;
        return Answer{
            Machine::Placed(one, FromInteger<F>(negative, negative ? -one.second : one.second, e)),
            -1};
      },
      none);
  for (const uint32_t m3 : {0u, 5u, 6u}) {
    machine.Check(
        "convert to fixed, 64", Of<F>(0xa8, 0xa9, m3 << 12 | 0x42), cases,
        [m3](N, N b, N, C, E e) {
          if (m3 != 0) e.rounding = m3 == 5 ? Rounding::kTowardZero : Rounding::kUp;
          const auto result = ToInteger<int64_t>(b, e);
          return Answer{static_cast<uint64_t>(result.value), result.cc};
        },
        nullptr, true);
  }
  std::printf("%lu cases, %lu of them by MPFR\n", machine.cases(), machine.cases_of_mpfr());
}

// From one format to the other.
TEST(TranslatedBfpFormatsTest, LengthensAndRounds) {
  const uint64_t cases = CasesOfEach();
  using N = const Number&;
  TranslatedArithmetic<Short> of_short;
  TranslatedArithmetic<Long> of_long;
  if (!of_short.available()) GTEST_SKIP() << "this host has no translator";
  of_short.Check("load lengthened", 0xb3040002, cases, [](N, N b, N, const Case&, Environment& e) {
    return Answer{Lengthen<Long>(b, e), -1};
  });
  of_long.Check("load rounded", 0xb3440002, cases, [](N, N b, N, const Case& one, Environment& e) {
    const auto result = LoadRounded<Short, Long>(b, e);
    return Answer{(one.first & 0xffffffff) | uint64_t{result.bits} << 32, -1};
  });
}

}  // namespace
}  // namespace hypervisor::bfp
