#include "services/identifier.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_format.h"

namespace services {
namespace {

template <size_t kBytes>
std::array<uint8_t, kBytes> RandomBytes() {
  std::array<uint8_t, kBytes> bytes;
  // Up to 256 bytes come whole; without random numbers there is no going on.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) abort();
  return bytes;
}

}  // namespace

std::string RandomUuid() {
  auto bytes = RandomBytes<16>();
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string uuid;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uuid += '-';
    absl::StrAppendFormat(&uuid, "%02x", bytes[i]);
  }
  return uuid;
}

std::string RandomId(const std::string& prefix) {
  constexpr char kCharacters[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string id = prefix + "-";
  for (const uint8_t byte : RandomBytes<10>()) id += kCharacters[byte % 32];
  return id;
}

}  // namespace services
