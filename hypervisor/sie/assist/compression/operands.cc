#include "hypervisor/sie/assist/compression/operands.h"

namespace hypervisor::compression {
namespace {

constexpr uint32_t kTranslateSymbols = 0x10000;  // GR0 bit 47

}  // namespace

Operands::Operands(GuestCpu& cpu, const Insn& insn)
    : cpu_(cpu),
      control_(cpu.gpr_low(0)),
      size_code_(control_ >> 12 & 15),
      symbol_bits_(8 + size_code_),
      r2_(insn.r2),
      dictionary_(cpu.Wrap(cpu.gpr(1)) & ~kPageMask),
      translation_(control_ & kTranslateSymbols ? (cpu.gpr(1) & 0xff8) << 4 : 0),
      bit_(cpu.gpr_low(1) & 7),
      target_(cpu, insn.r1),
      source_(cpu, insn.r2) {}

void Operands::Commit() {
  target_.Commit();
  source_.Commit();
  cpu_.set_gpr_low(1, (cpu_.gpr_low(1) & ~7u) | bit_);
}

uint64_t Operands::Entry(uint32_t index) {
  return cpu_.Load<uint64_t>(cpu_.Wrap(dictionary_ + uint64_t{index} * 8), r2_);
}

uint64_t Operands::SecondEntry(uint32_t index) {
  return Entry(index + (1u << symbol_bits_));
}

void Operands::AdvanceBits(assist::RegisterPair& operand) {
  bit_ += symbol_bits_;
  operand.Advance(bit_ / 8);
  bit_ %= 8;
}

bool Operands::PutSymbol(uint32_t index) {
  uint32_t symbol = index;
  if (translation_) {
    const uint64_t place = cpu_.Wrap(dictionary_ + translation_ + uint64_t{index} * 2);
    symbol = cpu_.Load<uint16_t>(place, r2_) & largest_index();
    if (cpu_.Stopped()) return false;
  }
  const uint32_t bytes = (bit_ + symbol_bits_ + 7) / 8;
  OperandBytes place;
  if (!cpu_.Find(target_.address(), bytes, Access::kStore, target_.space(), place)) return false;
  // Bits before the symbol stay, those behind it in its last byte become zeros.
  const uint32_t before = bit_ ? place[0] & ~(0xffu >> bit_) : 0;
  const uint32_t text = before << 16 | symbol << (24 - bit_ - symbol_bits_);
  for (uint32_t i = 0; i < bytes; ++i) place[i] = static_cast<uint8_t>(text >> (16 - 8 * i));
  AdvanceBits(target_);
  return true;
}

bool Operands::TakeSymbol(uint32_t& index) {
  const uint32_t bytes = (bit_ + symbol_bits_ + 7) / 8;
  OperandBytes place;
  if (!cpu_.Find(source_.address(), bytes, Access::kFetch, source_.space(), place)) return false;
  uint32_t text = 0;
  for (uint32_t i = 0; i < bytes; ++i) text |= uint32_t{place[i]} << (16 - 8 * i);
  index = text >> (24 - bit_ - symbol_bits_) & largest_index();
  AdvanceBits(source_);
  return true;
}

}  // namespace hypervisor::compression
