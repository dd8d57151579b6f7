#include "hypervisor/sie/guest_cpu.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "hypervisor/arch/host_clock.h"

namespace hypervisor {

void OperandBytes::Read(uint8_t* bytes) const {
  std::memcpy(bytes, first, first_length);
  if (first_length < length) std::memcpy(bytes + first_length, second, length - first_length);
}

void OperandBytes::Write(const uint8_t* bytes) const {
  std::memcpy(first, bytes, first_length);
  if (first_length < length) std::memcpy(second, bytes + first_length, length - first_length);
}

GuestCpu::GuestCpu(const SieEnvironment& environment) : environment_(environment) {
  member_.attention = &attention_;
  environment_.broadcast.Join(member_);
}

GuestCpu::~GuestCpu() {
  environment_.broadcast.Part(member_);
}

Psw GuestCpu::psw() const {
  Psw psw{psw_mask_, ia_};
  psw.set_condition_code(cc_);
  return psw;
}

void GuestCpu::LoadPsw(const Psw& psw) {
  next_ia_ = psw.address;
  cc_ = psw.condition_code();
  SetPswMask(psw.mask);
}

void GuestCpu::SetPswMask(uint64_t mask) {
  constexpr uint64_t kOfNoContext = Psw::kExternal | Psw::kIo | Psw::kMachineCheck | Psw::kWait |
                                    Psw::kProblemState | Psw::kConditionCode | Psw::kProgramMask;
  const bool same = ((mask ^ psw_mask_) & ~kOfNoContext) == 0;
  psw_mask_ = mask;
  fetch_limit_ = 0;
  if (!same) UpdateContexts();
  RequestPoll();
}

void GuestCpu::ControlChanged() {
  if (state_->cr[0] != wary_control_) TimersChanged();
  UpdateContexts();
  RequestPoll();
}

void GuestCpu::BranchTo(uint64_t address) {
  next_ia_ = address;
  if (address & 1) [[unlikely]]
    fetch_limit_ = 0;  // no fast way to it: FetchText notices
  state_->breaking_event_address = ia_;
  if (per_events_ & cr9::kPerSuccessfulBranching) [[unlikely]]
    per_code_ |= 0x80;
}

void GuestCpu::Acquire(std::atomic_flag& lock) {
  while (lock.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  held_lock_ = &lock;
}

void GuestCpu::Release() {
  if (held_lock_) held_lock_->clear(std::memory_order_release);
  held_lock_ = nullptr;
}

// ---- Stops ----

void GuestCpu::Interrupt(PgmCode code) {
  if (Stopped()) return;
  stop_ = Stop::kProgram;
  program_interruption_ = ProgramInterruption{};
  program_interruption_.code = code;
}

void GuestCpu::InterruptData(uint8_t data_exception_code) {
  if (Stopped()) return;
  Interrupt(PgmCode::kData);
  program_interruption_.data_exception_code = data_exception_code;
  if (state_->cr[0] & cr0::kAfpRegister) {
    state_->fpc = (state_->fpc & ~0xff00u) | uint32_t{data_exception_code} << 8;
  }
}

void GuestCpu::InterruptTranslation(PgmCode code, uint64_t teid, uint8_t access_id) {
  if (Stopped()) return;
  Interrupt(code);
  program_interruption_.translation_exception = teid;
  program_interruption_.exception_access_id = access_id;
}

void GuestCpu::Intercept(uapi::Interception code) {
  if (Stopped()) return;
  stop_ = Stop::kIntercept;
  interception_ = code;
}

void GuestCpu::InterceptAndRedrive(uapi::Interception code) {
  if (Stopped()) return;
  stop_ = Stop::kRedrive;
  interception_ = code;
}

// ---- Translations and time ----

void GuestCpu::PurgeTlb() {
  tlb_.Flush();
  UpdateContexts();
}

void GuestCpu::PurgeTlbElsewhere() {
  if (environment_.broadcast.Purge(member_)) PurgeTlb();
}

void GuestCpu::PurgeSpace(uint64_t asce_word) {
  constexpr uint64_t kIdentity = asce::kOrigin | asce::kRealSpace | Mask<60, 63>();
  tlb_.FlushSpace(asce_word, kIdentity);
  UpdateContexts();
}

void GuestCpu::PurgePages(uint64_t, uint8_t index) {
  tlb_.FlushPages(index);
  fetch_limit_ = 0;
}

uint64_t GuestCpu::GuestTod() const {
  return HostTod() + block_->epoch;
}

int64_t GuestCpu::CpuTimer() {
  StartClock();
  return static_cast<int64_t>(timer_deadline_ - HostTod());
}

void GuestCpu::SetCpuTimer(int64_t value) {
  timer_running_ = true;
  timer_deadline_ = HostTod() + static_cast<uint64_t>(value);
  TimersChanged();
  RequestPoll();
}

void GuestCpu::StartClock() {
  if (timer_running_) return;
  timer_running_ = true;
  timer_deadline_ = HostTod() + timer_value_ - EstimatedTime();
}

// ---- Contexts ----

TranslationContext GuestCpu::ContextFor(uint64_t asce_word, bool dat_on, bool absolute,
                                        uint8_t key) const {
  const uint64_t control = state_->cr[0];
  TranslationContext context;
  context.asce = dat_on ? asce_word : 0;
  context.dat = dat_on;
  context.absolute = absolute;
  context.prefix = state_->prefix;
  context.key = key;
  const bool private_space = dat_on && (asce_word & asce::kPrivateSpace);
  context.low_address_protection = (control & cr0::kLowAddressProtection) && !private_space;
  context.fetch_override = (control & cr0::kFetchProtectionOverride) && !private_space;
  context.storage_override = (control & cr0::kStorageProtectionOverride) != 0;
  context.edat = dat_on && (control & cr0::kEnhancedDat);
  context.iep = dat_on && (control & cr0::kInstructionExecutionProtection);
  context.watch_stores = (per_events_ & cr9::kPerStorageAlteration) != 0;
  return context;
}

void GuestCpu::UpdateContexts() {
  per_events_ = psw_mask_ & Psw::kPer ? static_cast<uint32_t>(state_->cr[9]) & 0xff000000 : 0;
  constexpr uint64_t kTracedBranchesAndModes = Mask<0, 1>();
  if (state_->cr[12] & kTracedBranchesAndModes) per_events_ |= kTracing;
  Psw mode;
  mode.mask = psw_mask_;
  address_mask_ = mode.address_mask();
  const uint8_t key = psw_key();
  fetch_limit_ = 0;
  other_contexts_.fill(OtherContext{});
  tlb_.Reserve(2);
  if (!mode.dat()) {
    data_context_ = fetch_context_ = tlb_.IdOf(ContextFor(0, false, false, key));
    return;
  }
  switch (mode.address_space_control()) {
    case AddressSpaceControl::kPrimary:
      data_context_ = fetch_context_ =
          tlb_.IdOf(ContextFor(state_->cr[kPrimaryAsce], true, false, key));
      break;
    case AddressSpaceControl::kAccessRegister:
      fetch_context_ = tlb_.IdOf(ContextFor(state_->cr[kPrimaryAsce], true, false, key));
      data_context_ = Tlb::kNoContext;
      break;
    case AddressSpaceControl::kSecondary:
      fetch_context_ = tlb_.IdOf(ContextFor(state_->cr[kPrimaryAsce], true, false, key));
      data_context_ = tlb_.IdOf(ContextFor(state_->cr[kSecondaryAsce], true, false, key));
      break;
    case AddressSpaceControl::kHome:
      data_context_ = fetch_context_ =
          tlb_.IdOf(ContextFor(state_->cr[kHomeAsce], true, false, key));
      break;
  }
}

Tlb::ContextId GuestCpu::ContextOfOther(Space space) {
  const Psw mode{psw_mask_, 0};
  Space::Kind kind = space.kind;
  if (kind == Space::kByPsw && mode.dat()) {
    constexpr Space::Kind kKinds[] = {Space::kPrimary, Space::kAccessRegister, Space::kSecondary,
                                      Space::kHome};
    kind = kKinds[static_cast<int>(mode.address_space_control())];
  }
  static_assert(Space::kSecondary == Space::kPrimary + 1 && Space::kHome == Space::kPrimary + 2);
  if (kind < Space::kPrimary || kind > Space::kHome) return Tlb::kNoContext;
  const uint8_t key = space.key == Space::kPswKey ? psw_key() : static_cast<uint8_t>(space.key);
  OtherContext& other = other_contexts_[kind - Space::kPrimary];
  if (other.id == Tlb::kNoContext || other.key != key) {
    constexpr int kControl[] = {kPrimaryAsce, kSecondaryAsce, kHomeAsce};
    const uint64_t asce_word = state_->cr[kControl[kind - Space::kPrimary]];
    other = {tlb_.IdIfThereIs(ContextFor(asce_word, true, false, key)), key};
  }
  return other.id;
}

}  // namespace hypervisor
