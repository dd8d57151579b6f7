// CIPHER MESSAGE in its chaining modes: KM, KMC, KMF, KMO, KMCTR, and KMAC.
#include <algorithm>
#include <cstring>
#include <optional>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/crypto/block_cipher.h"
#include "hypervisor/sie/assist/crypto/operands.h"
#include "hypervisor/sie/assist/crypto/xts.h"

namespace hypervisor::assist {
namespace {

using crypto::Algorithm;
using crypto::BlockCipher;
using crypto::kUnit;

// Function codes 1-3 and 18-20 mean the same cipher in all of these instructions.
std::optional<Algorithm> AlgorithmOf(int function) {
  switch (function) {
    case 1:
      return Algorithm::kDea;
    case 2:
      return Algorithm::kTdea128;
    case 3:
      return Algorithm::kTdea192;
    case 18:
      return Algorithm::kAes128;
    case 19:
      return Algorithm::kAes192;
    case 20:
      return Algorithm::kAes256;
    default:
      return std::nullopt;
  }
}

void Xor(uint8_t* to, const uint8_t* with, uint32_t length) {
  for (uint32_t i = 0; i < length; ++i) to[i] ^= with[i];
}

// One unit of work: the key, the chaining value if there is one, and the text between the operands.
struct Unit {
  uint8_t parameters[64];  // chaining value, then key
  uint8_t in[kUnit];
  uint8_t out[kUnit];
  uint32_t length;
};

// The shape that KM, KMC, KMF, KMO share. `chain` bytes of chaining value lead the parameter block;
// `transform` fills unit.out and leaves the next chaining value in unit.parameters.
template <typename Transform>
void CipherOperands(GuestCpu& cpu, const Insn& insn, Algorithm algorithm, uint32_t chain,
                    uint32_t granule, Transform transform) {
  const uint64_t remaining = crypto::RemainingLength(cpu, insn.r2);
  if (remaining % granule) return cpu.Interrupt(PgmCode::kSpecification);
  if (remaining == 0) return cpu.set_cc(0);

  Unit unit;
  unit.length = static_cast<uint32_t>(std::min<uint64_t>(remaining, kUnit / granule * granule));
  const uint64_t block = crypto::ParameterBlock(cpu);
  if (!cpu.LoadBytes(block, unit.parameters, chain + crypto::KeyLength(algorithm), Space::ByPsw(1)))
    return;
  if (!cpu.LoadBytes(cpu.Wrap(cpu.gpr(insn.r2)), unit.in, unit.length, Space::ByPsw(insn.r2)))
    return;
  OperandBytes destination;
  OperandBytes chaining;
  if (!cpu.Find(cpu.Wrap(cpu.gpr(insn.r1)), unit.length, Access::kStore, Space::ByPsw(insn.r1),
                destination)) {
    return;
  }
  if (chain && !cpu.Find(block, chain, Access::kStore, Space::ByPsw(1), chaining)) return;

  transform(unit);
  destination.Write(unit.out);
  if (chain) chaining.Write(unit.parameters);
  crypto::AdvanceAddress(cpu, insn.r1, unit.length);
  if (insn.r1 != insn.r2) {
    crypto::Advance(cpu, insn.r2, unit.length);
  } else {
    cpu.set_gpr(insn.r2 + 1, cpu.gpr(insn.r2 + 1) - unit.length);
  }
  cpu.set_cc(unit.length == remaining ? 0 : 3);
}

void XtsMessage(GuestCpu& cpu, const Insn& insn, Algorithm algorithm, bool decipher) {
  // The parameter block is the key, then the XTS parameter, which moves on.
  const uint64_t remaining = crypto::RemainingLength(cpu, insn.r2);
  if (remaining % 16) return cpu.Interrupt(PgmCode::kSpecification);
  if (remaining == 0) return cpu.set_cc(0);
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(remaining, kUnit));
  const uint32_t key_length = crypto::KeyLength(algorithm);
  const uint64_t block = crypto::ParameterBlock(cpu);
  uint8_t key[32];
  uint8_t tweak[16];
  uint8_t text[kUnit];
  if (!cpu.LoadBytes(block, key, key_length, Space::ByPsw(1))) return;
  if (!cpu.LoadBytes(cpu.Wrap(block + key_length), tweak, 16, Space::ByPsw(1))) return;
  if (!cpu.LoadBytes(cpu.Wrap(cpu.gpr(insn.r2)), text, length, Space::ByPsw(insn.r2))) return;
  OperandBytes destination;
  OperandBytes parameter;
  if (!cpu.Find(cpu.Wrap(cpu.gpr(insn.r1)), length, Access::kStore, Space::ByPsw(insn.r1),
                destination))
    return;
  if (!cpu.Find(cpu.Wrap(block + key_length), 16, Access::kStore, Space::ByPsw(1), parameter))
    return;
  BlockCipher cipher(algorithm, key, decipher);
  for (uint32_t i = 0; i < length; i += 16) {
    Xor(text + i, tweak, 16);
    cipher.Apply(text + i, text + i, 16);
    Xor(text + i, tweak, 16);
    crypto::XtsNext(tweak);
  }
  destination.Write(text);
  parameter.Write(tweak);
  crypto::AdvanceAddress(cpu, insn.r1, length);
  if (insn.r1 != insn.r2)
    crypto::Advance(cpu, insn.r2, length);
  else
    cpu.set_gpr(insn.r2 + 1, cpu.gpr(insn.r2 + 1) - length);
  cpu.set_cc(length == remaining ? 0 : 3);
}

}  // namespace

