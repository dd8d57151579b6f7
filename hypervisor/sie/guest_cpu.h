// A guest CPU inside SIE: its registers and its way to storage. Both engines and every assist work
// on this class; only the thread in Sie::Run touches it.
//
// A storage access that cannot be made latches a stop (a program interruption, a fault of the host)
// and yields 0: whoever made it asks Stopped() before storing anything. That is nullification.
#ifndef HYPERVISOR_SIE_GUEST_CPU_H_
#define HYPERVISOR_SIE_GUEST_CPU_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/arch/facility.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/broadcast_domain.h"
#include "hypervisor/sie/sie.h"
#include "hypervisor/storage/byte_order.h"
#include "hypervisor/storage/dat.h"
#include "hypervisor/storage/tlb.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {

enum class Access : uint8_t { kFetch, kStore, kInstruction };

// Which space an operand lies in.
struct Space {
  enum Kind : uint8_t { kByPsw, kPrimary, kSecondary, kHome, kAccessRegister, kReal, kAbsolute };
  Kind kind = kByPsw;
  uint8_t ar = 0;        // the access register, where the PSW or the kind says so
  int8_t key = kPswKey;  // the access key
  static constexpr int8_t kPswKey = -1;

  static constexpr Space ByPsw(int ar) { return {kByPsw, static_cast<uint8_t>(ar), kPswKey}; }
};

// Up to two pages of our memory that hold an operand of at most a page.
struct OperandBytes {
  uint8_t* first = nullptr;
  uint8_t* second = nullptr;  // the rest, if it crosses a page
  uint32_t first_length = 0;
  uint32_t length = 0;

  uint8_t& operator[](uint32_t i) const {
    return i < first_length ? first[i] : second[i - first_length];
  }
  void Read(uint8_t* bytes) const;
  void Write(const uint8_t* bytes) const;
};

// A logical page, translated and permitted.
struct TranslatedPage {
  uint8_t* page = nullptr;  // our memory at its first byte
  GuestAbsolute absolute;
  std::atomic<uint8_t>* key = nullptr;
};

class GuestCpu {
 public:
  explicit GuestCpu(const SieEnvironment& environment);
  virtual ~GuestCpu();
  GuestCpu(const GuestCpu&) = delete;
  GuestCpu& operator=(const GuestCpu&) = delete;

  // ---- Registers ----
  CpuState& state() { return *state_; }
  const CpuState& state() const { return *state_; }
  uapi::SieBlock& block() { return *block_; }
  const FacilityList& facilities() const { return environment_.facilities; }
  const SieEnvironment& environment() const { return environment_; }

  uint64_t gpr(int r) const { return state_->gpr[r]; }
  void set_gpr(int r, uint64_t value) { state_->gpr[r] = value; }
  uint32_t gpr_low(int r) const { return static_cast<uint32_t>(state_->gpr[r]); }
  void set_gpr_low(int r, uint32_t value) {
    state_->gpr[r] = (state_->gpr[r] & ~uint64_t{0xffffffff}) | value;
  }
  uint64_t fpr(int r) const { return state_->vr[r].high; }
  void set_fpr(int r, uint64_t value) { state_->vr[r].high = value; }

  // The PSW, whose address and condition code live apart while the CPU runs.
  Psw psw() const;
  uint64_t psw_mask() const { return psw_mask_; }  // its condition code is not current
  bool problem_state() const { return (psw_mask_ & Psw::kProblemState) != 0; }
  uint8_t psw_key() const { return static_cast<uint8_t>(Bits<8, 11>(psw_mask_)); }
  uint8_t cc() const { return cc_; }
  void set_cc(uint8_t cc) { cc_ = cc; }

  // Replaces the PSW as LPSW or an interruption does; an invalid one is noticed before the next
  // instruction.
  void LoadPsw(const Psw& psw);
  // Replaces bits of the PSW mask; address and condition code stay.
  void SetPswMask(uint64_t mask);
  // After a control register, the prefix or the access key changed by other means.
  void ControlChanged();

