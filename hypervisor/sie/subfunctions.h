// The functions of instructions that have many: what their queries store, and what a CPU model says
// of the machine.
#ifndef HYPERVISOR_SIE_SUBFUNCTIONS_H_
#define HYPERVISOR_SIE_SUBFUNCTIONS_H_

#include <array>
#include <cstdint>
#include <initializer_list>

namespace hypervisor {

// Bit n is one for each function n, of the 128 that function codes of 7 bits can name.
using FunctionMask = std::array<uint8_t, 16>;

namespace subfunctions {

constexpr FunctionMask MaskOf(std::initializer_list<int> functions) {
  FunctionMask mask{};
  for (const int function : functions) {
    mask[function / 8] = static_cast<uint8_t>(mask[function / 8] | 0x80 >> function % 8);
  }
  return mask;
}

// The message-security assist. 1-3 and 18-20 are DEA, TDEA and AES with their key lengths; 50 and
// 52 XTS; of digests 1-3 SHA, 65 GHASH.
inline constexpr FunctionMask kKm = MaskOf({0, 1, 2, 3, 18, 19, 20, 50, 52});
inline constexpr FunctionMask kKmc = MaskOf({0, 1, 2, 3, 18, 19, 20});
inline constexpr FunctionMask kKmac = kKmc;
inline constexpr FunctionMask kKmf = kKmc;
inline constexpr FunctionMask kKmo = kKmc;
inline constexpr FunctionMask kKmctr = kKmc;
inline constexpr FunctionMask kKimd = MaskOf({0, 1, 2, 3, 65});
inline constexpr FunctionMask kKlmd = MaskOf({0, 1, 2, 3});
inline constexpr FunctionMask kPcc = kKm;
// There are no wrapping keys, so there is nothing but the query.
inline constexpr FunctionMask kPckmo = MaskOf({0});
inline constexpr FunctionMask kPrno = MaskOf({0, 3, 112, 114});

// PERFORM TIMING FACILITY FUNCTION: its queries.
inline constexpr FunctionMask kPtff = MaskOf({0, 1, 2, 3});

}  // namespace subfunctions
}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_SUBFUNCTIONS_H_