void CipherMessage(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r1, insn.r2)) return;
  const int function = crypto::FunctionCode(cpu);
  if (function == 0) return crypto::StoreQuery(cpu, subfunctions::kKm);
  const bool decipher = crypto::Modifier(cpu);
  if (function == 50) return XtsMessage(cpu, insn, Algorithm::kAes128, decipher);
  if (function == 52) return XtsMessage(cpu, insn, Algorithm::kAes256, decipher);
  const auto algorithm = AlgorithmOf(function);
  if (!algorithm) return cpu.Interrupt(PgmCode::kSpecification);
  CipherOperands(cpu, insn, *algorithm, 0, crypto::BlockLength(*algorithm), [&](Unit& unit) {
    BlockCipher(*algorithm, unit.parameters, decipher).Apply(unit.in, unit.out, unit.length);
  });
}

void CipherMessageWithChaining(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r1, insn.r2)) return;
  const int function = crypto::FunctionCode(cpu);
  if (function == 0) return crypto::StoreQuery(cpu, subfunctions::kKmc);
  const auto algorithm = AlgorithmOf(function);
  if (!algorithm) return cpu.Interrupt(PgmCode::kSpecification);
  const bool decipher = crypto::Modifier(cpu);
  const uint32_t size = crypto::BlockLength(*algorithm);
  CipherOperands(cpu, insn, *algorithm, size, size, [&](Unit& unit) {
    uint8_t* chain = unit.parameters;
    BlockCipher cipher(*algorithm, unit.parameters + size, decipher);
    if (decipher) {
      cipher.Apply(unit.in, unit.out, unit.length);
      for (uint32_t i = 0; i < unit.length; i += size)
        Xor(unit.out + i, i ? unit.in + i - size : chain, size);
      std::memcpy(chain, unit.in + unit.length - size, size);
      return;
    }
    for (uint32_t i = 0; i < unit.length; i += size) {
      Xor(chain, unit.in + i, size);
      cipher.Apply(chain, chain, size);
      std::memcpy(unit.out + i, chain, size);
    }
  });
}

void CipherMessageWithCipherFeedback(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r1, insn.r2)) return;
  const int function = crypto::FunctionCode(cpu);
  if (function == 0) return crypto::StoreQuery(cpu, subfunctions::kKmf);
  const auto algorithm = AlgorithmOf(function);
  if (!algorithm) return cpu.Interrupt(PgmCode::kSpecification);
  const bool decipher = crypto::Modifier(cpu);
  const uint32_t size = crypto::BlockLength(*algorithm);
  const auto feedback = static_cast<uint32_t>(cpu.gpr(0) >> 24 & 0xff);  // bytes, bits 32-39
  if (feedback == 0 || feedback > size) return cpu.Interrupt(PgmCode::kSpecification);
  CipherOperands(cpu, insn, *algorithm, size, feedback, [&](Unit& unit) {
    uint8_t* chain = unit.parameters;
    BlockCipher cipher(*algorithm, unit.parameters + size, false);
    uint8_t stream[16];
    for (uint32_t i = 0; i < unit.length; i += feedback) {
      cipher.Apply(chain, stream, size);
      for (uint32_t j = 0; j < feedback; ++j) unit.out[i + j] = unit.in[i + j] ^ stream[j];
      std::memmove(chain, chain + feedback, size - feedback);
      std::memcpy(chain + size - feedback, (decipher ? unit.in : unit.out) + i, feedback);
    }
  });
}

