// The longest string of the dictionary's tree that the text starts with, character by character.
#include <algorithm>

#include "hypervisor/sie/assist/compression/dictionary.h"
#include "hypervisor/sie/assist/compression/operands.h"

namespace hypervisor::compression {
namespace {

// A walk down the tree, from an alphabet entry.
class Walk {
 public:
  explicit Walk(Operands& operands) : operands_(operands), source_(operands.source()) {}

  // End::kNone, or why there is no symbol.
  End Run();
  uint32_t index() const { return index_; }
  bool source_ended() const { return source_ended_; }

 private:
  enum class Next { kParent, kChild, kMismatch, kNotThis, kEnd };

  bool ReadEntry(uint32_t index, CharacterEntry& entry);
  bool Source(uint64_t offset, uint8_t& byte);
  Next Step();
  Next AmongChildren(uint8_t byte);
  Next AmongSiblings(uint8_t byte);
  Next Try(uint32_t child, bool examine);
  Next Fail(End end) {
    end_ = end;
    return Next::kEnd;
  }
  void Take(uint64_t count) {
    source_.Advance(count);
    length_ += count;
  }

  Operands& operands_;
  assist::RegisterPair& source_;
  End end_ = End::kNone;
  CharacterEntry parent_;
  uint32_t index_ = 0;
  uint64_t length_ = 0;  // characters so far
  bool source_ended_ = false;
};

bool Walk::ReadEntry(uint32_t index, CharacterEntry& entry) {
  if (index > operands_.largest_index()) return Fail(End::kDictionary), false;
  const uint64_t text = operands_.Entry(index);
  if (operands_.cpu().Stopped()) return Fail(End::kStopped), false;
  const auto read = ReadCharacterEntry(text);
  if (!read) return Fail(End::kDictionary), false;
  entry = *read;
  return true;
}

bool Walk::Source(uint64_t offset, uint8_t& byte) {
  uint8_t text;
  GuestCpu& cpu = operands_.cpu();
  if (!cpu.LoadBytes(cpu.Wrap(source_.address() + offset), &text, 1, source_.space())) {
    end_ = End::kStopped;
    return false;
  }
  byte = text;
  return true;
}

// Makes a child whose first character has matched the parent, if its extensions match too.
Walk::Next Walk::Try(uint32_t child, bool examine) {
  if (child > operands_.largest_index()) return Fail(End::kDictionary);
  if (!examine) {
    index_ = child;
    Take(1);
    return Next::kParent;  // which has neither extensions nor children
  }
  CharacterEntry entry;
  if (!ReadEntry(child, entry)) return Next::kEnd;
  const auto extensions = static_cast<uint64_t>(entry.extensions);
  if (source_.length() < 1 + extensions) return Next::kMismatch;
  for (uint64_t i = 0; i < extensions; ++i) {
    uint8_t byte;
    if (!Source(1 + i, byte)) return Next::kEnd;
    if (byte != entry.extension[i]) return Next::kMismatch;
  }
  index_ = child;
  parent_ = entry;
  Take(1 + extensions);
  return Next::kChild;
}

Walk::Next Walk::AmongChildren(uint8_t byte) {
  bool first_character_only = true;  // all children so far began with this character
  for (int i = 0; i < parent_.children; ++i) {
    if (byte != parent_.child[i]) {
      first_character_only = false;
      continue;
    }
    const Next next =
        Try(parent_.first_child + static_cast<uint32_t>(i), parent_.examine << i & 0x80);
    if (next != Next::kMismatch) return next;
    // Another child may begin likewise, if they come first.
    if (!first_character_only || i + 1 == parent_.children) return Next::kParent;
  }
  return Next::kNotThis;
}

Walk::Next Walk::AmongSiblings(uint8_t byte) {
  uint32_t descriptor = parent_.first_child + static_cast<uint32_t>(parent_.children);
  int children = parent_.children;
  const CharacterEntry* first = &parent_;
  for (;;) {
    if (descriptor > operands_.largest_index()) return Fail(End::kDictionary);
    const uint64_t text = operands_.Entry(descriptor);
    const uint64_t extension = operands_.format_1() ? operands_.SecondEntry(descriptor) : 0;
    if (operands_.cpu().Stopped()) return Fail(End::kStopped);
    const auto siblings =
        operands_.format_1() ? ReadFormat1(text, extension, first) : ReadFormat0(text, first);
    if (!siblings) return Fail(End::kDictionary);
    for (int i = 0; i < siblings->siblings; ++i) {
      if (byte != siblings->sibling[i]) continue;
      const Next next =
          Try(descriptor + 1 + static_cast<uint32_t>(i), siblings->examine << i & 0x8000);
      return next == Next::kMismatch ? Next::kParent : next;
    }
    if (!siblings->more_siblings) return Next::kParent;
    children += siblings->siblings;
    if (children > kMostChildren) return Fail(End::kDictionary);
    descriptor += static_cast<uint32_t>(siblings->siblings) + 1;
    first = nullptr;
  }
}

Walk::Next Walk::Step() {
  if (parent_.children == 0) return Next::kParent;
  if (source_.length() == 0) {
    source_ended_ = true;
    return Next::kParent;
  }
  uint8_t byte;
  if (!Source(0, byte)) return Next::kEnd;
  const Next next = AmongChildren(byte);
  if (next != Next::kNotThis) return next;
  return parent_.more_children ? AmongSiblings(byte) : Next::kParent;
}

End Walk::Run() {
  uint8_t byte;
  if (!Source(0, byte)) return end_;
  index_ = byte;
  if (!ReadEntry(index_, parent_)) return end_;
  Take(1);
  Next next = Next::kChild;
  while (next == Next::kChild && length_ <= kLongestSymbol) next = Step();
  if (next == Next::kEnd) return end_;
  return length_ > kLongestSymbol ? End::kDictionary : End::kNone;
}

}  // namespace

End CompressSymbol(Operands& operands) {
  if (operands.source().length() == 0) return End::kSource;
  if (!operands.HasRoomForSymbol()) return End::kTarget;
  Walk walk(operands);
  if (const End end = walk.Run(); end != End::kNone) return end;
  if (!operands.PutSymbol(walk.index())) return End::kStopped;
  return walk.source_ended() ? End::kLastSymbol : End::kNone;
}

}  // namespace hypervisor::compression
