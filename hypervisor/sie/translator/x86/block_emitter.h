// From the IR of a guest block to x86-64.
//
// One pass over the operations. A value lives in a temporary, in the guest register it came from or
// goes to, or nowhere until it is used: comparisons and condition codes are made where they are
// needed. Between two guest instructions nothing lives in temporaries but what the condition code
// is still to be made of.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_BLOCK_EMITTER_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_BLOCK_EMITTER_H_

#include <asmjit/x86.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <optional>
#include <utility>
#include <vector>

#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/sie/translator/guest_block.h"
#include "hypervisor/sie/translator/x86/cold_code.h"
#include "hypervisor/sie/translator/x86/frame.h"
#include "hypervisor/sie/translator/x86/registers.h"
#include "hypervisor/sie/translator/x86/stubs.h"

namespace hypervisor::x86 {

// Whether all of an instruction's operations can be emitted; others are left to its handler.
bool CanEmit(const GuestBlock& block, const GuestInstruction& instruction);
// Likewise of one of its operations on floating-point numbers.
bool CanEmitBfp(const ir::Operation& operation);
// Likewise of one on vector registers.
bool CanEmitVector(const ir::Operation& operation);
bool CanEmitVectorBfp(const ir::Operation& operation);

// Of VROUNDSD: how it rounds, and whether an inexact result is no exception.
inline constexpr int kByControl = 4;
inline constexpr int kSuppressInexact = 8;
// A rounding mode of an instruction as VROUNDSD has it; -1 if the host lacks it.
int RoundingOf(int64_t mode);

// Where code finds what it needs of the engine, from there.
struct EngineOffsets {
  int32_t psw_mask;
  int32_t attention;
  int32_t wary;
  int32_t state_description;  // a pointer
  int32_t fetch_context;
  int32_t tlb_entries;  // likewise
};

// What the emitted code depends on.
struct Surroundings {
  const Stubs& stubs;
  // Makes a Site that lives as long as the code.
  std::function<Site*()> new_site;
  // Numbers the jump that was emitted at an offset.
  std::function<uint32_t()> new_link;
  EngineOffsets engine;
  uint64_t window_end = kWindowStart;         // that of loads, as it is now
  const std::array<uint64_t, 16>& registers;  // the guest's, likewise
};

class BlockEmitter {
 public:
  BlockEmitter(asmjit::x86::Assembler& assembler, const GuestBlock& guest,
               const std::vector<uint16_t>& uses, const Block* block,
               const Surroundings& surroundings);

  // What is executed often, and then, at another offset of the assembler, what isn't.
  void EmitHot();
  void EmitCold();

  // A jump that can be made to go to another block: its label stands behind its 32-bit distance.
  struct Link {
    asmjit::Label end;
    uint32_t number;
  };
  const std::pmr::vector<Link>& links() const { return links_; }
  // Where the block leaves for kStale.
  const asmjit::Label& stale() const { return stale_; }
  // Accesses to guest storage: where each stands, from the block's start, and where to go on if the
  // host faults.
  const std::pmr::vector<std::pair<uint32_t, asmjit::Label>>& accesses() const { return accesses_; }

 private:
  using Gp = asmjit::x86::Gp;
  using Xmm = asmjit::x86::Xmm;
  using Mem = asmjit::x86::Mem;
  using Label = asmjit::Label;
  using Operation = ir::Operation;
  using ValueId = ir::ValueId;
  using Cond = asmjit::x86::CondCode;

  enum class Where : uint8_t {
    kNowhere,
    kConstant,
    kGuest,
    kTemporary,
    kSpilled,
    kStorage,
    kLater,
    kFlag,
    kFloating,  // `place` is the floating-point register; a short number is its left half
    kXmm,
    kVector  // `place` is the vector register
  };
  // Not for integer instructions as it is.
  static bool IsToLoad(Where where) {
    return where == Where::kLater || where == Where::kFlag || where == Where::kStorage ||
           where == Where::kFloating || where == Where::kXmm;
  }
  struct Value {
    Where where = Where::kNowhere;
    uint8_t place = 0;   // guest register, temporary or slot
    bool clean = false;  // bits beyond 32 are zeros
    int64_t constant = 0;
    const Operation* later = nullptr;
  };

  // A condition that was computed: one of the host's, or a known answer.
  struct Condition {
    Cond code = Cond::kZ;
    bool is_known = false;
    bool known = false;
  };

