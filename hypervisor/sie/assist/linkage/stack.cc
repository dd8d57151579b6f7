#include "hypervisor/sie/assist/linkage/stack.h"

#include <cstring>

namespace hypervisor::linkage {
namespace {

constexpr uint64_t kEntryAddress = ~uint64_t{7};
constexpr uint8_t kTypeMask = 0x7f;
constexpr uint8_t kUnstackSuppression = 0x80;
constexpr uint8_t kHeader = 0x09;
constexpr uint64_t kValid = 1;

// An entry descriptor.
struct Descriptor {
  uint8_t type = 0;  // with the unstack-suppression bit
  uint8_t section = 0;
  uint16_t free_space = 0;
};

bool ReadDescriptor(GuestCpu& cpu, uint64_t address, Descriptor& descriptor) {
  uint8_t text[8];
  if (!cpu.LoadBytes(address, text, 8, kStackSpace)) return false;
  descriptor = {text[0], text[1], LoadStorage<uint16_t>(text + 2)};
  return true;
}

bool ReadDoubleword(GuestCpu& cpu, uint64_t address, uint64_t& value) {
  uint8_t text[8];
  if (!cpu.LoadBytes(address, text, 8, kStackSpace)) return false;
  value = LoadStorage<uint64_t>(text);
  return true;
}

bool Fail(GuestCpu& cpu, PgmCode code) {
  cpu.Interrupt(code);
  return false;
}

}  // namespace

bool Push(GuestCpu& cpu, uint8_t type, const Psw& psw, uint64_t called) {
  CpuState& state = cpu.state();
  uint64_t last = state.cr[15] & kEntryAddress;
  Descriptor descriptor;
  if (!ReadDescriptor(cpu, last, descriptor)) return false;

  // No room: the trailer entry behind the free space names the next section's header.
  OperandBytes backward;
  if (descriptor.free_space < kStateEntrySize) {
    if (descriptor.free_space % 8) return Fail(cpu, PgmCode::kStackSpecification);
    uint64_t forward = 0;
    if (!ReadDoubleword(cpu, last + 8 + descriptor.free_space, forward)) return false;
    if (!(forward & kValid)) return Fail(cpu, PgmCode::kStackFull);
    last = forward & kEntryAddress;
    if (!ReadDescriptor(cpu, last, descriptor)) return false;
    if (descriptor.free_space < kStateEntrySize) return Fail(cpu, PgmCode::kStackSpecification);
    if (!cpu.Find(last - 8, 8, Access::kStore, kStackSpace, backward)) return false;
  }

  uint8_t entry[kStateEntrySize] = {};
  for (int i = 0; i < 16; ++i) {
    StoreStorage<uint64_t>(entry + kGprs + 8 * i, state.gpr[i]);
    StoreStorage<uint32_t>(entry + kAccessRegisters + 4 * i, state.ar[i]);
  }
  StoreStorage<uint32_t>(entry + kKeyMask, static_cast<uint32_t>(state.cr[3]));
  StoreStorage<uint16_t>(entry + kKeyMask + 4, static_cast<uint16_t>(state.cr[8] >> 16));
  StoreStorage<uint16_t>(entry + kKeyMask + 6, static_cast<uint16_t>(state.cr[4]));
  StoreStorage<uint64_t>(entry + kPswMask, psw.mask);
  StoreStorage<uint64_t>(entry + kPswAddress, psw.address);
  StoreStorage<uint64_t>(entry + kCalled, called);
  entry[kDescriptor] = type;
  entry[kDescriptor + 1] = descriptor.section;
  StoreStorage<uint16_t>(entry + kDescriptor + 2,
                         static_cast<uint16_t>(descriptor.free_space - kStateEntrySize));

  OperandBytes place;
  OperandBytes next_size;
  if (!cpu.Find(last + 8, kStateEntrySize, Access::kStore, kStackSpace, place)) return false;
  if (!cpu.Find(last + 4, 2, Access::kStore, kStackSpace, next_size)) return false;
  uint8_t text[8];
  if (backward.first) {
    StoreStorage<uint64_t>(text, (state.cr[15] & kEntryAddress) | kValid);
    backward.Write(text);
  }
  place.Write(entry);
  StoreStorage<uint16_t>(text, kStateEntrySize);
  next_size.Write(text);
  state.cr[15] = last + 8 + kDescriptor;
  return true;
}

bool FindLast(GuestCpu& cpu, bool unstack, StateEntry& entry) {
  uint64_t last = cpu.state().cr[15] & kEntryAddress;
  Descriptor descriptor;
  if (!ReadDescriptor(cpu, last, descriptor)) return false;
  if ((descriptor.type & kTypeMask) == kHeader) {
    // The first entry of a section: the last entry of the section before it is meant.
    if (unstack && (descriptor.type & kUnstackSuppression))
      return Fail(cpu, PgmCode::kStackOperation);
    uint64_t backward = 0;
    if (!ReadDoubleword(cpu, last - 8, backward)) return false;
    if (!(backward & kValid)) return Fail(cpu, PgmCode::kStackEmpty);
    last = backward & kEntryAddress;
    if (!ReadDescriptor(cpu, last, descriptor)) return false;
    if ((descriptor.type & kTypeMask) == kHeader) return Fail(cpu, PgmCode::kStackSpecification);
  }
  entry.type = descriptor.type & kTypeMask;
  if (entry.type != kBranchState && entry.type != kProgramCallState)
    return Fail(cpu, PgmCode::kStackType);
  if (unstack && (descriptor.type & kUnstackSuppression))
    return Fail(cpu, PgmCode::kStackOperation);
  entry.descriptor = last;
  entry.address = last - kDescriptor;
  return cpu.LoadBytes(entry.address, entry.bytes, kStateEntrySize, kStackSpace);
}

void RestoreRegisters(GuestCpu& cpu, const StateEntry& entry, int first, int last) {
  for (int r = first;; r = (r + 1) & 15) {
    cpu.set_gpr(r, LoadStorage<uint64_t>(entry.bytes + kGprs + 8 * r));
    cpu.state().ar[r] = LoadStorage<uint32_t>(entry.bytes + kAccessRegisters + 4 * r);
    if (r == last) return;
  }
}

bool Pop(GuestCpu& cpu, const StateEntry& entry) {
  // The descriptor before the entry says no longer that there is a next one.
  const uint64_t before = entry.address - 8;
  OperandBytes next_size;
  if (!cpu.Find(before + 4, 2, Access::kStore, kStackSpace, next_size)) return false;
  const uint8_t none[2] = {};
  next_size.Write(none);
  cpu.state().cr[15] = before;
  return true;
}

}  // namespace hypervisor::linkage
