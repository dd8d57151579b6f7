// PERFORM FLOATING-POINT OPERATION: PFPO CONVERT FLOATING-POINT RADIX.
#include <algorithm>

#include "hypervisor/sie/assist/dfp/instruction.h"
#include "hypervisor/sie/assist/radix/conversion.h"
#include "hypervisor/sie/assist/radix/hexadecimal.h"

namespace hypervisor::assist {
namespace {

using bfp::Kind;
using bfp::U128;
using dfp::Environment;

constexpr int kTarget = 0;  // the floating-point registers: 0 and 2, 4 and 6
constexpr int kSource = 4;

enum class Radix : uint8_t { kHexadecimal, kBinary, kDecimal, kNone };

// A format by its code.
struct FormatCode {
  Radix radix;
  int size;  // 0 short, 1 long, 2 extended
};
constexpr FormatCode FormatOf(unsigned code) {
  if (code <= 2) return {Radix::kHexadecimal, static_cast<int>(code)};
  if (code >= 5 && code <= 7) return {Radix::kBinary, static_cast<int>(code - 5)};
  if (code >= 8 && code <= 10) return {Radix::kDecimal, static_cast<int>(code - 8)};
  return {Radix::kNone, 0};
}

// What bits 32-63 of general register 0 say.
struct Function {
  bool test;
  unsigned type;
  FormatCode target;
  FormatCode source;
  bool suppress_inexact;
  bool alternate_action;  // no interruption
  bool control1;          // hexadecimal: overflow is one; decimal: quantum exceptions
  bool control2;          // hexadecimal: underflow is one; decimal: the preferred quantum is one
  unsigned method;

  explicit constexpr Function(uint32_t bits)
      : test(bits >> 31 != 0),
        type(bits >> 24 & 0x7f),
        target(FormatOf(bits >> 16 & 0xff)),
        source(FormatOf(bits >> 8 & 0xff)),
        suppress_inexact((bits & 0x80) != 0),
        alternate_action((bits & 0x40) != 0),
        control1((bits & 0x20) != 0),
        control2((bits & 0x10) != 0),
        method(bits & 0xf) {}

