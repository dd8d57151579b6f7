// No kernel image, initrd or command line makes the loader write beyond the machine's storage.
//
// Input: a byte for the length of the command line (in fours), the command line, the image. So that
// the interesting bytes are near, the image begins at its magic.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "tests/ucontrol/storage_of_bytes.h"
#include "ucontrol/boot/boot_image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const size_t line = std::min<size_t>(size - 1, size_t{4} * bytes[0]);
  const std::string_view command_line(reinterpret_cast<const char*>(bytes + 1), line);
  const ucontrol::FileBytes rest(bytes + 1 + line, size - 1 - line);
  std::vector<uint8_t> image(0x10008, 0);
  image[1] = 0x08;
  image.insert(image.end(), rest.begin(), rest.end());
  image.resize(std::max<size_t>(image.size(), 0x11000));

  ucontrol::StorageOfBytes storage(0x11800);
  const auto psw = ucontrol::LoadProgram(
      storage, {.image = image, .initrd = rest, .command_line = command_line});
  if (psw.ok() && rest.size() > 0 && psw->address == 0x10000) std::abort();
  return 0;
}
