// Code that is seldom executed, to be emitted behind the rest: functions that emit it, which stand
// in memory that is given back with all of them.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_COLD_CODE_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_COLD_CODE_H_

#include <asmjit/x86.h>

#include <memory_resource>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace hypervisor::x86 {

class ColdCode {
 public:
  explicit ColdCode(std::pmr::memory_resource& memory) : memory_(memory), pieces_(&memory) {}

  template <typename Emit>
  void push_back(Emit emit) {
    push_back(asmjit::Label(), std::move(emit));
  }
  // A piece that begins with a label.
  template <typename Emit>
  void push_back(const asmjit::Label& begin, Emit emit) {
    static_assert(std::is_nothrow_move_constructible_v<Emit>);
    void* at = memory_.allocate(sizeof(Emit), alignof(Emit));
    pieces_.push_back({new (at) Emit(std::move(emit)), &Run<Emit>, begin});
  }

  // The piece that is being emitted ends by going there.
  void GoTo(const asmjit::Label& label) { goes_to_ = label; }

  // Cold code may have cold code of its own.
  void EmitAll(asmjit::x86::Assembler& a) {
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const Piece piece = pieces_[i];
      if (goes_to_.isValid() && goes_to_.id() != piece.begin.id()) a.jmp(goes_to_);
      goes_to_ = asmjit::Label();
      if (piece.begin.isValid()) a.bind(piece.begin);
      piece.run(piece.emit);
    }
    if (goes_to_.isValid()) a.jmp(goes_to_);
  }

 private:
  struct Piece {
    void* emit;
    void (*run)(void*);
    asmjit::Label begin;
  };
  template <typename Emit>
  static void Run(void* at) {
    auto& emit = *static_cast<Emit*>(at);
    emit();
    emit.~Emit();
  }

  std::pmr::memory_resource& memory_;
  std::pmr::vector<Piece> pieces_;
  asmjit::Label goes_to_;
};

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_COLD_CODE_H_
