// PERFORM RANDOM NUMBER OPERATION (PRNO): the SHA-512 deterministic generator of NIST SP 800-90A,
// and true random numbers from the host's kernel.
#include <openssl/sha.h>
#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/crypto/operands.h"

namespace hypervisor::assist {
namespace {

using crypto::kUnit;

constexpr int kSha512Drng = 3;
constexpr int kRawToConditionedRatio = 112;
constexpr int kTrueRandom = 114;

constexpr uint32_t kSeedLength = 111;  // bytes of V and C, each behind a byte of zeros
constexpr uint32_t kMaximumSeed = 512;

// The parameter block, 240 bytes.
struct Generator {
  uint8_t reserved[4];
  uint8_t reseed_counter[4];
  uint8_t stream_bytes[8];
  uint8_t v[1 + kSeedLength];
  uint8_t c[1 + kSeedLength];
};
static_assert(sizeof(Generator) == 240);

// Hash_df of the concatenated parts, to kSeedLength bytes.
void Derive(const std::vector<uint8_t>& input, uint8_t* output) {
  uint8_t digest[64];
  for (uint32_t done = 0, counter = 1; done < kSeedLength; done += 64, ++counter) {
    std::vector<uint8_t> text = {static_cast<uint8_t>(counter), 0, 0, kSeedLength * 8 >> 8,
                                 kSeedLength * 8 & 0xff};
    text.insert(text.end(), input.begin(), input.end());
    SHA512(text.data(), text.size(), digest);
    std::memcpy(output + done, digest, std::min<uint32_t>(64, kSeedLength - done));
  }
}

// to += number, both big-endian, right-aligned, modulo 2^(8 * kSeedLength).
void AddTo(uint8_t* to, const uint8_t* number, uint32_t length) {
  uint32_t carry = 0;
  for (uint32_t i = 0; i < kSeedLength; ++i) {
    carry += to[kSeedLength - 1 - i] + (i < length ? number[length - 1 - i] : 0u);
    to[kSeedLength - 1 - i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
}

void Seed(Generator& generator, const uint8_t* material, uint32_t length) {
  std::vector<uint8_t> input;
  if (LoadStorage<uint32_t>(generator.reseed_counter) != 0) {
    input.push_back(1);
    input.insert(input.end(), generator.v + 1, generator.v + 1 + kSeedLength);
  }
  input.insert(input.end(), material, material + length);
  Derive(input, generator.v + 1);
  input.assign(1, 0);
  input.insert(input.end(), generator.v + 1, generator.v + 1 + kSeedLength);
  Derive(input, generator.c + 1);
  StoreStorage<uint32_t>(generator.reseed_counter, 1);
  StoreStorage<uint64_t>(generator.stream_bytes, 0);
}

void Generate(Generator& generator, uint8_t* output, uint32_t length) {
  uint8_t counter[kSeedLength];
  uint8_t digest[64];
  const uint8_t one = 1;
  std::memcpy(counter, generator.v + 1, kSeedLength);
  for (uint32_t done = 0; done < length; done += 64) {
    SHA512(counter, kSeedLength, digest);
    std::memcpy(output + done, digest, std::min<uint32_t>(64, length - done));
    AddTo(counter, &one, 1);
  }
  uint8_t text[1 + kSeedLength];
  text[0] = 3;
  std::memcpy(text + 1, generator.v + 1, kSeedLength);
  SHA512(text, sizeof(text), digest);
  AddTo(generator.v + 1, digest, sizeof(digest));
  AddTo(generator.v + 1, generator.c + 1, kSeedLength);
  AddTo(generator.v + 1, generator.reseed_counter, 4);
  StoreStorage<uint32_t>(generator.reseed_counter,
                         LoadStorage<uint32_t>(generator.reseed_counter) + 1);
  StoreStorage<uint64_t>(generator.stream_bytes,
                         LoadStorage<uint64_t>(generator.stream_bytes) + length);
}

void DeterministicRandom(GuestCpu& cpu, const Insn& insn) {
  const bool seed = crypto::Modifier(cpu);
  const int operand = seed ? insn.r2 : insn.r1;
  const uint64_t wanted = crypto::RemainingLength(cpu, operand);
  if (seed && wanted > kMaximumSeed) return cpu.Interrupt(PgmCode::kSpecification);
  uint8_t block[sizeof(Generator)];
  const uint64_t address = crypto::ParameterBlock(cpu);
  OperandBytes parameters;
  if (!cpu.Find(address, sizeof(block), Access::kStore, Space::ByPsw(1), parameters)) return;
  parameters.Read(block);
  Generator generator;
  std::memcpy(&generator, block, sizeof(block));
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(wanted, kUnit));
  if (seed) {
    uint8_t material[kMaximumSeed];
    if (length &&
        !cpu.LoadBytes(cpu.Wrap(cpu.gpr(operand)), material, length, Space::ByPsw(operand)))
      return;
    Seed(generator, material, length);
  } else {
    if (LoadStorage<uint32_t>(generator.reseed_counter) == 0)
      return cpu.Interrupt(PgmCode::kSpecification);
    OperandBytes destination;
    if (length && !cpu.Find(cpu.Wrap(cpu.gpr(operand)), length, Access::kStore,
                            Space::ByPsw(operand), destination)) {
      return;
    }
    uint8_t output[kUnit];
    Generate(generator, output, length);
    if (length) destination.Write(output);
    crypto::Advance(cpu, operand, length);
  }
  std::memcpy(block, &generator, sizeof(block));
  parameters.Write(block);
  cpu.set_cc(seed || length == wanted ? 0 : 3);
}

// Fills one operand, a unit at most; true if it is full.
bool FillOperand(GuestCpu& cpu, int operand) {
  const uint64_t wanted = crypto::RemainingLength(cpu, operand);
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(wanted, kUnit));
  if (length == 0) return true;
  OperandBytes destination;
  if (!cpu.Find(cpu.Wrap(cpu.gpr(operand)), length, Access::kStore, Space::ByPsw(operand),
                destination))
    return false;
  uint8_t random[kUnit];
  // Up to 256 bytes at a time getrandom neither fails nor is interrupted.
  for (uint32_t done = 0; done < length; done += 256) {
    if (getrandom(random + done, std::min<uint32_t>(256, length - done), 0) < 0) return false;
  }
  destination.Write(random);
  crypto::Advance(cpu, operand, length);
  return length == wanted;
}

}  // namespace

void PerformRandomNumberOperation(GuestCpu& cpu, const Insn& insn) {
  if (!crypto::OperandPairs(cpu, insn.r1, insn.r2)) return;
  const int function = crypto::FunctionCode(cpu);
  if (function == kSha512Drng) return DeterministicRandom(cpu, insn);
  if (crypto::Modifier(cpu)) return cpu.Interrupt(PgmCode::kSpecification);
  switch (function) {
    case 0:
      return crypto::StoreQuery(cpu, subfunctions::kPrno);
    case kRawToConditionedRatio: {
      uint8_t ratio[8];
      StoreStorage<uint32_t>(ratio, 1);
      StoreStorage<uint32_t>(ratio + 4, 1);
      if (cpu.StoreBytes(crypto::ParameterBlock(cpu), ratio, 8, Space::ByPsw(1))) cpu.set_cc(0);
      return;
    }
    case kTrueRandom:
      // Raw numbers at R1, conditioned ones at R2.
      if (!FillOperand(cpu, insn.r1)) {
        if (!cpu.Stopped()) cpu.set_cc(3);
        return;
      }
      if (insn.r2 != insn.r1 && !FillOperand(cpu, insn.r2)) {
        if (!cpu.Stopped()) cpu.set_cc(3);
        return;
      }
      return cpu.set_cc(0);
    default:
      return cpu.Interrupt(PgmCode::kSpecification);
  }
}

}  // namespace hypervisor::assist