  // What the guest's condition code is.
  struct Pending {
    // Of a sum or a difference, `a`, the overflow or the carry is found again by means of what was
    // added or subtracted, `b`; kZeroOrOverflow's is in the frame.
    enum Kind : uint8_t {
      kMemory,
      kConstant,
      kCompare,
      kZero,
      kZeroOrOverflow,
      kSum,
      kDifference,
      kLogicalSum,
      kLogicalDifference,
      kBits,
      kTest,
      kNumber,           // it is `a`
      kFloatingCompare,  // never of NaNs
      kFloatingZero
    };
    bool IsFloating() const { return kind >= kFloatingCompare; }
    Kind kind = kMemory;
    ir::Type type = ir::Type::kNone;
    bool exact_zero = false;  // no overflow has a result of 0
    bool is_made = false;     // of kMemory: it isn't to be made of something still
    int64_t constant = 0;     // the code; the mask of kTest
    Value a, b;
  };

  // ---- values.cc ----
  static int WidthOf(ir::Type type);
  static bool IsSigned(ir::Type type) { return type >= ir::Type::kS8; }
  const Value& At(ValueId id) const { return values_[id]; }
  int FreeTemporary();  // evicts if it must
  Gp NewTemporary(ValueId id);
  Gp Scratch(int& index);    // until the operation ends
  void Take(uint32_t host);  // makes this temporary free, and locks it
  void Release(int index);   // before the operation ends: it isn't read by it any more
  void Evict(int index);
  Gp Load(ValueId id, int width);          // the value in a register, bits beyond unspecified
  Gp LoadExtended(ValueId id, int width);  // extended from its type to 32 or 64 bits
  asmjit::Operand AsOperand(ValueId id, int width);  // register, storage or immediate
  asmjit::Operand OperandOf(const Value& value, int width);
  void Use(ValueId id);  // one use less
  void Free(ValueId id);
  void Protect(int guest);  // before a guest register changes
  void ProtectPending(int guest);
  // What LoadSuccessive found, kept till the instruction ends.
  Mem StorageAt(int32_t offset) const;
  Gp Result(const Operation& operation, ValueId reuse);
  void CopyTo(Gp target, ValueId id, int width);
  static Gp Sized(Gp gp, int width) {
    if (width > 32) return gp.r64();
    return gp.r32();
  }
  void EndOperation();

  // ---- held_registers.cc ----
  // From now on a temporary has the rightmost `width` bits, 32 or 64, of a general register that
  // lives in storage; `clean`: and zeros beyond them.
  void Hold(const Gp& temporary, int guest, int width, bool clean);
  int HeldIn(int guest, int width) const;  // which temporary; -1 none
  void LetGo(int guest);                   // it changes
  void LetGoOfAll();
  // Makes a temporary that has the register the value's, if nobody else's it is.
  bool Claim(ValueId id, int guest, int width);
  // The register to be read at once: where it lives, or what has it, locked.
  asmjit::Operand InStorage(int guest, int width);
  asmjit::Operand AsRead(ValueId id, int width);  // as AsOperand, likewise

  // ---- conditions.cc ----
  // The host's zero flag tells of `gp`, which the last instruction computed.
  void FlagsAreOf(Gp gp) { flags_ = {a_.offset(), gp.id(), gp.size()}; }
  bool AreFlagsOf(const asmjit::Operand& operand) const;
  void TestZero(const Value& value, ir::Type type);
  Condition Evaluate(ValueId id);
  Condition EvaluateCcIn(int mask);
  Condition EvaluateNumber(int mask);
  void EmitCompare(const Value& a, const Value& b, ir::Type type);
  // Likewise, in whichever order suits the host: where `code` says of a and b what is asked for.
  Condition CompareInAnyOrder(const Value& a, const Value& b, ir::Type type, Cond code);
  Condition EvaluateBool(const Operation& operation);
  static Condition Negate(Condition condition);
  void SetByte(Condition condition, const Mem& target);
  void SetCc(ValueId id);
  bool MakePending(ValueId id);
  void StoreCcTree(ValueId id, const Mem& low, const Mem& high);
  void Settle(ValueId id);
  void DropPending();
  void MakeCc(const Pending& pending);  // in the frame; touches no temporary
  void Materialize();
  void SettlePending();  // at the end of an instruction
  bool IsConstant(ValueId id, int64_t value) const;
  void MakeBool(ValueId id);

