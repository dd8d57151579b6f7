// Dictionaries of COMPRESSION CALL made at random, and what they make of a text.
#ifndef TESTS_HYPERVISOR_SIE_ASSIST_COMPRESSION_RANDOM_DICTIONARY_H_
#define TESTS_HYPERVISOR_SIE_ASSIST_COMPRESSION_RANDOM_DICTIONARY_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace hypervisor {

inline constexpr char kFirstLetter = 'a';
inline constexpr int kLetters = 24;

class RandomDictionary {
 public:
  // Entries for symbols of `bits` bits; sibling descriptors of format 0 or 1.
  RandomDictionary(int bits, bool format_1, uint32_t seed);

  // Both of 2^bits entries.
  const std::vector<uint64_t>& compression() const { return compression_; }
  const std::vector<uint64_t>& expansion() const { return expansion_; }

  // Character by character, the tree's longest branch.
  std::vector<uint32_t> Compress(const std::string& text) const;
  // Letters that the tree has a good deal of branches for, and others.
  std::string RandomText(size_t length);

 private:
  struct Node {
    std::string text;        // all that it stands for
    std::string extensions;  // its last characters, behind its first one
    std::vector<size_t> children;
    uint32_t index = 0;
    size_t parent = 0;
  };

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  void AddChildren(size_t parent);
  void Write(const Node& node);
  void WriteSiblings(const Node& node, size_t first, uint64_t& last_examined);
  bool Examined(size_t child) const {
    return !nodes_[child].extensions.empty() || !nodes_[child].children.empty();
  }

  std::mt19937 random_;
  const bool format_1_;
  const uint32_t size_;
  uint32_t next_index_ = 256;
  std::vector<Node> nodes_;
  std::vector<uint64_t> compression_;
  std::vector<uint64_t> expansion_;
};

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_ASSIST_COMPRESSION_RANDOM_DICTIONARY_H_
