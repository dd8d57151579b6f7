// No file makes the ELF loader read beyond it or write beyond the machine's storage.
#include <cstddef>
#include <cstdint>

#include "tests/ucontrol/storage_of_bytes.h"
#include "ucontrol/boot/elf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ucontrol::StorageOfBytes storage(0x20000);
  (void)ucontrol::LoadElf(storage, ucontrol::FileBytes(bytes, size));
  return 0;
}