void CipherMessageWithOutputFeedback(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r1, insn.r2)) return;
  const int function = crypto::FunctionCode(cpu);
  if (function == 0) return crypto::StoreQuery(cpu, subfunctions::kKmo);
  const auto algorithm = AlgorithmOf(function);
  if (!algorithm) return cpu.Interrupt(PgmCode::kSpecification);
  const uint32_t size = crypto::BlockLength(*algorithm);
  CipherOperands(cpu, insn, *algorithm, size, size, [&](Unit& unit) {
    uint8_t* chain = unit.parameters;
    BlockCipher cipher(*algorithm, unit.parameters + size, false);
    for (uint32_t i = 0; i < unit.length; i += size) {
      cipher.Apply(chain, chain, size);
      for (uint32_t j = 0; j < size; ++j) unit.out[i + j] = unit.in[i + j] ^ chain[j];
    }
  });
}

void CipherMessageWithCounter(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r1, insn.r2, insn.r3)) return;
  const int function = crypto::FunctionCode(cpu);
  if (function == 0) return crypto::StoreQuery(cpu, subfunctions::kKmctr);
  const auto algorithm = AlgorithmOf(function);
  if (!algorithm) return cpu.Interrupt(PgmCode::kSpecification);
  const uint32_t size = crypto::BlockLength(*algorithm);
  // A counter for each block, in storage at R3.
  const uint64_t remaining = crypto::RemainingLength(cpu, insn.r2);
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(remaining, kUnit) / size * size);
  uint8_t counters[kUnit];
  if (length && remaining % size == 0 &&
      !cpu.LoadBytes(cpu.Wrap(cpu.gpr(insn.r3)), counters, length, Space::ByPsw(insn.r3))) {
    return;
  }
  CipherOperands(cpu, insn, *algorithm, 0, size, [&](Unit& unit) {
    BlockCipher(*algorithm, unit.parameters, false).Apply(counters, unit.out, unit.length);
    Xor(unit.out, unit.in, unit.length);
  });
  if (cpu.Stopped() || length == 0) return;
  if (insn.r3 != insn.r1 && insn.r3 != insn.r2) crypto::AdvanceAddress(cpu, insn.r3, length);
}

void ComputeMessageAuthenticationCode(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r2)) return;
  const int function = crypto::FunctionCode(cpu);
  if (crypto::Modifier(cpu)) return cpu.Interrupt(PgmCode::kSpecification);
  if (function == 0) return crypto::StoreQuery(cpu, subfunctions::kKmac);
  const auto algorithm = AlgorithmOf(function);
  if (!algorithm) return cpu.Interrupt(PgmCode::kSpecification);
  const uint32_t size = crypto::BlockLength(*algorithm);
  const uint64_t remaining = crypto::RemainingLength(cpu, insn.r2);
  if (remaining % size) return cpu.Interrupt(PgmCode::kSpecification);
  if (remaining == 0) return cpu.set_cc(0);
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(remaining, kUnit));
  uint8_t parameters[64];
  uint8_t text[kUnit];
  OperandBytes chaining;
  const uint64_t block = crypto::ParameterBlock(cpu);
  if (!cpu.LoadBytes(block, parameters, size + crypto::KeyLength(*algorithm), Space::ByPsw(1)))
    return;
  if (!cpu.LoadBytes(cpu.Wrap(cpu.gpr(insn.r2)), text, length, Space::ByPsw(insn.r2))) return;
  if (!cpu.Find(block, size, Access::kStore, Space::ByPsw(1), chaining)) return;
  BlockCipher cipher(*algorithm, parameters + size, false);
  for (uint32_t i = 0; i < length; i += size) {
    Xor(parameters, text + i, size);
    cipher.Apply(parameters, parameters, size);
  }
  chaining.Write(parameters);
  crypto::Advance(cpu, insn.r2, length);
  cpu.set_cc(length == remaining ? 0 : 3);
}

}  // namespace hypervisor::assist
