#include "tests/hypervisor/sie/assist/compression/random_dictionary.h"

#include <algorithm>

namespace hypervisor {
namespace {

uint64_t At(char character, size_t byte) {
  return uint64_t{static_cast<uint8_t>(character)} << (56 - 8 * byte);
}

}  // namespace

RandomDictionary::RandomDictionary(int bits, bool format_1, uint32_t seed)
    : random_(seed),
      format_1_(format_1),
      size_(1u << bits),
      compression_(size_),
      expansion_(size_) {
  for (uint32_t i = 0; i < 256; ++i) {
    Node node;
    node.text = std::string(1, static_cast<char>(i));
    node.index = i;
    nodes_.push_back(node);
  }
  for (size_t parent = kFirstLetter; parent < nodes_.size(); ++parent) {
    if (parent >= kFirstLetter + kLetters && parent < 256) continue;
    AddChildren(parent);
  }
  for (const Node& node : nodes_) Write(node);
}

void RandomDictionary::AddChildren(size_t parent) {
  size_t count = Below(4) ? Below(7) : Below(kLetters + 1);
  if (nodes_[parent].extensions.size() > 1) count = std::min<size_t>(count, 1);
  if (nodes_[parent].text.size() > 250) count = 0;
  const size_t room = 5 - nodes_[parent].extensions.size();
  if (!format_1_ && count > room && (count - room) % 7 == 0) --count;  // which it can't express
  const uint32_t group = format_1_ ? 14 : 7;
  uint32_t entries = static_cast<uint32_t>(count);
  if (count > room && count > 1)
    entries += static_cast<uint32_t>((count - room + group - 1) / group);
  if (count == 0 || next_index_ + entries > size_) return;

  std::string letters;
  for (int i = 0; i < kLetters; ++i) letters += static_cast<char>(kFirstLetter + i);
  std::shuffle(letters.begin(), letters.end(), random_);
  for (size_t i = 0; i < count; ++i) {
    // A sibling descriptor takes an index of its own.
    if (count > 1 && i >= room && (i - room) % group == 0) ++next_index_;
    Node child;
    child.parent = parent;
    child.index = next_index_++;
    for (uint32_t j = Below(3) ? 0 : Below(5); j > 0; --j)
      child.extensions += static_cast<char>(kFirstLetter + Below(3));
    child.text = nodes_[parent].text + letters[i] + child.extensions;
    nodes_[parent].children.push_back(nodes_.size());
    nodes_.push_back(child);
  }
}

void RandomDictionary::Write(const Node& node) {
  uint64_t entry = 0;
  const size_t extensions = node.extensions.size();
  for (size_t i = 0; i < extensions; ++i) entry |= At(node.extensions[i], 3 + i);
  const size_t count = node.children.size();
  const size_t room = count > 1 ? 5 - extensions : 1;
  const size_t here = std::min(count, room);
  for (size_t i = 0; i < here; ++i) {
    const Node& child = nodes_[node.children[i]];
    entry |= At(child.text[node.text.size()], 3 + extensions + i);
    // Looking where nothing is does no harm.
    if (Examined(node.children[i]) || Below(4) == 0) entry |= uint64_t{1} << (60 - i);
  }
  if (count) entry |= uint64_t{nodes_[node.children[0]].index} << 40;
  if (count > 1) {
    entry |= uint64_t{extensions} << 53;
    if (count > here) {
      uint64_t last_examined = 0;
      WriteSiblings(node, here, last_examined);
      entry |= last_examined << 54;
    }
    entry |= uint64_t{std::min(count, room + 1)} << 61;
  } else {
    entry |= uint64_t{extensions} << 53 | uint64_t{count} << 61;
  }
  compression_[node.index] = entry;

  if (node.text.size() <= 7) {
    uint64_t own = uint64_t{node.text.size()} << 56;
    for (size_t i = 0; i < node.text.size(); ++i) own |= At(node.text[i], 1 + i);
    expansion_[node.index] = own;
  } else {
    const size_t length = 1 + extensions;
    const size_t offset = node.text.size() - length;
    uint64_t own = uint64_t{length} << 61 | uint64_t{nodes_[node.parent].index} << 48 | offset;
    for (size_t i = 0; i < length; ++i) own |= At(node.text[offset + i], 2 + i);
    expansion_[node.index] = own;
  }
}

void RandomDictionary::WriteSiblings(const Node& node, size_t first, uint64_t& last_examined) {
  const size_t group = format_1_ ? 14 : 7;
  const size_t bits = group - 2;  // examine bits in the descriptor
  for (size_t at = first; at < node.children.size(); at += group) {
    const size_t left = node.children.size() - at;
    const size_t count = std::min(left, group);
    const bool more = left > group;
    const uint32_t index = nodes_[node.children[at]].index - 1;
    uint64_t entry = format_1_ ? uint64_t{more ? 15 : count} << 60 : uint64_t{count} << 61;
    uint64_t extension = 0;
    for (size_t i = 0; i < count; ++i) {
      const char letter = nodes_[node.children[at + i]].text[node.text.size()];
      const bool examined = Examined(node.children[at + i]);
      if (i < bits) {
        if (examined) entry |= uint64_t{1} << ((format_1_ ? 59 : 60) - i);
      } else if (at == first && examined) {
        last_examined |= uint64_t{2} >> (i - bits);
      }
      if (!format_1_) {
        entry |= At(letter, 1 + i);
      } else if (i < 6) {
        entry |= At(letter, 2 + i);
      } else {
        extension |= At(letter, i - 6);
      }
    }
    compression_[index] = entry;
    if (format_1_) expansion_[index] = extension;
  }
}

std::vector<uint32_t> RandomDictionary::Compress(const std::string& text) const {
  std::vector<uint32_t> symbols;
  for (size_t at = 0; at < text.size();) {
    size_t node = static_cast<uint8_t>(text[at]);
    size_t length = 1;
    for (bool found = true; found;) {
      found = false;
      for (const size_t child : nodes_[node].children) {
        const std::string& longer = nodes_[child].text;
        if (text.compare(at, longer.size(), longer) != 0) continue;
        node = child;
        length = longer.size();
        found = true;
        break;
      }
    }
    symbols.push_back(nodes_[node].index);
    at += length;
  }
  return symbols;
}

std::string RandomDictionary::RandomText(size_t length) {
  std::string text;
  while (text.size() < length) {
    if (Below(4)) {
      text += nodes_[256 + Below(static_cast<uint32_t>(nodes_.size()) - 256)].text;
    } else {
      text += static_cast<char>(Below(8) ? kFirstLetter + Below(kLetters) : Below(256));
    }
  }
  text.resize(length);
  return text;
}

}  // namespace hypervisor
