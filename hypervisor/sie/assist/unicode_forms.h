// The three encodings of Unicode that the CONVERT UTF instructions know: one character read from or
// written to bytes. Pure functions.
#ifndef HYPERVISOR_SIE_ASSIST_UNICODE_FORMS_H_
#define HYPERVISOR_SIE_ASSIST_UNICODE_FORMS_H_

#include <cstdint>

#include "hypervisor/storage/byte_order.h"

namespace hypervisor::assist {

struct Decoded {
  enum class Kind { kCharacter, kIncomplete, kInvalid };
  Kind kind;
  uint32_t character = 0;
  uint32_t length = 0;  // bytes; of an incomplete one, those that it needs
};

// Decode(bytes, available, strict): the character at `bytes`. `strict` also rejects what isn't well
// formed but could be read all the same.
struct Utf8 {
  static constexpr uint32_t kLongest = 4;

  static Decoded Decode(const uint8_t* bytes, uint64_t available, bool strict) {
    using enum Decoded::Kind;
    if (available < 1) return {kIncomplete, 0, 1};
    const uint8_t first = bytes[0];
    if (first < 0x80) return {kCharacter, first, 1};
    if (first < 0xc0 || first >= 0xf8) return {kInvalid};
    if (strict && (first < 0xc2 || first > 0xf4)) return {kInvalid};
    const uint32_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (available < length) return {kIncomplete, 0, length};
    if (strict) {
      // The second byte of some is limited: no overlong forms, no surrogates, nothing above 10ffff.
      const uint8_t lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
      const uint8_t highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
      if (bytes[1] < lowest || bytes[1] > highest) return {kInvalid};
      for (uint32_t at = 2; at < length; ++at) {
        if ((bytes[at] & 0xc0) != 0x80) return {kInvalid};
      }
    }
    uint32_t character = first & (0x7fu >> length);
    for (uint32_t at = 1; at < length; ++at) character = character << 6 | (bytes[at] & 0x3f);
    return {kCharacter, character, length};
  }

  // Yields the number of bytes.
  static uint32_t Encode(uint32_t character, uint8_t* bytes) {
    if (character < 0x80) {
      bytes[0] = static_cast<uint8_t>(character);
      return 1;
    }
    const uint32_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (uint32_t at = length - 1; at > 0; --at, character >>= 6) {
      bytes[at] = static_cast<uint8_t>(0x80 | (character & 0x3f));
    }
    bytes[0] = static_cast<uint8_t>((0xf00u >> length & 0xf0) | character);
    return length;
  }
};

struct Utf16 {
  static constexpr uint32_t kLongest = 4;

  static Decoded Decode(const uint8_t* bytes, uint64_t available, bool strict) {
    using enum Decoded::Kind;
    if (available < 2) return {kIncomplete, 0, 2};
    const uint32_t first = LoadStorage<uint16_t>(bytes);
    if ((first & 0xfc00) != 0xd800) return {kCharacter, first, 2};
    if (available < 4) return {kIncomplete, 0, 4};
    const uint32_t second = LoadStorage<uint16_t>(bytes + 2);
    if (strict && (second & 0xfc00) != 0xdc00) return {kInvalid};
    return {kCharacter, 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff)), 4};
  }

  static uint32_t Encode(uint32_t character, uint8_t* bytes) {
    if (character < 0x10000) {
      StoreStorage<uint16_t>(bytes, static_cast<uint16_t>(character));
      return 2;
    }
    const uint32_t offset = character - 0x10000;
    StoreStorage<uint16_t>(bytes, static_cast<uint16_t>(0xd800 | (offset >> 10 & 0x3ff)));
    StoreStorage<uint16_t>(bytes + 2, static_cast<uint16_t>(0xdc00 | (offset & 0x3ff)));
    return 4;
  }
};

struct Utf32 {
  static constexpr uint32_t kLongest = 4;

  static Decoded Decode(const uint8_t* bytes, uint64_t available, bool) {
    using enum Decoded::Kind;
    if (available < 4) return {kIncomplete, 0, 4};
    const auto character = LoadStorage<uint32_t>(bytes);
    if ((character & ~0x3ffu) == 0xd800 || character > 0x10ffff) return {kInvalid};
    return {kCharacter, character, 4};
  }

  static uint32_t Encode(uint32_t character, uint8_t* bytes) {
    StoreStorage<uint32_t>(bytes, character);
    return 4;
  }
};

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_UNICODE_FORMS_H_