  // ---- Instruction addresses ----
  bool executing() const { return execute_length_ != 0; }  // the target of an EXECUTE
  uint64_t instruction_address() const { return ia_; }     // of the instruction being executed
  uint64_t next_address() const { return next_ia_; }       // of the one behind it
  uint8_t instruction_length() const { return length_; }   // of an EXECUTE, if it is its target
  // Where relative addresses start: at the instruction itself, the target of an EXECUTE too.
  uint64_t relative_base() const { return execute_length_ ? relative_base_ : ia_; }
  void BranchTo(uint64_t address);
  // EXECUTE: the instruction at `address`, its second byte or'ed with `modifier`, as part of this
  // one.
  virtual void ExecuteTarget(uint64_t address, uint8_t modifier) = 0;
  // Ends a unit of an interruptible instruction: it is resumed after pending interruptions.
  void Resume() {
    next_ia_ = ia_;
    RequestPoll();
  }
  // After a timer, or what enables its interruption, was set.
  void TimersChanged() { wary_ = 1; }
  // After something that may have enabled an interruption.
  void RequestPoll() {
    granted_ -= budget_;
    budget_ = 0;
  }

  uint64_t Wrap(uint64_t address) const { return address & address_mask_; }
  uint64_t address_mask() const { return address_mask_; }
  uint64_t EffectiveAddress(int x, int b, int64_t d) const {
    const uint64_t index = x ? state_->gpr[x] : 0;
    const uint64_t base = b ? state_->gpr[b] : 0;
    return (base + index + static_cast<uint64_t>(d)) & address_mask_;
  }

  // ---- Storage, at wrapped logical addresses ----
  template <typename T>
  T Load(uint64_t address, int ar) {
    const Tlb::Entry& entry = tlb_.At(address, data_context_);
    if (entry.read_tag == Tlb::Tag(address, data_context_) &&
        (address & kPageMask) <= kPageSize - sizeof(T)) [[likely]] {
      return LoadStorage<T>(reinterpret_cast<const void*>(address + entry.addend));
    }
    uint8_t bytes[sizeof(T)] = {};
    LoadBytes(address, bytes, sizeof(T), Space::ByPsw(ar));
    return LoadStorage<T>(bytes);
  }

  template <typename T>
  void Store(uint64_t address, int ar, T value) {
    const Tlb::Entry& entry = tlb_.At(address, data_context_);
    if (entry.write_tag == Tlb::Tag(address, data_context_) &&
        (address & kPageMask) <= kPageSize - sizeof(T)) [[likely]] {
      StoreStorage<T>(reinterpret_cast<void*>(address + entry.addend), value);
      return;
    }
    StoreSlow<T>(address, ar, value);
  }

  // Our memory behind a naturally aligned operand that is fetched and stored as one interlocked
  // update; null if stopped.
  template <typename T>
  T* Interlocked(uint64_t address, int ar) {
    OperandBytes bytes;
    if (!Find(address, sizeof(T), Access::kStore, Space::ByPsw(ar), bytes)) return nullptr;
    return reinterpret_cast<T*>(bytes.first);
  }

  // Translates and tests an operand of 1 to 4096 bytes; false if stopped. A store is not yet made:
  // the caller does it, or, if it decides otherwise, has lost nothing but a change bit.
  bool Find(uint64_t address, uint32_t length, Access access, Space space, OperandBytes& bytes) {
    // Within a page that the TLB knows: whatever would be tested has been.
    const Tlb::ContextId context = ContextOf(space);
    const Tlb::Entry& entry = tlb_.At(address, context);
    const uint64_t tag = access == Access::kStore ? entry.write_tag : entry.read_tag;
    if (tag == Tlb::Tag(address, context) && (address & kPageMask) + length <= kPageSize &&
        !Stopped()) [[likely]] {
      bytes = {reinterpret_cast<uint8_t*>(address + entry.addend), nullptr, length, length};
      return true;
    }
    return FindSlow(address, length, access, space, bytes);
  }

  // Holds a lock of ours for an update that no host instruction does at once. A fault of the host
  // that ends SIE releases it too.
  void Acquire(std::atomic_flag& lock);
  void Release();

  // Any length up to 4096; nothing is read or stored if stopped.
  bool LoadBytes(uint64_t address, void* bytes, uint32_t length, Space space);
  bool StoreBytes(uint64_t address, const void* bytes, uint32_t length, Space space);

