#include "hypervisor/sie/translator/translator.h"

#include <asmjit/x86.h>
#include <sys/auxv.h>

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
using x86::Frame;
using x86::Leave;
using x86::Site;

namespace {

constexpr unsigned long kHasFsGsBase = 2;  // HWCAP2_FSGSBASE

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
  // Code sets the base of gs itself, if the kernel lets it.
  if ((getauxval(AT_HWCAP2) & kHasFsGsBase) == 0) return nullptr;
  const std::optional<Chaos> chaos = Chaos::FromEnvironment();
  if (!chaos) return nullptr;
  std::unique_ptr<Translator> engine(new Translator(environment));
  engine->chaos_ = *chaos;
  if (!engine->jumps_ || !engine->visits_ || !engine->page_tables_.seen()) return nullptr;
  engine->code_ = engine->shared_->Join();
  if (!engine->code_) return nullptr;
  const char* regions = std::getenv("UCONTROL_REGIONS");
  engine->waits_for_warm_ = regions == nullptr;
  engine->interprets_short_stays_ = engine->waits_for_warm_;
  engine->regions_always_ = regions && std::string_view(regions) == "always";
  return engine;
}

// 8192 instructions take some microseconds.
Translator::Translator(const SieEnvironment& environment)
    : Interpreter(environment, {8192, 1}),
      shared_(CodeOf(environment.code, {Call<Load>, Call<Store>, Call<ExecuteSite>})),
      jumps_(static_cast<x86::JumpEntry*>(std::calloc(x86::kJumpEntries, sizeof(x86::JumpEntry))),
             std::free),
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

// To the next branch that is taken.
Translator::Outcome Translator::InterpretRun() {
  ++counts_.interpreted_runs;
  is_cold_ = false;
  fetch_limit_ = 0;
  for (size_t i = 0; i < kMostInstructions; ++i) {
    const uint64_t address = ia_;
    --budget_;
    const Outcome outcome = Step();
    if (outcome != Outcome::kGoOn || budget_ <= 0 || ia_ != Wrap(address + length_)) return outcome;
  }
  return Outcome::kGoOn;
}

bool Translator::IsWarm(const Key& key) {
  if (!waits_for_warm_) return true;
  uint8_t& visits = visits_[reinterpret_cast<uint64_t>(key.host) / 2 % kVisitCounts];
  if (visits >= kVisitsOfWarm) return true;
  ++visits;
  is_cold_ = true;
  return false;
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
  Remember(fresh->entry);
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
  const Block* block = nullptr;
  bool is_known = false;
  {
    const auto lock = code_->Lock();
    if (Block* const* known = code_->Find(key)) {
      is_known = true;
      block = *known;
    }
  }
  if (!is_known && IsWarm(key)) block = Translate(key);
  if (!block) return nullptr;
  Remember(block->entry);
  return block->entry;
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
  std::memset(static_cast<void*>(jumps_.get()), 0, x86::kJumpEntries * sizeof(x86::JumpEntry));
}

uint64_t Translator::ContinueAt(uint64_t instruction) {
  return code_->ContinueAt(instruction);
}

// ---- What translated code calls ----

template <int (*kHelper)(Frame*)>
int Translator::Call(Frame* frame) {
  auto& cpu = *static_cast<Translator*>(frame->transfer->engine);
  x86::EndGuestArithmetic(cpu.state_->fpc);
  const int answer = kHelper(frame);
  answer == x86::kLeave ? x86::ClearArithmetic() : x86::BeginGuestArithmetic(cpu.state_->fpc);
  return answer;
}

// The CPU's state is that of the interpreter inside the instruction.
const Site& Translator::Arrive(Frame* frame) {
  const Site& site = *frame->site;
  ia_ = site.address;
  next_ia_ = site.next;
  length_ = site.insn.length;
  relative_base_ = site.address;
  cc_ = static_cast<uint8_t>(frame->cc_low | frame->cc_high << 1);
  budget_ = frame->budget + site.remaining;
  code_stored_ = false;
  return site;
}

const Interpreter::Decoded* Translator::FetchAcross() {
  Key here;
  if (!Locate(here)) return nullptr;
  uint8_t text[sizeof(uint64_t)];
  const uint64_t in_page = kPageSize - (ia_ & kPageMask);
  std::memcpy(text, here.host, in_page);
  if (!FetchNextPage(ia_, sizeof(text) - in_page, text + in_page)) return nullptr;
  return &Lookup(ia_, LoadStorage<uint64_t>(text));
}

bool Translator::FetchNextPage(uint64_t address, size_t size, uint8_t* text) {
  const uint64_t page = NextPage(address);
  const Tlb::Entry& entry = tlb_.At(page, fetch_context_);
  if (entry.fetch_tag != Tlb::Tag(page, fetch_context_)) return false;
  std::memcpy(text, reinterpret_cast<const uint8_t*>(page + entry.addend), size);
  return true;
}

int Translator::Ended(const Insn& insn) {
  insn_text_ = execute_length_ ? insn_text_ : insn.text;
  ended_ = true;
  return x86::kLeave;
}

void Translator::FillPage(uint64_t address) {
  if (data_context_ == Tlb::kNoContext || chaos_.slow) return;
  const Tlb::Entry& entry = tlb_.At(address, data_context_);
  const uint64_t tag = Tlb::Tag(address, data_context_);
  const uint64_t read = entry.read_tag == tag ? entry.addend : 0;
  const uint64_t write = entry.write_tag == tag ? entry.addend : 0;
  if (read | write) page_tables_.Set(address >> 12, read, write);
  if (write != 0 && address >> 12 < x86::kLowPages) page_tables_.SetLow(address >> 12, write);
}

