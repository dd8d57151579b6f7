// General registers that live in storage: a temporary that still has what one was set to, or loaded
// from, saves loading it.
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

void BlockEmitter::Hold(const Gp& temporary, int guest, int width, bool clean) {
  if (is_behind_) return;
  for (int i = 0; i < kTemporaryCount; ++i) {
    if (kTemporaries[i] == temporary.id())
      held_[i] = {++holds_, static_cast<uint8_t>(guest), static_cast<uint8_t>(width), clean};
  }
}

int BlockEmitter::HeldIn(int guest, int width) const {
  for (int i = 0; i < kTemporaryCount; ++i) {
    if (held_[i].since != 0 && held_[i].guest == guest && held_[i].width >= width) return i;
  }
  return -1;
}

void BlockEmitter::LetGo(int guest) {
  for (Held& held : held_)
    if (held.guest == guest) held = {};
}

void BlockEmitter::LetGoOfAll() {
  for (Held& held : held_) held = {};
}

bool BlockEmitter::Claim(ValueId id, int guest, int width) {
  const int index = HeldIn(guest, width);
  if (index < 0 || owners_[index] != 0 || locked_[index]) return false;
  owners_[index] = id;
  locked_[index] = true;
  values_[id] = Value{};
  values_[id].where = Where::kTemporary;
  values_[id].place = static_cast<uint8_t>(index);
  values_[id].clean = width <= 32 && held_[index].clean;
  return true;
}

Operand BlockEmitter::InStorage(int guest, int width) {
  const int index = HeldIn(guest, width);
  if (index < 0 || owners_[index] != 0) return Gpr(guest, static_cast<uint32_t>(width) / 8);
  locked_[index] = true;
  return Sized(gpq(kTemporaries[index]), width);
}

Operand BlockEmitter::AsRead(ValueId id, int width) {
  const Value& value = values_[id];
  const bool is_stored = value.where == Where::kGuest && !IsPinned(value.place);
  return is_stored ? InStorage(value.place, width) : AsOperand(id, width);
}

}  // namespace hypervisor::x86