  // The page around `address`; false if stopped.
  bool TranslatePage(uint64_t address, Access access, Space space, TranslatedPage& page);

  // A doubleword (or any T) of real or absolute storage, without key or low-address protection.
  template <typename T>
  T LoadReal(uint64_t real) {
    return LoadAbsolute<T>(ApplyPrefix(GuestReal(real), state_->prefix));
  }
  template <typename T>
  T LoadAbsolute(GuestAbsolute absolute) {
    const uint8_t* at = FindAbsolute(absolute, false);
    return at ? LoadStorage<T>(at) : T{};
  }
  template <typename T>
  void StoreReal(uint64_t real, T value) {
    StoreAbsolute<T>(ApplyPrefix(GuestReal(real), state_->prefix), value);
  }
  template <typename T>
  void StoreAbsolute(GuestAbsolute absolute, T value) {
    uint8_t* at = FindAbsolute(absolute, true);
    if (at) StoreStorage<T>(at, value);
  }
  // Our memory at an absolute address, good to the end of its page; null (and stopped) if there is
  // none.
  uint8_t* FindAbsolute(GuestAbsolute absolute, bool store);

  // One walk of DAT with the current features; `asce` may be any.
  DatResult Walk(uint64_t asce, GuestLogical address);
  // The ASCE of an operand's space, or nothing if access-register translation stopped it.
  // `dat_on` is false where the space is not translated at all.
  bool AsceOf(Space space, uint64_t& asce, bool& dat_on);
  // Access-register translation of `ar` (PoP: Access-Register Mode); defined in access_register.cc.
  bool TranslateAccessRegister(int ar, uint64_t& asce);
  // Its second half, for an ALET that is neither 0 nor 1: the real origin of the ASTE it leads to.
  bool FindAccessListSpace(int ar, uint32_t& origin);

  // ---- Stops ----
  bool Stopped() const { return stop_ != Stop::kNone; }
  // A program interruption that ends the instruction. The first one counts.
  void Interrupt(PgmCode code);
  void InterruptData(uint8_t data_exception_code);  // also stores the FPC's byte, if AFP is on
  void InterruptTranslation(PgmCode code, uint64_t teid, uint8_t access_id = 0);
  ProgramInterruption& program_interruption() { return program_interruption_; }
  bool Privileged() {  // true if the instruction may go on
    if (!problem_state()) return true;
    Interrupt(PgmCode::kPrivilegedOperation);
    return false;
  }
  // Takes a latched program interruption back, if it is this one.
  bool TakeBack(PgmCode code) {
    if (stop_ != Stop::kProgram || program_interruption_.code != code) return false;
    stop_ = Stop::kNone;
    return true;
  }
  // A program interruption that comes when the instruction has been completed.
  void InterruptAfterCompletion(PgmCode code, uint64_t teid = 0) {
    completion_code_ = code;
    completion_teid_ = teid;
  }
  void InterruptDataAfterCompletion(uint8_t data_exception_code) {
    completion_code_ = PgmCode::kData;
    completion_dxc_ = data_exception_code;
  }
  void FixedPointOverflowIf(bool overflow) {
    if (overflow && (psw_mask_ & Psw::kFixedPointOverflow)) [[unlikely]] {
      InterruptAfterCompletion(PgmCode::kFixedPointOverflow);
    }
  }
  // Leaves SIE with this interception; the PSW is behind the instruction.
  void Intercept(uapi::Interception code);
  // As Intercept(kInstruction), if the interception control `mask` of block.ictl says so.
  bool InterceptedBy(uint32_t ictl_mask) {
    if (!(block_->ictl & ictl_mask)) return false;
    Intercept(uapi::Interception::kInstruction);
    return true;
  }
  // Makes a segment that the host does not map an interception of the instruction: the host is to
  // do it.
  void InterceptHostFault() {
    if (stop_ != Stop::kHostFault) return;
    stop_ = Stop::kNone;
    Intercept(uapi::Interception::kInstruction);
  }
  // A supervisor-call interruption in the guest.
  void DeliverSupervisorCall(uint8_t number);
  // Leaves SIE with the PSW at the instruction, to be done again: KSS.
  void InterceptAndRedrive(uapi::Interception code);

