// The intermediate representation of guest code: a list of typed operations, each with one result
// that later ones name by its number.
#ifndef HYPERVISOR_SIE_TRANSLATOR_IR_H_
#define HYPERVISOR_SIE_TRANSLATOR_IR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace hypervisor::ir {

enum class Type : uint8_t { kNone, kBool, kU8, kU16, kU32, kU64, kVector, kS8, kS16, kS32, kS64 };

// OPCODE(name): what each means is said of the Cpu's operation of the same name,
// isa/semantics/row.h.
enum class Opcode : uint8_t {
#define OPCODE(name) k##name,
#include "hypervisor/sie/translator/opcodes.inc"
#undef OPCODE
};

// Whether it calculates with binary-floating-point numbers.
constexpr bool IsBfp(Opcode opcode) {
  switch (opcode) {
#define OPCODE(name)
#define BFP_OPCODE(name) case Opcode::k##name:
#include "hypervisor/sie/translator/opcodes.inc"
#undef BFP_OPCODE
#undef OPCODE
    return true;
    default:
      return false;
  }
}

// Of a kVector or kVectorBfp, its first immediate.
enum class VectorOperation : uint8_t {
#define VECTOR_OPERATION(name) k##name,
#include "hypervisor/sie/translator/vector_operations.inc"
#undef VECTOR_OPERATION
};

inline constexpr int64_t kNeverInexact = 16;

using ValueId = uint32_t;

// A list that stands in the operation itself: building IR allocates nothing.
template <typename T, size_t kMost>
class ShortList {
 public:
  ShortList() {}  // NOLINT: items beyond the size are left as they are, not made zeros
  ShortList(std::initializer_list<T> items) {
    for (const T& item : items) push_back(item);
  }
  void push_back(const T& item) { items_[size_++] = item; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T& operator[](size_t i) const { return items_[i]; }
  T& operator[](size_t i) { return items_[i]; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }

 private:
  std::array<T, kMost> items_;
  uint8_t size_ = 0;
};

struct Operation {
  Opcode opcode = Opcode::kNothing;
  Type type = Type::kNone;           // of the result, or of what is stored
  Type from = Type::kNone;           // of a conversion's argument
  ValueId result = 0;                // the first of them; 0 for none
  ShortList<ValueId, 17> arguments;  // an address and 16 registers at most
  ShortList<int64_t, 3> immediates;  // register numbers, masks, displacements, constants
};

struct Block {
  std::vector<Operation> operations;
  ValueId values = 0;  // how many there are; they are numbered from 1
};

// One line for each operation, for tests and people.
std::string ToText(const Block& block);

}  // namespace hypervisor::ir

#endif  // HYPERVISOR_SIE_TRANSLATOR_IR_H_
