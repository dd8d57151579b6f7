#include "hypervisor/sie/translator/translator.h"

#include <asmjit/x86.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/floating_control.h"

namespace hypervisor {

using x86::Block;
using x86::Leave;

namespace {

std::shared_ptr<SharedCode> CodeOf(CodeOfVm* vm, const x86::Helpers& helpers) {
  if (!vm) return std::make_shared<SharedCode>(helpers);
  const std::lock_guard lock(vm->mutex);
  if (!vm->code) vm->code = std::make_shared<SharedCode>(helpers);
  return vm->code;
}

}  // namespace

std::unique_ptr<Sie> MakeTranslator(const SieEnvironment& environment) {
  return Translator::Make(environment);
}

std::unique_ptr<Translator> Translator::Make(const SieEnvironment& environment) {
  const auto& host = asmjit::CpuInfo::host().features().x86();
  if (!host.hasMOVBE() || !host.hasBMI2() || !host.hasLZCNT() || !host.hasFMA() ||
      !host.hasAVX2()) {
    return nullptr;
  }
  const std::optional<Chaos> chaos = Chaos::FromEnvironment();
  if (!chaos) return nullptr;
  std::unique_ptr<Translator> engine(new Translator(environment, *chaos));
  if (!engine->jumps_ || !engine->visits_ || !engine->page_tables_.seen()) return nullptr;
  engine->code_ = engine->shared_->Join();
  if (!engine->code_) return nullptr;
  const char* regions = std::getenv("UCONTROL_REGIONS");  // NOLINT: nothing here sets any
  engine->waits_for_warm_ = regions == nullptr;
  engine->interprets_short_stays_ = engine->waits_for_warm_;
  engine->regions_always_ = regions && std::string_view(regions) == "always";
  return engine;
}

// 8192 instructions take some microseconds.
Translator::Translator(const SieEnvironment& environment, const Chaos& chaos)
    : Interpreter(environment, {8192, 1}),
      shared_(CodeOf(environment.code, CalledByCode())),
      jumps_(static_cast<x86::JumpEntry*>(std::calloc(x86::kJumpEntries, sizeof(x86::JumpEntry))),
             std::free),
      chaos_(chaos),
      visits_(static_cast<uint8_t*>(std::calloc(kVisitCounts, 1)), std::free) {}

Translator::~Translator() {
  if (code_) shared_->Part(code_);
}

x86::EngineOffsets Translator::Offsets() const {
  const auto offset = [this](const auto& member) {
    return static_cast<int32_t>(reinterpret_cast<uint64_t>(&member) -
                                reinterpret_cast<uint64_t>(this));
  };
  return {offset(psw_mask_), offset(attention_),     offset(wary_),
          offset(block_),    offset(fetch_context_), offset(tlb_.entries())};
}

// A look at the clock, which is for who runs long enough; from then on at each poll, since what it
// tells holds until the next one.
void Translator::LookAhead() {
  constexpr uint64_t kAhead = 200 << 12;  // microseconds; the next poll comes much earlier
  constexpr uint32_t kOfSystemMask = uapi::kIctlStnsm | uapi::kIctlStosm;
  ExternalCode code;
  wary_ = (block_->ictl & kOfSystemMask) != 0 || TimersDue(code, kAhead);
  wary_control_ = state_->cr[0];
}

uint16_t Translator::CurrentMode() const {
  const uint64_t mask = psw_mask_;
  uint16_t mode = 0;
  if (mask & Psw::kExtendedAddressing)
    mode |= Mode::k64;
  else if (mask & Psw::kBasicAddressing)
    mode |= Mode::k31;
  if (mask & Psw::kDat) {
    mode |= Mode::kDat;
    mode |= static_cast<uint16_t>(Bits<16, 17>(mask) << Mode::kAddressSpaceShift);
  }
  if (state_->cr[0] & cr0::kAfpRegister) {
    mode |= Mode::kAfp;
    if (state_->cr[0] & cr0::kVector) mode |= Mode::kVector;
  }
  if (mask & Psw::kFixedPointOverflow) mode |= Mode::kFixedPointOverflow;
  if (x86::IsForHost(state_->fpc)) mode |= Mode::kBfp;
  return mode;
}

bool Translator::Synchronize() {
  const bool flushed = tlb_.flushes() != flushes_;
  if (flushed) {
    flushes_ = tlb_.flushes();
    page_tables_.Clear();
  }
  if (flushed || table_context_ != data_context_) {
    table_ = page_tables_.Of(data_context_);
    table_context_ = data_context_;
  }
  mode_ = CurrentMode();
  salt_ = flushes_ << 24 | fetch_context_ << 12 | mode_;
  return table_ != nullptr;
}

Translator::Outcome Translator::Loop() {
  TimersChanged();
  epoch_ += uint64_t{1} << 20;  // past what code that a fault of the host ended had counted
  for (;;) {
    ++epoch_;
    // Here, granted_ - budget_ + 1 instructions have been executed since the last poll.
    if (ia_ & 1) RequestPoll();
    if (budget_ <= 0) {
      --budget_;
      const Outcome outcome = Poll();
      if (outcome != Outcome::kGoOn) return outcome;
      ++budget_;
      if (std::exchange(ran_for_long_, false) || wary_ == 0) LookAhead();
    }
    if (busy_page_) LeaveUnwatched(busy_page_);
    if (!shared_->IsNewest(code_)) BeginCache(shared_->GoOver(code_));
    const uint8_t* code = nullptr;
    if (!is_cold_ && per_events_ == 0 && !(ia_ & 1) && Synchronize()) {
      code = KnownCode();
      if (!code) code = FindCodeOrMakeRoom();
    }
    const Outcome outcome = code ? Execute(code) : is_cold_ ? InterpretRun() : InterpretOne();
    if (outcome != Outcome::kGoOn) return outcome;
  }
}

Translator::Outcome Translator::InterpretOne() {
  --budget_;
  fetch_limit_ = 0;  // look at the TLB, or fill it
  return Step();
}

// To the next branch that is taken to what may be known, or is worth a translation.
Translator::Outcome Translator::InterpretRun() {
  ++counts_.interpreted_runs;
  is_cold_ = false;
  fetch_limit_ = 0;
  for (size_t i = 0; i < kMostInterpreted; ++i) {
    const uint64_t address = ia_;
    --budget_;
    const Outcome outcome = Step();
    if (outcome != Outcome::kGoOn || budget_ <= 0) return outcome;
    if (ia_ != Wrap(address + length_) && !IsColdToo()) return outcome;
  }
  return Outcome::kGoOn;
}

// Of where a run goes on.
bool Translator::IsColdToo() {
  Key key;
  if ((ia_ & 1) || per_events_ != 0 || busy_page_ || !Locate(key)) return false;
  uint8_t& visits = VisitsOf(key);
  if (visits >= kVisitsOfWarm || visits % kVisitsOfLook == 0) return false;
  ++visits;
  return true;
}

Translator::Outcome Translator::Execute(const uint8_t* code) {
  for (;;) {
    x86::Transfer transfer;
    transfer.engine = static_cast<Translator*>(this);
    transfer.jumps = jumps_.get();
    transfer.salt = salt_;
    transfer.budget = budget_;
    transfer.epoch = epoch_;
    transfer.cc_low = cc_ & 1;
    transfer.cc_high = cc_ >> 1;
    ended_ = false;
    x86::BeginGuestArithmetic(state_->fpc);
    code_->stubs().enter(&transfer, code, state_, table_);
    x86::EndGuestArithmetic(state_->fpc);
    epoch_ = transfer.epoch;
    ++counts_.exits[static_cast<size_t>(transfer.leave)];
    if (transfer.leave == Leave::kHandled) {
      if (ended_) return EndInstruction();
      return Outcome::kGoOn;
    }
    budget_ = transfer.budget;
    cc_ = static_cast<uint8_t>(transfer.cc_low | transfer.cc_high << 1);
    ia_ = transfer.address;
    if (transfer.leave == Leave::kBudget) {
      ran_for_long_ = true;
      Sample();
      RequestPoll();
      return Outcome::kGoOn;
    }
    if (transfer.leave == Leave::kStale || transfer.leave == Leave::kFirst) {
      const Block& block = BlockAt(transfer.link);
      code = transfer.leave == Leave::kStale ? Renew(block) : EnterFirst(block);
      if (!code || budget_ <= 0) return Outcome::kGoOn;
      continue;
    }
    if ((ia_ & 1) || budget_ <= 0) return Outcome::kGoOn;
    const uint64_t before = forgotten_;
    code = FindCodeOrMakeRoom();
    if (!code) return Outcome::kGoOn;
    if (transfer.leave == Leave::kLink && forgotten_ == before && !chaos_.unlinked) {
      const auto lock = code_->Lock();
      code_->Link(transfer.link, code);
    }
  }
}

bool Translator::Locate(Key& key) {
  const Tlb::Entry& entry = tlb_.At(ia_, fetch_context_);
  if (entry.fetch_tag != Tlb::Tag(ia_, fetch_context_)) return false;
  key = {reinterpret_cast<const uint8_t*>(ia_ + entry.addend), ia_, mode_};
  return true;
}

void Translator::Sample() {
  Key key;
  if (!Locate(key)) return;
  Block* hot = nullptr;
  {
    const auto lock = code_->Lock();
    Block* const* known = code_->Find(key);
    if (!known || !*known || (*known)->is_region) return;
    if (++(*known)->samples < kSamplesOfHot) return;
    (*known)->is_region = true;  // whatever comes of it
    hot = *known;
  }
  TranslateAgain(key, *hot);
}

const uint8_t* Translator::Renew(const Block& block) {
  jumps_[(ia_ >> 1) % x86::kJumpEntries] = {};
  Key key;
  if (!Locate(key)) return nullptr;
  sought_.Set(key, nullptr);
  Block* stale = nullptr;
  int renewals = 0;
  {
    const auto lock = code_->Lock();
    Block* const* known = code_->Find(key);
    if (known && !*known) return nullptr;
    if (known && *known == &block) {
      stale = *known;
      renewals = stale->renewals + 1;
      if (renewals > kMostRenewals) {
        code_->LeaveToInterpreter(key);
        return nullptr;
      }
    }
  }
  if (!stale) {
    // It is known to have changed already.
    const uint8_t* code = FindCode();
    if (!code || block.host != key.host) return code;
    const auto lock = code_->Lock();
    code_->Replace(block, code);
    return code;
  }
  Block* fresh = Translate(key, stale);
  if (!fresh) return nullptr;
  ++counts_.renewals;
  const auto lock = code_->Lock();
  fresh->renewals = renewals;
  code_->Replace(*stale, fresh->entry);
  Remember(key, fresh->entry);
  return fresh->entry;
}

const Block& Translator::BlockAt(uint32_t number) const {
  const auto lock = code_->Lock();
  return code_->At(number);
}

const uint8_t* Translator::EnterFirst(const Block& block) {
  MarkAsCode(block.first_byte);
  SetSeen(block.number, kSeenOnce);
  return block.entry;
}

const uint8_t* Translator::KnownCode() const {
  const x86::JumpEntry& known = jumps_[(ia_ >> 1) % x86::kJumpEntries];
  return known.address == ia_ && known.salt == salt_ ? known.entry : nullptr;
}

const uint8_t* Translator::FindCodeOrMakeRoom() {
  if (chaos_.flush || code_->IsFull()) Forget();
  return FindCode();
}

const uint8_t* Translator::FindCode() {
  ++counts_.lookup_misses;
  Key key;
  if (!Locate(key)) return nullptr;
  if (const uint8_t* code = SoughtBefore(key)) return code;
  // What is cold another CPU may have translated: that is looked for now and then.
  uint8_t& visits = VisitsOf(key);
  const bool is_warm = !waits_for_warm_ || visits >= kVisitsOfWarm;
  if (!is_warm) {
    is_cold_ = true;
    if (visits++ % kVisitsOfLook != 0) return nullptr;
  }
  const Block* block = nullptr;
  bool is_known = false;
  {
    const auto lock = code_->Lock();
    if (Block* const* known = code_->Find(key)) {
      is_known = true;
      block = *known;
    }
  }
  if (is_known) {
    is_cold_ = false;
  } else if (is_warm) {
    block = Translate(key);
  }
  if (!block) return nullptr;
  Remember(key, block->entry);
  return block->entry;
}

void Translator::Remember(const Key& key, const uint8_t* code) {
  if (chaos_.unlinked) return;
  ShowJump(ia_, code);
  sought_.Set(key, code);
}

const uint8_t* Translator::SoughtBefore(const Key& key) {
  SoughtCode::Page* page = sought_.PageOf(key);
  if (!page) return nullptr;
  const uint8_t* code = page->CodeAt(ia_);
  if (page->shown == salt_) {
    if (code) ShowJump(ia_, code);
    return code;
  }
  page->shown = salt_;
  for (const SoughtCode::Entry& entry : page->entries)
    ShowJump((ia_ & ~kPageMask) + entry.offset, entry.code);
  return code;
}

void Translator::AddStatistics(EngineStatistics& sums) const {
  Interpreter::AddStatistics(sums);
  sums["translated blocks"] += counts_.blocks;
  sums["translated regions"] += counts_.regions;
  sums["microseconds of translating"] += counts_.nanoseconds / 1000;
  sums["translated again, since the guest's code had changed"] += counts_.renewals;
  const auto is_at_least = [&sums](const char* name, uint64_t count) {
    uint64_t& sum = sums[name];
    sum = std::max(sum, count);
  };
  is_at_least("translations forgotten, all", forgotten_);
  is_at_least("bytes of code", code_->used());
  sums["blocks that could not be translated"] += counts_.refused;
  sums["runs interpreted"] += counts_.interpreted_runs;
  sums["look-up misses"] += counts_.lookup_misses;
  sums["handler calls"] += counts_.handler_calls;
  sums["slow loads"] += counts_.slow_loads;
  sums["slow stores"] += counts_.slow_stores;
  is_at_least("bytes of the widest window of loads", counts_.widest_window);
  constexpr const char* kExits[] = {
      "exits: handled", "exits: look up",          "exits: link",
      "exits: poll",    "exits: code has changed", "exits: first entry"};
  for (size_t i = 0; i < counts_.exits.size(); ++i) sums[kExits[i]] += counts_.exits[i];
}

void Translator::Forget() {
  if (CodeCache* const empty = shared_->Forget(code_)) BeginCache(empty);
}

void Translator::BeginCache(CodeCache* cache) {
  ++forgotten_;
  code_ = cache;
  std::fill_n(page_tables_.seen(), std::exchange(seen_count_, 0), 0);
  code_pages_.clear();
  busy_page_ = nullptr;
  sought_.Clear();
  std::memset(static_cast<void*>(jumps_.get()), 0, x86::kJumpEntries * sizeof(x86::JumpEntry));
}

uint64_t Translator::ContinueAt(uint64_t instruction) {
  return code_->ContinueAt(instruction);
}

}  // namespace hypervisor