  // ---- logical_codes.cc ----
  // What a tree makes the condition code of, if it is that of a logical sum or difference: its
  // operation, the comparison that tells the carry, and what will do in its place, the value that
  // was added or subtracted.
  struct LogicalCode {
    const Operation* result = nullptr;
    const Operation* less = nullptr;
    ValueId other = 0;
  };
  LogicalCode LogicalCodeOf(const Operation& tree) const;
  Condition EvaluateCarry(bool carry);
  std::optional<Condition> EvaluateLogical(int mask);  // of the pending one; none: not by one test

  // ---- operations.cc ----
  void EmitOperation(const Operation& operation);
  void EmitBinary(const Operation& operation);
  void EmitShift(const Operation& operation);
  void EmitRotate(const Operation& operation);
  void EmitConvert(const Operation& operation);
  void EmitSelect(const Operation& operation);
  void EmitDivide(const Operation& operation);
  void EmitDivideQuadword(const Operation& operation);
  void FinishDivision(const Operation& operation);
  void EmitAddress(const Operation& operation);
  bool HasOverflow(const Operation& operation) const;
  // What was added or subtracted, if a condition code can find the overflow by it; 0 if not.
  ValueId AddendOf(const Operation& overflow) const;
  // Whether a value is there still when the instruction has set its registers.
  bool StaysInInstruction(ValueId id) const;
  int GuestOf(ValueId id) const;  // the register that it is, as it was or in part; -1 none
  bool AmountBelow64(ValueId id) const;
  asmjit::Operand AsRegisterOrStorage(ValueId id, int width);
  asmjit::Operand RegisterOrImmediate(ValueId id, int width);
  static Mem AbsoluteWord(const void* at);
  static Mem Constant(const void* at);  // 16 bytes for SSE
  void EmitSetGpr(const Operation& operation);
  bool IsWhole(int guest, ir::Type type) const {
    return WidthOf(type) == 64 || (WidthOf(type) == 32 && IsNarrow(guest));
  }
  void FindTargets(const GuestInstruction& instruction);

  // ---- storage.cc ----
  void EmitLoad(const Operation& operation);
  void EmitStore(const Operation& operation);
  void EmitLoadIf(const Operation& operation);
  void EmitStoreIf(const Operation& operation);
  void EmitSuccessive(const Operation& operation);
  void EmitCompareAndSwap(const Operation& operation);
  void EmitUpdate(const Operation& operation);
  void EmitStoreThenUpdateSystemMask(const Operation& operation);
  void FindPage(const Value& length, const Value& known, Gp address, Gp entry, bool store,
                const Label& slow);

  // ---- storage_to_storage.cc ----
  void EmitStorageToStorage(const Operation& operation);
  void CallStorageRoutine(const Operation& operation);
  void EmitShortStorage(const Operation& operation, int length);
  void EmitShortMove(Gp to, Gp from, Gp between, int length, const Label& slow);
  void EmitShortCombine(const Operation& operation, Gp to, Gp from, Gp between, int length,
                        const Label& slow);
  void EmitShortCompare(const Operation& operation, Gp a, Gp b, Gp between, int length,
                        const Label& slow);
  void Keep(ValueId id, Gp gp);  // a temporary of this operation is its result

  Gp FindInterlocked(const Operation& operation, bool only_touch);
  // Leaves in `entry`, a temporary, what to add to `address`; jumps to `slow` if C++ has to make
  // the access.
  void FindPage(const Value& known, Gp address, Gp entry, int bytes, bool store, const Label& slow);
  // Likewise, without a test of the address, if it is known and the operand is in one page.
  bool FindKnownPage(const Value& known, Gp entry, int bytes, bool store, const Label& slow);
  // Likewise for loads, by the window; jumps to `elsewhere` if the address isn't in it.
  void FindInWindow(Gp address, Gp entry, const Label& elsewhere);
  bool IsLikelyInWindow() const;
  // Likewise by the table; jumps to `elsewhere` if the operand isn't on its boundary.
  void FindInTable(Gp address, Gp entry, int bytes, bool store, const Label& elsewhere,
                   const Label& slow);
  // Likewise by a routine, which makes all tests: the zero flag says that there is none.
  void CallPageRoutine(Gp address, Gp entry, int bytes, bool store);
  void EmitSlowAccess(const Label& slow, const Label& resume, bool store, Gp address,
                      const asmjit::Operand& value, ir::Type type, int access_register);
  void LoadStorage(Gp target, const Mem& at, ir::Type type);
  void StoreStorage(const Mem& at, Gp value, ir::Type type);
  void Boundary(const Operation& operation);
  void KeepAccumulator(ValueId id);
  void Access(const Label& slow);  // the next host instruction touches guest storage

