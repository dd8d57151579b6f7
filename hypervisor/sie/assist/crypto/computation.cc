// PERFORM CRYPTOGRAPHIC COMPUTATION (PCC) and PERFORM CRYPTOGRAPHIC KEY MANAGEMENT OPERATION
// (PCKMO).
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/crypto/block_cipher.h"
#include "hypervisor/sie/assist/crypto/operands.h"
#include "hypervisor/sie/assist/crypto/xts.h"

namespace hypervisor::assist {
namespace {

using crypto::Algorithm;
using crypto::BlockCipher;

// Multiplies a subkey of CMAC by x in GF(2^64) or GF(2^128) (NIST SP 800-38B).
void Double(uint8_t* subkey, uint32_t size) {
  const bool carry = subkey[0] & 0x80;
  for (uint32_t i = 0; i < size; ++i) {
    subkey[i] = static_cast<uint8_t>(subkey[i] << 1 | (i + 1 < size ? subkey[i + 1] >> 7 : 0));
  }
  if (carry) subkey[size - 1] ^= size == 8 ? 0x1b : 0x87;
}

// The last block of a CMAC. Parameter block: message length in bits, 7 reserved bytes, message,
// chaining value, key.
void LastBlockCmac(GuestCpu& cpu, Algorithm algorithm) {
  const uint32_t size = crypto::BlockLength(algorithm);
  uint8_t block[8 + 16 + 16 + 32];
  const uint64_t address = crypto::ParameterBlock(cpu);
  if (!cpu.LoadBytes(address, block, 8 + 2 * size + crypto::KeyLength(algorithm), Space::ByPsw(1)))
    return;
  OperandBytes chaining;
  if (!cpu.Find(cpu.Wrap(address + 8 + size), size, Access::kStore, Space::ByPsw(1), chaining))
    return;
  const uint32_t bits = block[0];
  if (bits > size * 8) return cpu.set_cc(2);
  uint8_t* message = block + 8;
  uint8_t* chain = message + size;
  BlockCipher cipher(algorithm, chain + size, false);
  uint8_t subkey[16] = {};
  cipher.Apply(subkey, subkey, size);
  Double(subkey, size);
  if (bits < size * 8) {
    Double(subkey, size);
    message[bits / 8] =
        static_cast<uint8_t>((message[bits / 8] & ~(0xff >> bits % 8)) | 0x80 >> bits % 8);
    std::memset(message + bits / 8 + 1, 0, size - bits / 8 - 1);
  }
  for (uint32_t i = 0; i < size; ++i) chain[i] ^= static_cast<uint8_t>(message[i] ^ subkey[i]);
  cipher.Apply(chain, chain, size);
  chaining.Write(chain);
  cpu.set_cc(0);
}

// Parameter block: key, tweak, block sequence number, intermediate bit index, XTS parameter.
void ComputeXtsParameter(GuestCpu& cpu, Algorithm algorithm) {
  const uint32_t key_length = crypto::KeyLength(algorithm);
  uint8_t block[32 + 64];
  const uint64_t address = crypto::ParameterBlock(cpu);
  if (!cpu.LoadBytes(address, block, key_length + 64, Space::ByPsw(1))) return;
  OperandBytes results;  // the index, then the parameter
  if (!cpu.Find(cpu.Wrap(address + key_length + 32), 32, Access::kStore, Space::ByPsw(1), results))
    return;
  uint8_t* tweak = block + key_length;
  const auto sequence = LoadStorage<unsigned __int128>(tweak + 16);
  uint8_t out[32] = {};
  uint8_t* parameter = out + 16;
  BlockCipher(algorithm, block, false).Apply(tweak, parameter, 16);
  // alpha to the power of the sequence number, by squaring: alpha^(2^k) is 2^k doublings of 1, so
  // the number's bits are taken from the left.
  uint8_t power[16] = {1};
  const auto multiply = [](const uint8_t* a, const uint8_t* b, uint8_t* product) {
    uint8_t sum[16] = {};
    uint8_t factor[16];
    std::memcpy(factor, b, 16);
    for (int i = 0; i < 128; ++i) {
      if (a[i / 8] >> i % 8 & 1) {
        for (int j = 0; j < 16; ++j) sum[j] ^= factor[j];
      }
      crypto::XtsNext(factor);
    }
    std::memcpy(product, sum, 16);
  };
  for (int i = 127; i >= 0; --i) {
    multiply(power, power, power);
    if (sequence >> i & 1) crypto::XtsNext(power);
  }
  multiply(parameter, power, parameter);
  results.Write(out);
  cpu.set_cc(0);
}

}  // namespace

void PerformCryptographicComputation(GuestCpu& cpu, const Insn&) {
  if (crypto::Modifier(cpu)) return cpu.Interrupt(PgmCode::kSpecification);
  switch (crypto::FunctionCode(cpu)) {
    case 0:
      return crypto::StoreQuery(cpu, subfunctions::kPcc);
    case 1:
      return LastBlockCmac(cpu, Algorithm::kDea);
    case 2:
      return LastBlockCmac(cpu, Algorithm::kTdea128);
    case 3:
      return LastBlockCmac(cpu, Algorithm::kTdea192);
    case 18:
      return LastBlockCmac(cpu, Algorithm::kAes128);
    case 19:
      return LastBlockCmac(cpu, Algorithm::kAes192);
    case 20:
      return LastBlockCmac(cpu, Algorithm::kAes256);
    case 50:
      return ComputeXtsParameter(cpu, Algorithm::kAes128);
    case 52:
      return ComputeXtsParameter(cpu, Algorithm::kAes256);
    default:
      return cpu.Interrupt(PgmCode::kSpecification);
  }
}

void PerformCryptographicKeyManagement(GuestCpu& cpu, const Insn&) {
  if (!cpu.Privileged()) return;
  if (crypto::Modifier(cpu)) return cpu.Interrupt(PgmCode::kSpecification);
  if (crypto::FunctionCode(cpu) != 0) return cpu.Interrupt(PgmCode::kSpecification);
  crypto::StoreQuery(cpu, subfunctions::kPckmo);
}

}  // namespace hypervisor::assist
