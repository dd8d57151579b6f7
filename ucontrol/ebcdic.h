// EBCDIC, code page 037: what system information and line-mode consoles are written in.
#ifndef UCONTROL_EBCDIC_H_
#define UCONTROL_EBCDIC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ucontrol {

inline constexpr uint8_t kEbcdicBlank = 0x40;

// Latin-1 to EBCDIC and back. Both are one to one.
uint8_t ToEbcdic(char latin1);
char FromEbcdic(uint8_t ebcdic);

// `text` in a field of `width` bytes: cut, or filled with blanks. `field` has that many bytes.
void StoreEbcdic(std::string_view text, uint8_t* field, size_t width);

// All of `length` bytes, trailing blanks dropped.
std::string LoadEbcdic(const uint8_t* field, size_t length);

}  // namespace ucontrol

#endif  // UCONTROL_EBCDIC_H_