  // ---- Translations and time ----
  void PurgeTlb();
  // PurgeTlb on all CPUs of the VM; they have done so when it returns. This CPU may purge less.
  void PurgeTlbEverywhere() {
    PurgeTlb();
    PurgeTlbElsewhere();
  }
  void PurgeTlbElsewhere();
  // Only what was translated by this address-space-control element.
  void PurgeSpace(uint64_t asce);
  // Only what an entry of the page table at `origin` translated. May purge all pages with these
  // rightmost eight bits of their number, which is what `index` is.
  virtual void PurgePages(uint64_t origin, uint8_t index);
  uint64_t GuestTod() const;
  int64_t CpuTimer();
  void SetCpuTimer(int64_t value);

  // ---- PER, and tracing of branches ----
  bool per_active() const { return per_events_ != 0; }
  // Notes a storage-alteration event if PER watches [address, address + length).
  void PerStore(uint64_t address, uint32_t length, Space space);
  void PerStoreUsingRealAddress();
  void PerKeyAlteration(GuestAbsolute absolute);

 protected:
  static constexpr uint8_t kPerFetch = 0x40;  // per_code_: instruction fetching

  // The CPU timer runs by the clock from now on.
  void StartClock();
  // What the instructions since the entry take on the CPU timer, roughly.
  uint64_t EstimatedTime() const {
    constexpr uint64_t kInstruction = 40;  // about 10 ns
    const auto since_poll = static_cast<uint64_t>(granted_ - budget_);
    return (executed_ + since_poll - executed_before_) * kInstruction;
  }

  bool PerWatches(uint64_t first, uint64_t last) const;
  void PerAfterInstruction();

  enum class Stop : uint8_t { kNone, kProgram, kHostFault, kIntercept, kRedrive };

  template <typename T>
  void StoreSlow(uint64_t address, int ar, T value) {
    uint8_t bytes[sizeof(T)];
    StoreStorage<T>(bytes, value);
    StoreBytes(address, bytes, sizeof(T), Space::ByPsw(ar));
  }

  bool FindSlow(uint64_t address, uint32_t length, Access access, Space space, OperandBytes& bytes);
  TranslationContext ContextFor(uint64_t asce, bool dat_on, bool absolute, uint8_t key) const;
  void UpdateContexts();
  // What the TLB keeps translations of an operand's space under; kNoContext if it keeps none.
  Tlb::ContextId ContextOf(Space space) {
    if (space.kind == Space::kByPsw && space.key == Space::kPswKey) [[likely]]
      return data_context_;
    return ContextOfOther(space);
  }
  Tlb::ContextId ContextOfOther(Space space);
  // Fetches the instruction at `address` into its leftmost bytes; false if stopped.
  bool FetchText(uint64_t address, uint64_t& text);
  // Presents what program_interruption_ and per_code_ say: in the guest (false), or to the host as
  // an interception (true). defined in program_interruption.cc.
  bool PresentProgramInterruption();
  bool InterceptsProgramInterruption() const;
  void DeliverProgramInterruption();
  void DeliverExternalInterruption(ExternalCode code);
  void SwapPsw(uint64_t old_location, uint64_t new_location, const Psw& old);
  // A page of absolute storage: ours, and its key.
  struct AbsoluteFrame {
    GuestAbsolute absolute;
    uint8_t* page = nullptr;
    std::atomic<uint8_t>* key = nullptr;
  };
  // The frame around `absolute`; null (and stopped) if nothing is mapped there. The latest ones are
  // remembered until a mapping changes.
  const AbsoluteFrame* FrameOf(GuestAbsolute absolute);
  // Our memory at `absolute` in its frame.
  uint8_t* Touch(const AbsoluteFrame& frame, GuestAbsolute absolute, bool store);
  bool KeyAllows(uint64_t address, Access access, const TranslationContext& context,
                 uint8_t storage_key) const;
  void InterruptProtection(uint64_t address, Access access, uint64_t teid_reason, Space space);
  uint64_t TeidOf(uint64_t address, Access access, Space space) const;
  // Whether stores to our page at `page` must be seen, since what it holds has been translated.
  // Asked for each store whose translation is not known.
  virtual bool IsCode(const uint8_t*) { return false; }
  // A store to logical page 0 or 1 at `page`, beside what low-address protection covers, is
  // permitted, and needs no watching. In the data context.
  virtual void LowPageStored(uint64_t address, uint8_t* page) {
    static_cast<void>(address);
    static_cast<void>(page);
  }
  bool TranslateIn(const TranslationContext& context, uint64_t address, Access access, Space space,
                   TranslatedPage& page);

