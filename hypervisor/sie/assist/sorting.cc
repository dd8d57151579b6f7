// COMPARE AND FORM CODEWORD, UPDATE TREE: steps of sorting by a tree of losers (PoP: General
// Instructions; appendix A, "Sorting Instructions").
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

uint64_t Register(const GuestCpu& cpu, int r) {
  return In64BitMode(cpu) ? cpu.gpr(r) : cpu.gpr_low(r);
}

void SetRegister(GuestCpu& cpu, int r, uint64_t value) {
  if (In64BitMode(cpu)) {
    cpu.set_gpr(r, value);
  } else {
    cpu.set_gpr_low(r, static_cast<uint32_t>(value));
  }
}

uint64_t SignBit(const GuestCpu& cpu) {
  return In64BitMode(cpu) ? uint64_t{1} << 63 : uint64_t{1} << 31;
}

}  // namespace

// Operands at GR1 and GR3, compared from the offset in GR2 on. A codeword is the offset behind the
// first difference, then the bytes there of the operand that comes later in the sequence.
void CompareAndFormCodeword(GuestCpu& cpu, const Insn& insn) {
  constexpr int kOperandRegister = 1;  // the access register of both operands
  const uint64_t control = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if ((cpu.gpr(1) | cpu.gpr(2) | cpu.gpr(3)) & 1) return cpu.Interrupt(PgmCode::kSpecification);
  const uint32_t last_offset = control & 0x7ffe;
  const bool descending = control & 1;
  const uint32_t size = In64BitMode(cpu) ? 6 : 2;
  uint8_t first[6];
  uint8_t third[6];
  int difference = 0;
  while (difference == 0) {
    const uint64_t offset = cpu.gpr(2) & 0xffff;
    if (offset > last_offset) {
      SetRegister(cpu, 2, Register(cpu, 3) | SignBit(cpu));
      return cpu.set_cc(0);
    }
    const Space space = Space::ByPsw(kOperandRegister);
    if (!cpu.LoadBytes(cpu.Wrap(cpu.gpr(1) + offset), first, size, space) ||
        !cpu.LoadBytes(cpu.Wrap(cpu.gpr(3) + offset), third, size, space)) {
      return;
    }
    SetRegister(cpu, 2, Register(cpu, 2) + size);
    difference = std::memcmp(first, third, size);
  }
  const bool in_sequence = (difference < 0) != descending;
  const uint8_t* later = in_sequence ? third : first;
  uint64_t codeword = Register(cpu, 2);
  for (uint32_t i = 0; i < size; ++i)
    codeword = codeword << 8 | static_cast<uint8_t>(descending ? later[i] : ~later[i]);
  SetRegister(cpu, 2, codeword);
  if (!in_sequence) {
    const uint64_t one = Register(cpu, 1);
    SetRegister(cpu, 1, Register(cpu, 3));
    SetRegister(cpu, 3, one);
  }
  cpu.set_cc(in_sequence ? 1 : 2);
}

// GR4 is where the tree begins, GR5 the offset of a node; GR0 and GR1 are a node that climbs
// towards the root, changing places with each one of a higher codeword. A node is a unit of
// operation.
void UpdateTree(GuestCpu& cpu, const Insn&) {
  constexpr int kTreeRegister = 4;
  const uint64_t half = In64BitMode(cpu) ? 8 : 4;
  const uint64_t node_size = 2 * half;
  if ((cpu.gpr(4) | cpu.gpr(5)) & (node_size - 1)) return cpu.Interrupt(PgmCode::kSpecification);
  for (;;) {
    const uint64_t offset = Register(cpu, 5) >> 1 & ~(node_size - 1);
    const uint64_t climbing = Register(cpu, 0);
    if (offset == 0 || (climbing & SignBit(cpu))) {
      SetRegister(cpu, 5, offset);
      return cpu.set_cc(offset == 0 ? 1 : 3);
    }
    const uint64_t address = cpu.Wrap(cpu.gpr(4) + offset);
    const auto load = [&](uint64_t at) -> uint64_t {
      if (half == 8) return cpu.Load<uint64_t>(cpu.Wrap(at), kTreeRegister);
      return cpu.Load<uint32_t>(cpu.Wrap(at), kTreeRegister);
    };
    const uint64_t codeword = load(address);
    const uint64_t rest = load(address + half);
    if (cpu.Stopped()) return;
    if (codeword > climbing) {
      uint8_t text[16];
      if (half == 8) {
        StoreStorage<uint64_t>(text, cpu.gpr(0));
        StoreStorage<uint64_t>(text + 8, cpu.gpr(1));
      } else {
        StoreStorage<uint32_t>(text, cpu.gpr_low(0));
        StoreStorage<uint32_t>(text + 4, cpu.gpr_low(1));
      }
      if (!cpu.StoreBytes(address, text, static_cast<uint32_t>(node_size),
                          Space::ByPsw(kTreeRegister))) {
        return;
      }
      SetRegister(cpu, 0, codeword);
      SetRegister(cpu, 1, rest);
    }
    SetRegister(cpu, 5, offset);
    if (codeword == climbing) {
      SetRegister(cpu, 2, codeword);
      SetRegister(cpu, 3, rest);
      return cpu.set_cc(0);
    }
  }
}

}  // namespace hypervisor::assist
