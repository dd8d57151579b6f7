// What translated code calls: accesses that its page table doesn't know, and instructions that are
// left to their handlers. Each finds the CPU's state as the interpreter has it inside the
// instruction, and says where the code goes on.
#include <cstddef>
#include <cstring>
#include <utility>

#include "hypervisor/sie/translator/translator.h"
#include "hypervisor/sie/translator/x86/floating_control.h"

namespace hypervisor {

using x86::Block;
using x86::Frame;
using x86::Site;

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

x86::Helpers Translator::CalledByCode() {
  return {Call<Load>, Call<Store>, Call<ExecuteSite>};
}

}  // namespace hypervisor
