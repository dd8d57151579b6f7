// Entries of the dictionaries of COMPRESSION CALL, eight bytes each (PoP: General Instructions,
// "COMPRESSION CALL"; SA22-7208, "Data Compression"). Pure functions: nothing means that the entry
// is one which no dictionary may have, a data exception.
#ifndef HYPERVISOR_SIE_ASSIST_COMPRESSION_DICTIONARY_H_
#define HYPERVISOR_SIE_ASSIST_COMPRESSION_DICTIONARY_H_

#include <cstdint>
#include <optional>

namespace hypervisor::compression {

inline constexpr int kLongestSymbol = 260;  // characters that one index stands for
inline constexpr int kMostChildren = 260;   // of one parent
inline constexpr int kMostEntries = 127;    // of the expansion dictionary, for one symbol

// A character entry of the compression dictionary.
struct CharacterEntry {
  int children = 0;            // whose first character stands in this entry
  bool more_children = false;  // a sibling descriptor follows the entries of those
  int extensions = 0;          // further characters that must match
  uint32_t first_child = 0;    // its index
  uint8_t extension[4] = {};
  uint8_t child[5] = {};
  uint8_t examine = 0;          // bit 0 to 4: child 1 to 5 has extensions or children
  uint8_t examine_sibling = 0;  // bit 0, 1: the last two of the first sibling descriptor
};
std::optional<CharacterEntry> ReadCharacterEntry(uint64_t entry);

// A sibling descriptor: more children of the same parent.
struct SiblingDescriptor {
  int siblings = 0;
  bool more_siblings = false;  // another descriptor follows the entries of those
  uint8_t sibling[14] = {};
  uint16_t examine = 0;  // bit 0 to 13
};
// Format 0, up to seven siblings. The parent knows whether the last two are to be examined, if
// this is its first descriptor; those of others always are.
std::optional<SiblingDescriptor> ReadFormat0(uint64_t entry, const CharacterEntry* parent);
// Format 1, up to 14; those from the seventh stand in `extension`, the entry of the same index in
// the expansion dictionary.
std::optional<SiblingDescriptor> ReadFormat1(uint64_t entry, uint64_t extension,
                                             const CharacterEntry* parent);

// An entry of the expansion dictionary.
struct ExpansionEntry {
  int length = 0;  // of its own characters
  uint8_t character[7] = {};
  int offset = 0;                       // where they stand in the symbol
  std::optional<uint32_t> predecessor;  // the entry with characters before them
};
std::optional<ExpansionEntry> ReadExpansionEntry(uint64_t entry);

}  // namespace hypervisor::compression

#endif  // HYPERVISOR_SIE_ASSIST_COMPRESSION_DICTIONARY_H_
