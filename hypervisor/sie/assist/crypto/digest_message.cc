// COMPUTE INTERMEDIATE MESSAGE DIGEST (KIMD) and COMPUTE LAST MESSAGE DIGEST (KLMD).
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/crypto/operands.h"

// The block functions of SHA have no other name in OpenSSL 3 than these.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace hypervisor::assist {
namespace {

using crypto::kUnit;

constexpr int kSha1 = 1;
constexpr int kSha256 = 2;
constexpr int kSha512 = 3;
constexpr int kGhash = 65;

struct DigestShape {
  uint32_t chain;         // bytes of the initial chaining value
  uint32_t block;         // bytes hashed at a time
  uint32_t length_field;  // bytes of the message bit length
};

constexpr DigestShape ShapeOfDigest(int function) {
  switch (function) {
    case kSha1:
      return {20, 64, 8};
    case kSha256:
      return {32, 64, 8};
    case kSha512:
      return {64, 128, 16};
    default:
      return {16, 16, 0};
  }
}

void Sha1Block(uint8_t* chain, const uint8_t* text) {
  SHA_CTX context = {};
  SHA_LONG* const words[] = {&context.h0, &context.h1, &context.h2, &context.h3, &context.h4};
  for (int i = 0; i < 5; ++i) *words[i] = LoadStorage<uint32_t>(chain + 4 * i);
  SHA1_Transform(&context, text);
  for (int i = 0; i < 5; ++i) StoreStorage<uint32_t>(chain + 4 * i, *words[i]);
}

// chain = (chain ^ text) * H in the field of GCM.
void GhashBlock(uint8_t* chain, const uint8_t* key, const uint8_t* text) {
  using Wide = unsigned __int128;
  const Wide x = LoadStorage<Wide>(chain) ^ LoadStorage<Wide>(text);
  Wide factor = LoadStorage<Wide>(key);
  Wide product = 0;
  for (int i = 127; i >= 0; --i) {
    if (x >> i & 1) product ^= factor;
    const bool carry = factor & 1;
    factor >>= 1;
    if (carry) factor ^= Wide{0xe1} << 120;
  }
  StoreStorage<Wide>(chain, product);
}

void DigestBlock(int function, uint8_t* chain, const uint8_t* key, const uint8_t* text) {
  if (function == kSha1) {
    Sha1Block(chain, text);
  } else if (function == kSha256) {
    SHA256_CTX context = {};
    for (int i = 0; i < 8; ++i) context.h[i] = LoadStorage<uint32_t>(chain + 4 * i);
    SHA256_Transform(&context, text);
    for (int i = 0; i < 8; ++i) StoreStorage<uint32_t>(chain + 4 * i, context.h[i]);
  } else if (function == kSha512) {
    SHA512_CTX context = {};
    for (int i = 0; i < 8; ++i) context.h[i] = LoadStorage<uint64_t>(chain + 8 * i);
    SHA512_Transform(&context, text);
    for (int i = 0; i < 8; ++i) StoreStorage<uint64_t>(chain + 8 * i, context.h[i]);
  } else {
    GhashBlock(chain, key, text);
  }
}

// Digests whole blocks, as many as a unit has, of the operand at R2; false if stopped. The rest of
// the message, less than a unit, is then `remaining`.
bool DigestBlocks(GuestCpu& cpu, const Insn& insn, int function, uint64_t& remaining) {
  const DigestShape shape = ShapeOfDigest(function);
  remaining = crypto::RemainingLength(cpu, insn.r2);
  const auto length =
      static_cast<uint32_t>(std::min<uint64_t>(remaining, kUnit) / shape.block * shape.block);
  if (length == 0) return true;
  uint8_t chain[64];
  uint8_t key[16];
  uint8_t text[kUnit];
  const uint64_t block = crypto::ParameterBlock(cpu);
  if (!cpu.LoadBytes(block, chain, shape.chain, Space::ByPsw(1))) return false;
  if (function == kGhash && !cpu.LoadBytes(cpu.Wrap(block + 16), key, 16, Space::ByPsw(1)))
    return false;
  if (!cpu.LoadBytes(cpu.Wrap(cpu.gpr(insn.r2)), text, length, Space::ByPsw(insn.r2))) return false;
  OperandBytes chaining;
  if (!cpu.Find(block, shape.chain, Access::kStore, Space::ByPsw(1), chaining)) return false;
  for (uint32_t i = 0; i < length; i += shape.block) DigestBlock(function, chain, key, text + i);
  chaining.Write(chain);
  crypto::Advance(cpu, insn.r2, length);
  remaining -= length;
  return true;
}

}  // namespace

void ComputeIntermediateMessageDigest(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r2)) return;
  const int function = crypto::FunctionCode(cpu);
  if (crypto::Modifier(cpu)) return cpu.Interrupt(PgmCode::kSpecification);
  if (function == 0) return crypto::StoreQuery(cpu, subfunctions::kKimd);
  if (function > kSha512 && function != kGhash) return cpu.Interrupt(PgmCode::kSpecification);
  if (crypto::RemainingLength(cpu, insn.r2) % ShapeOfDigest(function).block) {
    return cpu.Interrupt(PgmCode::kSpecification);
  }
  uint64_t remaining = 0;
  if (DigestBlocks(cpu, insn, function, remaining)) cpu.set_cc(remaining ? 3 : 0);
}

void ComputeLastMessageDigest(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r2)) return;
  const int function = crypto::FunctionCode(cpu);
  if (crypto::Modifier(cpu)) return cpu.Interrupt(PgmCode::kSpecification);
  if (function == 0) return crypto::StoreQuery(cpu, subfunctions::kKlmd);
  if (function > kSha512) return cpu.Interrupt(PgmCode::kSpecification);
  const DigestShape shape = ShapeOfDigest(function);
  if (crypto::RemainingLength(cpu, insn.r2) >= shape.block) {
    uint64_t remaining = 0;
    if (DigestBlocks(cpu, insn, function, remaining)) cpu.set_cc(3);
    return;
  }
  // The last block: the rest of the message, a one, zeros, and the message's length in bits.
  const auto rest = static_cast<uint32_t>(crypto::RemainingLength(cpu, insn.r2));
  const uint64_t block = crypto::ParameterBlock(cpu);
  uint8_t parameters[64 + 16];
  uint8_t text[256] = {};
  if (!cpu.LoadBytes(block, parameters, shape.chain + shape.length_field, Space::ByPsw(1))) return;
  if (rest && !cpu.LoadBytes(cpu.Wrap(cpu.gpr(insn.r2)), text, rest, Space::ByPsw(insn.r2))) return;
  OperandBytes chaining;
  if (!cpu.Find(block, shape.chain, Access::kStore, Space::ByPsw(1), chaining)) return;
  text[rest] = 0x80;
  const uint32_t total =
      rest + 1 + shape.length_field <= shape.block ? shape.block : 2 * shape.block;
  std::memcpy(text + total - shape.length_field, parameters + shape.chain, shape.length_field);
  for (uint32_t i = 0; i < total; i += shape.block)
    DigestBlock(function, parameters, nullptr, text + i);
  chaining.Write(parameters);
  crypto::Advance(cpu, insn.r2, rest);
  cpu.set_cc(0);
}

}  // namespace hypervisor::assist