  // ---- guest_registers.cc ----
  // A register of which only bits 32-63 live in its host register: the others are in the CpuState.
  bool IsNarrow(int guest) const { return (narrow_ >> guest & 1) != 0; }
  void Narrow(uint16_t guests);
  void Widen(uint16_t guests);
  void MakeNarrow(uint16_t wanted);  // these, and no others
  // A register that has a host register in this block: one of its own, or one that it borrows.
  bool IsPinned(int guest) const { return hosts_[static_cast<size_t>(guest)] != kNotPinned; }
  Gp Pinned(int guest) const { return asmjit::x86::gpq(hosts_[static_cast<size_t>(guest)]); }
  int LenderOf(int guest) const {
    const uint8_t lender = guest_.lenders[static_cast<size_t>(guest)];
    return lender == GuestBlock::kNoHost ? -1 : lender;
  }
  void EnterRegisters();   // from where everybody else has them to where this block does
  void ResumeRegisters();  // likewise, behind C++
  void LeaveRegisters();   // back. Leaves flags and temporaries alone.

  // ---- floating_registers.cc ----
  bool HasHost(int fpr) const {
    return guest_.floating_hosts[static_cast<size_t>(fpr)] != GuestBlock::kNoHost;
  }
  Xmm HostOf(int fpr) const {
    return asmjit::x86::xmm(guest_.floating_hosts[static_cast<size_t>(fpr)]);
  }
  // Of vector registers whose bytes are as in storage: makes it these, and no others.
  void MakeUnreversed(uint32_t wanted);
  bool IsUnreversed(int r) const { return (unreversed_ >> r & 1) != 0; }
  bool IsWholeVector(int r) const { return (guest_.floating_whole >> r & 1) != 0; }
  void LoadFloatingRegisters();
  void StoreFloatingRegisters();
  // The number in a register: its own, or `scratch`.
  Xmm LoadNumber(const Value& value, ir::Type type, const Xmm& scratch);
  void ProtectFloating(int fpr, ValueId except);
  // Whether this instruction sets what a condition code of before is to be made of.
  bool SetsFloatingOf(const Pending& pending) const;
  void EmitSetFpr(const Operation& operation);
  void EmitLoadNumber(const Operation& operation, const Gp& address, const Gp& entry,
                      const Label& slow, const Label& resume);
  void SetFprTo(int fpr, ir::Type type, const Xmm& number);
  // Whether nothing but floating point uses a value.
  bool IsForFloating(ValueId id) const;

  // ---- floating_point.cc ----
  void EmitBfp(const Operation& operation);
  void EmitFused(const Operation& operation);
  void EmitBfpFromInteger(const Operation& operation);
  void EmitBfpToInteger(const Operation& operation);
  void EmitSetRounded(const Operation& operation);
  bool IsNumber(ValueId id) const;  // a NaN has been left to the handler
  // Leaves a NaN to the handler, and no flag.
  void CheckNumberQuietly(ValueId id);
  // Leaves a NaN to the handler, and for results that may be tiny also the least normal number:
  // the host can't tell whether it was one before it was rounded.
  void CheckNumber(const Xmm& number, ir::Type type, ValueId id, bool may_be_tiny);
  void EmitFloatingCompare(const Xmm& a, const asmjit::Operand& b, ir::Type type);
  void ComparePending(const Pending& pending);  // to flags as of numbers without sign
  Condition EvaluateFloating(int mask);
  const FloatingConstants& floating_constants() const { return *surroundings_.stubs.floating; }

