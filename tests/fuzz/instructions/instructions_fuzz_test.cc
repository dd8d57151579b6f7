// Streams of instructions, valid and not, in any mode, on the engine. Whatever a guest executes,
// the engine neither crashes nor hangs, touches no storage but the guest's, and says why it ended.
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tests/fuzz/instructions/stream.h"
#include "tests/fuzz/instructions/watchdog.h"

namespace {

using namespace hypervisor;

constexpr int kExits = 40;

void Require(bool holds) {
  if (!holds) std::abort();
}

GuestMachine& NewMachine() {
  auto& machine = *new GuestMachine;
  // Two segments lie the other way round in our memory: an operand that crosses into one of them is
  // in two pieces.
  for (const uint64_t segment : {uint64_t{1}, uint64_t{2}}) {
    const uint64_t place = (3 - segment) * kSegmentSize;
    machine.space.Map(UserAddress(reinterpret_cast<uint64_t>(machine.At(place))),
                      VcpuAddress(segment * kSegmentSize), kSegmentSize);
  }
  return machine;
}

// As after its construction; the engine's memory of decoded instructions may stay.
void Clear(GuestMachine& machine) {
  static const uapi::SieBlock block = machine.block;
  static const CpuState cpu = machine.cpu;
  machine.block = block;
  machine.block.ihcpu = 0xffff;  // the translation-lookaside buffer is not good
  machine.cpu = cpu;
  machine.sie->ClearKick();
  madvise(machine.At(0), GuestMachine::kStorageSize, MADV_DONTNEED);
  for (uint64_t page = 0; page < GuestMachine::kStorageSize; page += kPageSize) {
    machine.keys.KeyOf(UserAddress(reinterpret_cast<uint64_t>(machine.At(page)))) = 0;
  }
}

// What a host must find after any run.
void CheckState(const GuestMachine& machine) {
  const uapi::SieBlock& block = machine.block;
  Require((block.cpuflags & uapi::kCpuRunning) == 0);
  Require(machine.cpu.prefix == 0);  // SET PREFIX is the host's to do
  switch (static_cast<uapi::Interception>(block.icptcode)) {
    case uapi::Interception::kInstruction:
      Require(block.ipa != 0);
      break;
    case uapi::Interception::kProgram:
      Require(block.pgmilc <= 6 && block.pgmilc % 2 == 0);
      Require(block.iprcc != 0);
      break;
    default:
      break;
  }
}

// False if nothing more will happen.
bool GoOn(GuestMachine& machine, const SieExit& exit) {
  switch (exit.reason) {
    case SieExit::Reason::kKicked:
    case SieExit::Reason::kBackingMissing:
      return false;
    case SieExit::Reason::kSegmentMissing:
      // Nullified for ever, as nothing will be mapped there.
      machine.cpu.psw.address += 2;
      return true;
    case SieExit::Reason::kIntercepted:
      break;
  }
  switch (static_cast<uapi::Interception>(machine.block.icptcode)) {
    case uapi::Interception::kProgram:
      // As the monitor would: in the guest, at the program-new PSW.
      machine.cpu.psw = Psw{machine.Read<uint64_t>(0x1d0), machine.Read<uint64_t>(0x1d8)};
      return true;
    case uapi::Interception::kInstruction:
    case uapi::Interception::kOperationException:
    case uapi::Interception::kPartialExecution:
      return true;
    default:
      return false;  // waiting, stopped, invalid
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Watchdog& watchdog = *new Watchdog;
  static GuestMachine& machine = NewMachine();
  Clear(machine);
  Prepare(machine, data, size);
  watchdog.Watch(machine.sie.get());
  for (int exits = 0; exits < kExits; ++exits) {
    const SieExit exit = machine.Run();
    if (exit.reason == SieExit::Reason::kIntercepted) CheckState(machine);
    if (!GoOn(machine, exit)) break;
  }
  watchdog.Watch(nullptr);
  return 0;
}