  constexpr bool IsValid(bool has_extension) const {
    if (type != 1 || target.radix == Radix::kNone || source.radix == Radix::kNone) return false;
    if (target.radix == source.radix || (method >= 2 && method <= 7)) return false;
    if (target.radix == Radix::kBinary && (control1 || control2)) return false;
    return target.radix != Radix::kDecimal || !control1 || has_extension;
  }
};

// A number of any radix.
struct Source {
  Kind kind = Kind::kZero;
  bool negative = false;
  U128 payload = 0;     // of a NaN, as decimal formats have it
  bfp::Exact binary;    // of a finite number of another radix than ten
  dfp::Number decimal;  // of one of radix ten
};

template <typename F>
Source FromHexadecimal(typename F::Bits bits) {
  const auto number = radix::UnpackHexadecimal<F>(bits);
  Source source{Kind::kZero, number.negative, 0, {}, {}};
  if (number.fraction != 0) {
    source.kind = Kind::kFinite;
    source.binary = radix::ExactOf<F>(number);
  }
  return source;
}

template <typename F>
Source FromBinary(typename F::Bits bits) {
  const auto number = bfp::Unpack<F>(bits);
  Source source{number.kind, number.negative, 0, {}, {}};
  if (number.kind == Kind::kFinite) source.binary = bfp::Exact::Of(number);
  if (number.IsNan()) source.payload = radix::DecimalPayload(number);
  return source;
}

template <typename F>
Source FromDecimal(typename F::Bits bits) {
  const dfp::Number number = dfp::Unpack<F>(bits);
  Source source{Kind::kZero, number.negative, 0, {}, number};
  switch (number.kind) {
    case dfp::Kind::kFinite:
      if (number.coefficient != 0) source.kind = Kind::kFinite;
      break;
    case dfp::Kind::kInfinity:
      source.kind = Kind::kInfinity;
      break;
    case dfp::Kind::kQuietNan:
      source.kind = Kind::kQuietNan;
      break;
    case dfp::Kind::kSignalingNan:
      source.kind = Kind::kSignalingNan;
      break;
  }
  if (source.kind >= Kind::kQuietNan) source.payload = number.coefficient;
  return source;
}

Source ReadSource(const GuestCpu& cpu, FormatCode format) {
  const auto short_bits = static_cast<uint32_t>(cpu.fpr(kSource) >> 32);
  const uint64_t long_bits = cpu.fpr(kSource);
  const U128 extended_bits = U128{long_bits} << 64 | cpu.fpr(kSource + 2);
  switch (format.radix) {
    case Radix::kHexadecimal:
      return format.size == 0   ? FromHexadecimal<radix::ShortHexadecimal>(short_bits)
             : format.size == 1 ? FromHexadecimal<radix::LongHexadecimal>(long_bits)
                                : FromHexadecimal<radix::ExtendedHexadecimal>(extended_bits);
    case Radix::kBinary:
      return format.size == 0   ? FromBinary<bfp::Short>(short_bits)
             : format.size == 1 ? FromBinary<bfp::Long>(long_bits)
                                : FromBinary<bfp::Extended>(extended_bits);
    case Radix::kDecimal:
      return format.size == 0   ? FromDecimal<dfp::Short>(short_bits)
             : format.size == 1 ? FromDecimal<dfp::Long>(long_bits)
                                : FromDecimal<dfp::Extended>(extended_bits);
    case Radix::kNone:
      break;
  }
  return {};
}

bfp::Exact BinaryOf(const Source& source, FormatCode format) {
  return format.radix == Radix::kDecimal ? radix::ToBinary(source.decimal) : source.binary;
}

// ---- Targets. Nothing is written if the environment says `suppressed`. ----

template <typename F>
void ToDecimal(GuestCpu& cpu, const Function& function, const Source& source,
               Environment& environment) {
  // Quantum exceptions are reported if the function asks for them.
  environment.reports_quantum = function.control1;
  dfp::Number number{dfp::Kind::kFinite, source.negative, 0, source.payload};
  switch (source.kind) {
    case Kind::kZero:
      break;
    case Kind::kFinite: {
      const dfp::Exact exact = radix::ToDecimal(source.binary);
      // Otherwise the largest quantum that there is.
      int preferred = 0;
      if (!function.control2) {
        preferred = F::kShape.highest();
        environment.reports_quantum = false;
      }
      number = dfp::Round(exact, preferred, F::kShape, environment).number;
      break;
    }
    case Kind::kInfinity:
      number.kind = dfp::Kind::kInfinity;
      break;
    case Kind::kSignalingNan:
      environment.Raise(bfp::kInvalid);
      [[fallthrough]];
    case Kind::kQuietNan:
      number.kind = dfp::Kind::kQuietNan;
      break;
  }
  if (!environment.suppressed) WriteDfp<F>(cpu, kTarget, number);
}

template <typename F>
void ToBinary(GuestCpu& cpu, const Function& function, const Source& source,
              Environment& environment) {
  typename F::Bits bits = bfp::ZeroOf<F>(source.negative);
  switch (source.kind) {
    case Kind::kZero:
      break;
    case Kind::kFinite:
      bits = bfp::Round<F>(BinaryOf(source, function.source), environment);
      break;
    case Kind::kInfinity:
      bits = bfp::InfinityOf<F>(source.negative);
      break;
    case Kind::kSignalingNan:
      environment.Raise(bfp::kInvalid);
      [[fallthrough]];
    case Kind::kQuietNan:
      bits = bfp::PackNan<F>(
          {Kind::kQuietNan, source.negative, 0, radix::BinaryPayload(source.payload)});
      break;
  }
  if (!environment.suppressed) WriteFpr<F>(cpu, kTarget, bits);
}

// Overflow and underflow of a hexadecimal number that is rounded as if there were no bounds.
void BoundHexadecimal(radix::RoundedHexadecimal& rounded, U128 largest_fraction,
                      const Function& function, Environment& environment) {
  constexpr int kScale = 128;
  radix::Hexadecimal& number = rounded.number;
  const bool overflow = number.characteristic > radix::kLargestCharacteristic;
  if (!overflow && !rounded.tiny) {
    if (rounded.inexact) environment.RaiseInexact(rounded.incremented);
    return;
  }
  const bool is_exception = overflow ? function.control1 : function.control2;
  const uint8_t exception = overflow ? bfp::kOverflow : bfp::kUnderflow;
  if (is_exception && (environment.masks & exception)) {
    environment.Trap(exception, rounded.inexact, rounded.incremented);
    do {
      number.characteristic += overflow ? -kScale : kScale;
    } while (number.characteristic < 0 || number.characteristic > radix::kLargestCharacteristic);
    return;
  }
  if (overflow) {
    number = {number.negative, radix::kLargestCharacteristic, largest_fraction};
    if (!is_exception) return environment.Raise(bfp::kInvalid);
  } else {
    number = {number.negative, 0, 0};
  }
  if (is_exception) environment.flags |= exception;
  environment.RaiseInexact(false);
}

template <typename F>
void ToHexadecimal(GuestCpu& cpu, const Function& function, const Source& source,
                   Environment& environment) {
  constexpr U128 kLargestFraction = (U128{1} << F::kFractionBits) - 1;
  radix::Hexadecimal number{source.negative, 0, 0};
  switch (source.kind) {
    case Kind::kZero:
      break;
    case Kind::kFinite: {
      auto rounded =
          radix::RoundToHexadecimal<F>(BinaryOf(source, function.source), environment.rounding);
      BoundHexadecimal(rounded, kLargestFraction, function, environment);
      number = rounded.number;
      break;
    }
    case Kind::kSignalingNan:
    case Kind::kQuietNan:
      number.negative = false;
      [[fallthrough]];
    case Kind::kInfinity:
      // Nothing in this radix is like them.
      environment.Raise(bfp::kInvalid);
      number.characteristic = radix::kLargestCharacteristic;
      number.fraction = kLargestFraction;
      break;
  }
  if (!environment.suppressed) WriteFpr<F>(cpu, kTarget, radix::PackHexadecimal<F>(number));
}

using Convert = void (*)(GuestCpu&, const Function&, const Source&, Environment&);

template <Convert kShort, Convert kLong, Convert kExtended>
void ConvertBySize(GuestCpu& cpu, const Function& function, const Source& source,
                   Environment& environment) {
  if (function.target.size == 0) return kShort(cpu, function, source, environment);
  if (function.target.size == 1) return kLong(cpu, function, source, environment);
  kExtended(cpu, function, source, environment);
}

void ConvertSource(GuestCpu& cpu, const Function& function, const Source& source,
                   Environment& environment) {
  switch (function.target.radix) {
    case Radix::kHexadecimal:
      return ConvertBySize<ToHexadecimal<radix::ShortHexadecimal>,
                           ToHexadecimal<radix::LongHexadecimal>,
                           ToHexadecimal<radix::ExtendedHexadecimal>>(cpu, function, source,
                                                                      environment);
    case Radix::kBinary:
      return ConvertBySize<ToBinary<bfp::Short>, ToBinary<bfp::Long>, ToBinary<bfp::Extended>>(
          cpu, function, source, environment);
    case Radix::kDecimal:
      return ConvertBySize<ToDecimal<dfp::Short>, ToDecimal<dfp::Long>, ToDecimal<dfp::Extended>>(
          cpu, function, source, environment);
    case Radix::kNone:
      break;
  }
}

// The rounding methods are 0 and 1, the FPC's modes for decimal and binary numbers, and the decimal
// modes from 8 on.
Environment EnvironmentOfMethod(const GuestCpu& cpu, const Function& function) {
  Environment environment =
      DfpEnvironment(cpu, static_cast<uint8_t>(function.method >= 8 ? function.method : 0));
  if (function.method == 1) environment.mode = static_cast<dfp::Rounding>(cpu.state().fpc & 7);
  environment.rounding = static_cast<bfp::Rounding>(environment.mode);
  environment.suppress_inexact = function.suppress_inexact;
  return environment;
}

}  // namespace

// CC: 0 without exceptions, 1 if one did not trap, 2 if the alternate action replaced a trap. Of a
// test: 0 there is such a function, 3 there is none.
void PerformFloatingPointOperation(GuestCpu& cpu, const Insn&) {
  if (!AfpOn(cpu)) return cpu.InterruptData(kDxcAfpRegister);
  const Function function(cpu.gpr_low(0));
  const bool valid = function.IsValid(HasFloatingPointExtension(cpu));
  if (!function.test && !valid) return cpu.Interrupt(PgmCode::kSpecification);
  cpu.set_gpr_low(1, 0);  // the return code
  if (function.test) return cpu.set_cc(valid ? 0 : 3);
  Environment environment = EnvironmentOfMethod(cpu, function);
  ConvertSource(cpu, function, ReadSource(cpu, function.source), environment);
  if (environment.trap != 0 && function.alternate_action) {
    uint32_t& fpc = cpu.state().fpc;
    fpc = (fpc & ~0xff00u) | uint32_t{environment.flags} << 16 | uint32_t{environment.trap} << 8;
    return cpu.set_cc(2);
  }
  if (environment.trap == 0) cpu.set_cc(environment.flags != 0 ? 1 : 0);
  Finish(cpu, environment);
}

}  // namespace hypervisor::assist
