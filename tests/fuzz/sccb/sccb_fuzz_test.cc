// Whatever a guest stores in a service-call control block, the answer stays inside it.
//
// Input: four bytes of command, one of offset in the page (in doublewords), then blocks.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/time/time.h"
#include "tests/ucontrol/storage_of_bytes.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/service_call/service_call.h"

using ucontrol::Console;
using ucontrol::MachineDescription;
using ucontrol::RecordedInterruptions;
using ucontrol::ServiceCall;
using ucontrol::StorageOfBytes;

namespace {

constexpr uint64_t kSize = 0x20000;
constexpr uint64_t kPage = 0x10000;
constexpr size_t kPrologue = 5;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < kPrologue) return 0;
  StorageOfBytes storage(kSize);
  RecordedInterruptions interruptions;
  MachineDescription machine;
  machine.storage_size = 1 << 20;
  machine.cpu_addresses = {0, 1, 2};
  machine.facilities.Set(140, (bytes[4] & 1) != 0);
  Console console({.scroll_back = 64, .input = 64});
  ServiceCall service({.storage = storage,
                       .interruptions = interruptions,
                       .machine = machine,
                       .ascii_console = &console,
                       .line_mode_console = &console});
  auto writer = console.OpenWriter();
  (*writer)->Write("a line\n", absl::InfinitePast());

  const auto command = ucontrol::LoadBigEndian<uint32_t>(bytes);
  const uint64_t address = kPage + (bytes[4] >> 1) * 8;
  const size_t length = std::min<size_t>(size - kPrologue, kSize - address);
  std::copy_n(bytes + kPrologue, length, storage.at(address));
  const auto before = storage.bytes();
  const uint64_t sccb = ucontrol::LoadBigEndian<uint16_t>(storage.at(address));
  service.Execute(command, address, 0);
  for (uint64_t i = 0; i < kSize; ++i) {
    if (i >= address && i < address + sccb) continue;
    if (storage.bytes()[i] != before[i]) std::abort();
  }
  service.Execute(0x00770005, kPage, 0);
  return 0;
}
