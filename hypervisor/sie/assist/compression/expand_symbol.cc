#include <cstring>

#include "hypervisor/sie/assist/compression/dictionary.h"
#include "hypervisor/sie/assist/compression/operands.h"

namespace hypervisor::compression {
namespace {

constexpr uint32_t kAlphabet = 256;  // the first indexes stand for themselves

struct Symbol {
  uint8_t characters[kLongestSymbol];
  uint32_t length = 0;
};

// From the last characters to the first: each entry names its predecessor.
End Gather(Operands& operands, uint32_t index, Symbol& symbol) {
  for (int entries = 1;; ++entries) {
    const uint64_t text = operands.Entry(index);
    if (operands.cpu().Stopped()) return End::kStopped;
    const auto entry = ReadExpansionEntry(text);
    if (!entry || entries > kMostEntries) return End::kDictionary;
    const auto end = static_cast<uint32_t>(entry->offset + entry->length);
    if (entries == 1) {
      symbol.length = end;
      if (operands.target().length() < end) return End::kTarget;
    }
    if (end > symbol.length) return End::kDictionary;
    std::memcpy(symbol.characters + entry->offset, entry->character,
                static_cast<size_t>(entry->length));
    if (!entry->predecessor) return End::kNone;
    index = *entry->predecessor;
    if (index > operands.largest_index()) return End::kDictionary;
  }
}

}  // namespace

End ExpandSymbol(Operands& operands) {
  if (!operands.HasSymbol()) return End::kSource;
  if (operands.target().length() == 0) return End::kTarget;
  uint32_t index;
  if (!operands.TakeSymbol(index)) return End::kStopped;
  Symbol symbol = {};
  if (index < kAlphabet) {
    symbol.characters[0] = static_cast<uint8_t>(index);
    symbol.length = 1;
  } else if (const End end = Gather(operands, index, symbol); end != End::kNone) {
    return end;
  }
  assist::RegisterPair& target = operands.target();
  if (!operands.cpu().StoreBytes(target.address(), symbol.characters, symbol.length,
                                 target.space()))
    return End::kStopped;
  target.Advance(symbol.length);
  return End::kNone;
}

}  // namespace hypervisor::compression