  // ---- vector_registers.cc ----
  static Mem VectorAt(int r) {
    return State(offsetof(CpuState, vr) + 16 * static_cast<size_t>(r), 16);
  }
  // 16 bytes of data behind the code, by halves from the right; the same ones once.
  Mem Quadword(uint64_t right, uint64_t left);
  Mem EachByte(uint8_t value);
  Mem EachElement(int size, uint64_t value);
  Mem SwappedBytes();  // shuffles storage to elements and back
  void EmbedQuadwords();
  Xmm LoadVector(ValueId id, const Xmm& scratch);
  asmjit::Operand VectorOperand(ValueId id, const Xmm& scratch);  // or storage
  // Where the result is to be made by the last host instruction: the host's register of the vector
  // register that it goes to, if it has one, or xmm0. Changes xmm2.
  Xmm VectorTarget(const Operation& operation);
  void IsVectorResult(const Operation& operation, const Xmm& target);
  void EmitSetVr(const Operation& operation);
  void EmitLoadVector(const Operation& operation);
  void EmitStoreVector(const Operation& operation);
  void EmitStoreLeft(const Operation& operation);
  // Where a vector is, by lanes, while one of them has to be found.
  static Mem LaneInFrame(const Gp& lane, uint32_t bytes);
  void EmitVectorElement(const Operation& operation);
  void EmitVectorMask(const Operation& operation);
  void EmitVectorFirst(const Operation& operation);
  bool FindsInStorageOrder() const;  // the bytes of this instruction's vector registers
  // Whether a number may come in a register of SSE.
  static bool TakesNumber(const Operation& operation);

  // ---- vector_runs.cc ----
  // How many instructions from this one on load vector registers from operands beside one another,
  // or store them there.
  size_t VectorRun() const;
  void EmitVectorRun(size_t count);
  Gp FormRunAddress(int64_t displacement);
  void EmitRunAccess(const GuestInstruction& instruction, const Mem& at, const Label& slow);
  void EmitRunHandler(const Label& slow, const Label& next, const Gp& address, const Gp& operand,
                      int32_t distance);

  // ---- vector.cc ----
  void EmitVector(const Operation& operation);
  void EmitVectorBits(const Operation& operation, const Xmm& target);
  void EmitVectorOfNumber(const Operation& operation, const Xmm& target);

  // ---- vector_integer.cc ----
  bool EmitVectorInteger(const Operation& operation, const Xmm& target);
  void EmitVectorProduct(const Operation& operation, const Xmm& target);

  // ---- vector_shift.cc ----
  void EmitVectorShift(const Operation& operation, const Xmm& target);
  void EmitVectorShiftEach(const Operation& operation, const Xmm& target);

  // ---- vector_shuffle.cc ----
  // Byte i of the result, from the left, is byte `from`(i) of both side by side; zero if negative.
  void EmitShuffle(const Operation& operation, const Xmm& target,
                   const std::function<int(int)>& from);
  bool EmitVectorShuffle(const Operation& operation, const Xmm& target);
  void EmitVectorSum(const Operation& operation, const Xmm& target);
  void EmitShiftByBytes(const Operation& operation, const Xmm& target);

  // ---- vector_floating_point.cc ----
  void EmitVectorBfp(const Operation& operation);
  void EmitBfpConversion(const Operation& operation);

  // ---- entry.cc ----
  void EmitEntry();
  void LeaveOfBlock(Leave leave);
  void EmitComparison(const GuestText& text, const Label& stale);
  void EmitRefetchPart(const Operation& operation);

  // ---- branches.cc ----
  void EmitHead(const GuestInstruction& instruction);
  void EmitBranch();
  void GoToIf(const Gp& address, int32_t number, const Pending& cc);
  void GoTo(int32_t number, bool back, uint64_t address, const Pending& cc, int32_t refund = 0);
  void PadJump();
  void JumpTo(uint64_t target);
  void JumpToRegister();
  void StoreBranchOrigin(uint64_t origin);

  // ---- deferred_codes.cc ----
  void StoreCc(const Pending& pending);  // to the frame; touches no temporary
  void KeepForCc(int i, const Value& value);
  void DeferCc();
  static void LearnCc(Pending& pending, int mask);
  void RequireMadeCc();

  // ---- block_emitter.cc ----
  void EmitInstruction(const GuestInstruction& instruction);
  void EmitHandler();
  void CallHandler();
  // Cold: this instruction, of which nothing has been done, is left to its handler.
  void HandlerAt(const Label& slow) { HandlerAt(slow, nullptr); }
  // `operand` and `second` hold addresses of its operands.
  void HandlerAt(const Label& slow, const Gp* operand, const Gp* second = nullptr);
  void LeaveTo(Leave leave, uint64_t address);
  // Takes instructions from the budget, and tells the sign; gives some back.
  void Charge(int32_t instructions);
  void Refund(int32_t instructions);
  void StoreImmediate64(const Mem& at, uint64_t value);
  Site* SiteHere();
  // Code that is seldom executed, emitted behind the rest with the condition code as it is here.
  template <typename Emit>
  void Cold(const Label& begin, Emit emit) {
    Apart(cold_, begin, std::move(emit));
  }
  // Likewise of code that is as likely to be executed as what stands behind the jump to it.
  template <typename Emit>
  void Warm(const Label& begin, Emit emit) {
    Apart(warm_, begin, std::move(emit));
  }
  template <typename Emit>
  void Apart(ColdCode& code, const Label& begin, Emit emit) {
    code.push_back(begin, [this, snapshot = pending_, narrow = narrow_, unreversed = unreversed_,
                           emit = std::move(emit)] {
      cold_pending_ = &snapshot;
      narrow_ = narrow;
      unreversed_ = unreversed;
      emit();
      cold_pending_ = nullptr;
    });
  }