  SieEnvironment environment_;
  BroadcastDomain::Member member_;
  CpuState* state_ = nullptr;
  uapi::SieBlock* block_ = nullptr;

  uint64_t ia_ = 0;
  uint64_t next_ia_ = 0;
  uint64_t relative_base_ = 0;  // of the target of an EXECUTE
  // The page instructions come from: our memory, and how far into it one can be fetched whole. A
  // limit of 0 means there is none.
  uint64_t fetch_page_ = 0;
  const uint8_t* fetch_host_ = nullptr;
  uint64_t fetch_limit_ = 0;
  uint64_t psw_mask_ = 0;
  uint64_t address_mask_ = ~uint64_t{0};
  Tlb::ContextId data_context_ = Tlb::kNoContext;  // kNoContext in access-register mode
  Tlb::ContextId fetch_context_ = Tlb::kNoContext;
  // Of operands that name their space or key: the latest of the primary, the secondary and the home
  // space each, good until UpdateContexts.
  struct OtherContext {
    Tlb::ContextId id = Tlb::kNoContext;
    uint8_t key = 0;
  };
  std::array<OtherContext, 3> other_contexts_{};
  int32_t budget_ = 0;   // instructions until the next poll
  int32_t granted_ = 0;  // what it was after the last one
  uint64_t executed_ = 0;
  uint8_t cc_ = 0;
  uint8_t length_ = 0;
  uint8_t execute_length_ = 0;  // of the EXECUTE whose target runs; 0 outside
  Stop stop_ = Stop::kNone;
  uapi::Interception interception_ = uapi::Interception::kNone;
  PgmCode completion_code_ = PgmCode::kNone;
  uint64_t completion_teid_ = 0;
  uint8_t completion_dxc_ = 0;
  ProgramInterruption program_interruption_;
  SieExit host_fault_{};
  uint64_t insn_text_ = 0;  // of the instruction to intercept, an EXECUTE's target included

  // Each instruction needs a look: CR9's event mask while PSW bit 1 is one, and whether CR12 traces
  // branches or changes of the addressing mode.
  static constexpr uint32_t kTracing = 1;
  uint32_t per_events_ = 0;
  uint8_t per_code_ = 0;  // events of the current instruction
  // What per_events_ was when it began: that decides, even if it changes the PSW. 0 between two.
  uint32_t per_watched_ = 0;
  uint64_t per_insn_ = 0;  // its address, and the PSW mask it began with
  uint64_t per_mask_ = 0;
  uint64_t per_address_ = 0;
  uint8_t per_atmid_ = 0;

  // The CPU timer: once somebody asked, the host TOD at which it turns negative; before that, its
  // value when the CPU was entered.
  uint64_t timer_deadline_ = 0;
  uint64_t timer_value_ = 0;
  uint64_t executed_before_ = 0;  // instructions before this entry
  bool timer_running_ = false;
  uint64_t space_generation_ = ~uint64_t{0};
  std::atomic<uint32_t> attention_ = 0;
  // Unless 0, the host wants instructions on the system mask, or a timer's interruption may be
  // pending before the next poll: enabling it takes a look.
  uint32_t wary_ = 1;
  uint64_t wary_control_ = 0;  // control register 0 as it was when wary_ was made
  std::atomic_flag* held_lock_ = nullptr;
  static constexpr size_t kFrames = 256;
  std::array<AbsoluteFrame, kFrames> frames_{};
  uint64_t frames_generation_ = 0;  // of the address space
  Tlb tlb_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_GUEST_CPU_H_
