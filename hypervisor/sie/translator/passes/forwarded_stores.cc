#include <vector>

#include "hypervisor/sie/translator/passes/effects.h"
#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;

namespace {

// A general register that was stored, and has not changed since; nor have its operand's registers.
struct Stored {
  int64_t x, b, d, access_register;
  int64_t gpr;
  int bytes;
};

int BytesOf(ir::Type type) {
  switch (type) {
    case ir::Type::kU8:
    case ir::Type::kS8:
      return 1;
    case ir::Type::kU16:
    case ir::Type::kS16:
      return 2;
    case ir::Type::kU32:
    case ir::Type::kS32:
      return 4;
    case ir::Type::kU64:
    case ir::Type::kS64:
      return 8;
    default:
      return 0;
  }
}

// What is known to stand in storage, from one operation to the next.
class Storage {
 public:
  explicit Storage(const ir::Block& block) : definitions_(block.values + 1) {}

  void Forget() { stored_.clear(); }
  void BeginInstruction() { set_ = 0; }

  void See(Operation& operation) {
    if (operation.result != 0) definitions_[operation.result] = &operation;
    switch (operation.opcode) {
      case Opcode::kSetGpr:
      case Opcode::kSetGprHigh:
        set_ |= 1u << operation.immediates[0];
        std::erase_if(stored_, [r = operation.immediates[0]](const Stored& stored) {
          return stored.gpr == r || stored.x == r || stored.b == r;
        });
        return;
      case Opcode::kStore:
        return Store(operation);
      case Opcode::kLoad:
        return Load(operation);
      case Opcode::kBranchIf:
      case Opcode::kHandlerIf:
      case Opcode::kRefetchPart:
      case Opcode::kInterruptIf:
      case Opcode::kDataExceptionIf:
      case Opcode::kVectorBfp:
        return;
      case Opcode::kSetAr:
      case Opcode::kSerialize:
        return Forget();
      default:
        if (MayLeave(operation.opcode) && !ir::IsBfp(operation.opcode)) Forget();
        return;
    }
  }

 private:
  const Operation* AddressOf(const Operation& access) const {
    const Operation* address = definitions_[access.arguments[0]];
    return address && address->opcode == Opcode::kAddress ? address : nullptr;
  }

  void Store(const Operation& store) {
    const Operation* address = AddressOf(store);
    if (!address || BytesOf(store.type) == 0) return Forget();
    const Operand at = Immediates(*address);
    const int bytes = BytesOf(store.type);
    // Others stay if they are beside it, seen from the same registers.
    std::erase_if(stored_, [&](const Stored& old) {
      const bool beside = old.x == at.x && old.b == at.b &&
                          old.access_register == store.immediates[0] &&
                          (old.d + old.bytes <= at.d || at.d + bytes <= old.d);
      return !beside;
    });
    const Operation* value = definitions_[store.arguments[1]];
    if (!value || value->opcode != Opcode::kGpr || BytesOf(value->type) < bytes) return;
    // An instruction may store a register as it was before it, or where it pointed to before.
    const auto was_set = [this](int64_t r) { return (set_ >> r & 1) != 0; };
    if (was_set(value->immediates[0]) || was_set(at.x) || was_set(at.b)) return;
    if (stored_.size() == kMost) stored_.erase(stored_.begin());
    stored_.push_back({at.x, at.b, at.d, store.immediates[0], value->immediates[0], bytes});
  }

  void Load(Operation& load) {
    const Operation* address = AddressOf(load);
    if (!address) return Forget();
    const Operand at = Immediates(*address);
    for (const Stored& old : stored_) {
      if (old.x != at.x || old.b != at.b || old.d != at.d ||
          old.access_register != load.immediates[0] || old.bytes != BytesOf(load.type)) {
        continue;
      }
      load = {Opcode::kGpr, load.type, ir::Type::kNone, load.result, {}, {old.gpr}};
      return;
    }
    // What is forwarded was fetched at the store: nothing that is fetched here may come first.
    Forget();
  }

  struct Operand {
    int64_t x, b, d;
  };
  static Operand Immediates(const Operation& address) {
    return {address.immediates[0], address.immediates[1], address.immediates[2]};
  }

  static constexpr size_t kMost = 8;
  std::vector<const Operation*> definitions_;
  std::vector<Stored> stored_;
  uint32_t set_ = 0;  // general registers, as bits from the right, by this instruction
};

}  // namespace

// A CPU sees what it stored itself at once. What others store there later it may see later, as long
// as it fetches nothing else (PoP: Program Execution, "Storage-Operand Fetch References" are in
// order), nothing that serializes stands between the two, and no branch comes in.
void ForwardStores(GuestBlock& block) {
  Storage storage(block.ir);
  for (const GuestInstruction& instruction : block.instructions) {
    if (instruction.head || !instruction.recorded) storage.Forget();
    storage.BeginInstruction();
    for (size_t i = instruction.first; i < instruction.last; ++i)
      storage.See(block.ir.operations[i]);
    if (instruction.serializes || !instruction.recorded) storage.Forget();
  }
}

}  // namespace hypervisor::passes