int Translator::Load(Frame* frame) {
  auto& cpu = *static_cast<Translator*>(frame->transfer->engine);
  ++cpu.counts_.slow_loads;
  const Site& site = cpu.Arrive(frame);
  const auto ar = static_cast<int>(frame->access_register);
  const uint64_t at = frame->operand;
  GuestCpu& guest = cpu;
  switch (static_cast<ir::Type>(frame->type)) {
    case ir::Type::kU8:
    case ir::Type::kS8:
      frame->value = guest.Load<uint8_t>(at, ar);
      break;
    case ir::Type::kU16:
    case ir::Type::kS16:
      frame->value = guest.Load<uint16_t>(at, ar);
      break;
    case ir::Type::kU32:
    case ir::Type::kS32:
      frame->value = guest.Load<uint32_t>(at, ar);
      break;
    default:
      frame->value = guest.Load<uint64_t>(at, ar);
      break;
  }
  if (cpu.Stopped()) return cpu.Ended(site.insn);
  cpu.FillPage(at);
  cpu.WidenWindow(at);
  return x86::kGoOn;
}

void Translator::LowPageStored(uint64_t address, uint8_t* page) {
  if (data_context_ != table_context_ || chaos_.slow) return;
  page_tables_.SetLow(address >> 12, reinterpret_cast<uint64_t>(page) - (address & ~kPageMask));
}

bool Translator::StoredIntoBlock(uint64_t address, uint32_t length, const Block& block) {
  if (!code_stored_) return false;
  if (data_context_ == Tlb::kNoContext || (address & kPageMask) + length > kPageSize) return true;
  const Tlb::Entry& entry = tlb_.At(address, data_context_);
  const uint64_t host = address + entry.addend;
  return host <= reinterpret_cast<uint64_t>(block.last_byte) &&
         host + length > reinterpret_cast<uint64_t>(block.first_byte);
}

int Translator::Store(Frame* frame) {
  auto& cpu = *static_cast<Translator*>(frame->transfer->engine);
  ++cpu.counts_.slow_stores;
  const Site& site = cpu.Arrive(frame);
  const auto ar = static_cast<int>(frame->access_register);
  const uint64_t at = frame->operand;
  GuestCpu& guest = cpu;
  uint32_t length = 8;
  switch (static_cast<ir::Type>(frame->type)) {
    case ir::Type::kU8:
    case ir::Type::kS8:
      length = 1;
      guest.Store<uint8_t>(at, ar, static_cast<uint8_t>(frame->value));
      break;
    case ir::Type::kU16:
    case ir::Type::kS16:
      length = 2;
      guest.Store<uint16_t>(at, ar, static_cast<uint16_t>(frame->value));
      break;
    case ir::Type::kU32:
    case ir::Type::kS32:
      length = 4;
      guest.Store<uint32_t>(at, ar, static_cast<uint32_t>(frame->value));
      break;
    default:
      guest.Store<uint64_t>(at, ar, frame->value);
      break;
  }
  if (cpu.Stopped()) return cpu.Ended(site.insn);
  cpu.FillPage(at);
  if (cpu.code_stored_) ++frame->epoch;
  if (!cpu.busy_page_ && !cpu.StoredIntoBlock(at, length, *site.block)) return x86::kGoOn;
  // The block's next instructions may not be what they were.
  cpu.ia_ = cpu.next_ia_;
  return x86::kLeave;
}

int Translator::ExecuteSite(Frame* frame) {
  auto& cpu = *static_cast<Translator*>(frame->transfer->engine);
  ++cpu.counts_.handler_calls;
  const Site& site = cpu.Arrive(frame);
  Handler handler = site.handler;
  Insn insn = site.insn;
  if (site.crosses) {
    const Decoded* whole = cpu.FetchAcross();
    // Another CPU may have stored a shorter or a longer one there.
    if (!whole || whole->insn.length != insn.length) {
      ++cpu.budget_;
      cpu.is_cold_ = true;
      return x86::kLeave;
    }
    handler = whole->execute;
    insn = whole->insn;
  }
  const int32_t budget = cpu.budget_;
  const uint64_t contexts = cpu.data_context_ << 16 | cpu.fetch_context_;
  handler(cpu, insn);
  if (site.serializes || site.crosses || cpu.code_stored_) ++frame->epoch;
  if (cpu.Stopped() || cpu.completion_code_ != PgmCode::kNone || cpu.per_events_ != 0)
    return cpu.Ended(insn);
  cpu.execute_length_ = 0;
  if (site.has_operand && cpu.tlb_.flushes() == cpu.flushes_) cpu.FillPage(frame->operand);
  if (site.has_second && cpu.tlb_.flushes() == cpu.flushes_) cpu.FillPage(frame->value);
  frame->cc_low = cpu.cc_ & 1;
  frame->cc_high = cpu.cc_ >> 1;
  if (cpu.budget_ != budget && !cpu.IsPollDue()) cpu.TakeBackPoll(budget);
  const bool as_before = cpu.next_ia_ == site.next && cpu.budget_ == budget &&
                         !std::exchange(cpu.purged_here_, false) &&
                         cpu.tlb_.flushes() == cpu.flushes_ && !cpu.code_stored_ &&
                         (cpu.data_context_ << 16 | cpu.fetch_context_) == contexts &&
                         cpu.CurrentMode() == cpu.mode_;
  if (as_before) return x86::kGoOn;
  cpu.ia_ = cpu.next_ia_;
  return cpu.budget_ == budget ? cpu.GoElsewhere(frame) : x86::kLeave;
}

}  // namespace hypervisor
