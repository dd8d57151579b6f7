#include "hypervisor/sie/assist/compression/dictionary.h"

#include "hypervisor/arch/bits.h"

namespace hypervisor::compression {
namespace {

uint8_t Byte(uint64_t entry, int index) {
  return static_cast<uint8_t>(entry >> (56 - 8 * index));
}

}  // namespace

std::optional<CharacterEntry> ReadCharacterEntry(uint64_t entry) {
  constexpr int kCharacters = 3;  // where they start
  CharacterEntry result;
  const int count = static_cast<int>(Bits<0, 2>(entry));
  result.first_child = static_cast<uint32_t>(Bits<11, 23>(entry));
  if (count <= 1) {
    result.extensions = static_cast<int>(Bits<8, 10>(entry));
    if (result.extensions > 4) return std::nullopt;
    result.children = count;
    result.examine = static_cast<uint8_t>(Bits<3, 3>(entry) << 7);
  } else {
    result.extensions = static_cast<int>(Bits<10, 10>(entry));
    // One more than there is room for says that there are siblings.
    const int room = 5 - result.extensions;
    if (count > room + 1) return std::nullopt;
    result.more_children = count > room;
    result.children = result.more_children ? room : count;
    result.examine = static_cast<uint8_t>(Bits<3, 7>(entry) << 3);
    result.examine_sibling = static_cast<uint8_t>(Bits<8, 9>(entry) << 6);
  }
  for (int i = 0; i < result.extensions; ++i) result.extension[i] = Byte(entry, kCharacters + i);
  for (int i = 0; i < result.children; ++i)
    result.child[i] = Byte(entry, kCharacters + result.extensions + i);
  return result;
}

std::optional<SiblingDescriptor> ReadFormat0(uint64_t entry, const CharacterEntry* parent) {
  SiblingDescriptor result;
  result.siblings = static_cast<int>(Bits<0, 2>(entry));
  if (result.siblings == 0) return std::nullopt;
  result.more_siblings = result.siblings == 7;
  for (int i = 0; i < result.siblings; ++i) result.sibling[i] = Byte(entry, 1 + i);
  const uint64_t last = parent ? parent->examine_sibling >> 6 : 3u;
  result.examine = static_cast<uint16_t>(Bits<3, 7>(entry) << 11 | last << 9);
  return result;
}

std::optional<SiblingDescriptor> ReadFormat1(uint64_t entry, uint64_t extension,
                                             const CharacterEntry* parent) {
  SiblingDescriptor result;
  result.siblings = static_cast<int>(Bits<0, 3>(entry));
  if (result.siblings == 0) return std::nullopt;
  result.more_siblings = result.siblings == 15;
  if (result.more_siblings) result.siblings = 14;
  for (int i = 0; i < result.siblings; ++i)
    result.sibling[i] = i < 6 ? Byte(entry, 2 + i) : Byte(extension, i - 6);
  const uint64_t last = parent ? parent->examine_sibling >> 6 : 3u;
  result.examine = static_cast<uint16_t>(Bits<4, 15>(entry) << 4 | last << 2);
  return result;
}

std::optional<ExpansionEntry> ReadExpansionEntry(uint64_t entry) {
  ExpansionEntry result;
  const int partial = static_cast<int>(Bits<0, 2>(entry));
  if (partial == 0) {
    result.length = static_cast<int>(Bits<5, 7>(entry));
    if (result.length == 0) return std::nullopt;
    for (int i = 0; i < result.length; ++i) result.character[i] = Byte(entry, 1 + i);
    return result;
  }
  if (partial > 5) return std::nullopt;
  result.length = partial;
  result.predecessor = static_cast<uint32_t>(Bits<3, 15>(entry));
  result.offset = Byte(entry, 7);
  for (int i = 0; i < partial; ++i) result.character[i] = Byte(entry, 2 + i);
  return result;
}

}  // namespace hypervisor::compression