  // All that lives as long as this does.
  alignas(std::max_align_t) std::byte buffer_[32768];
  std::pmr::monotonic_buffer_resource memory_{buffer_, sizeof(buffer_)};

  asmjit::x86::Assembler& a_;
  const GuestBlock& guest_;
  const Block* block_;
  const Surroundings& surroundings_;

  std::array<uint32_t, 16> hosts_;
  uint16_t borrowers_ = 0;        // general registers, as bits from the right, with a lender
  uint32_t floating_hosted_ = 0;  // floating-point registers, likewise, with a host register
  std::pmr::vector<uint16_t> uses_;
  std::pmr::vector<Value> values_;
  std::pmr::vector<const Operation*> definitions_;
  std::pmr::vector<int> targets_;  // the guest register that a value goes to; -1 none
  ValueId owners_[4] = {};
  bool locked_[4] = {};
  struct Held {
    uint32_t since = 0;  // by count; 0: nothing is held
    uint8_t guest = 0;
    uint8_t width = 0;
    bool clean = false;
  };
  Held held_[4];  // what temporaries have beside what they are owned for, unchanged
  uint32_t holds_ = 0;
  uint32_t slots_ = 0;  // bits: spill slots in use
  static constexpr ValueId kPendingA = ~ValueId{0};
  static constexpr ValueId kPendingB = kPendingA - 1;
  static constexpr ValueId kScratch = kPendingA - 2;
  static constexpr ValueId kStorage = kPendingA - 3;  // our address of successive operands

  Pending pending_;
  bool unsettled_ = false;  // pending_ is of this instruction, its values still these:
  ValueId pending_ids_[2] = {};
  int storage_temporary_ = -1;
  ValueId reused_ = 0;  // whose register the result of this operation took
  bool instruction_sets_cc_ = false;
  bool is_behind_ = false;  // what is emitted now is cold
  const Operation* branch_ = nullptr;
  uint32_t unreversed_ = 0;  // vector registers, as bits from the right
  uint16_t narrow_ = 0;
  uint16_t set_ = 0;  // general registers, as bits from the right, that have been set so far
  Site* site_ = nullptr;
  const GuestInstruction* instruction_ = nullptr;
  size_t index_ = 0;
  const Operation* last_operation_ = nullptr;
  bool ended_ = false;  // nothing falls through from here

  Label start_;
  Label stale_;
  std::pmr::vector<Label> heads_{&memory_};  // of instructions; most have none
  Label end_of_instruction_;                 // if anybody goes there
  struct Flags {
    size_t offset = 0;  // behind the instruction; they are lost with the next one
    uint32_t id = 0;
    uint32_t size = 0;
  };
  Flags flags_;
  // Where the host's flags compare numbers: this one with zero, or these two; and where they are
  // what the condition code is to be made of.
  size_t floating_flags_ = 0;
  // Where a temporary still has what the last instruction found and put into the left half of a
  // vector register.
  struct Found {
    size_t offset = 0;
    uint32_t host = 0;
    int temporary = 0;
  };
  Found found_;
  ValueId floating_flags_of_[2] = {};
  size_t pending_flags_ = 0;
  const Pending* cold_pending_ = nullptr;  // the condition code where cold code was asked for
  std::pmr::vector<std::pair<uint32_t, Label>> accesses_{&memory_};
  std::pmr::vector<Link> links_{&memory_};
  // Jumps to other blocks, which others to the same address go to.
  struct Exit {
    uint64_t target;
    Label jump;
  };
  std::pmr::vector<Exit> exits_{&memory_};
  ColdCode warm_{memory_};  // executed in every epoch, or read by it
  ColdCode cold_{memory_};
  struct Data {
    std::array<uint64_t, 2> halves;
    Label label;
  };
  std::pmr::vector<Data> quadwords_{&memory_};
};

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_BLOCK_EMITTER_H_
