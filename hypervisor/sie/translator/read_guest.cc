// From guest code to a block's instructions and their IR.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/table.h"
#include "hypervisor/sie/translator/record.h"
#include "hypervisor/sie/translator/translator.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"

namespace hypervisor {

using ir::Opcode;
using ir::Operation;

namespace {

// Whether it branches, whether always, and where to.
void FindBranch(const GuestBlock& block, GuestInstruction& instruction, const Operation& branch) {
  instruction.branches = true;
  instruction.target = 1;
  for (const Operation* made = &block.ir.operations[instruction.first]; made != &branch; ++made) {
    const bool constant = made->opcode == Opcode::kConstant;
    if (made->result == branch.arguments[0] &&
        ((constant && made->immediates[0] != 0) ||
         (made->opcode == Opcode::kCcIn && (made->immediates[0] & 15) == 15))) {
      instruction.falls_through = false;
    }
    if (made->result == branch.arguments[1] && constant)
      instruction.target = static_cast<uint64_t>(made->immediates[0]);
    if (made->result == branch.arguments[1] && made->opcode == Opcode::kGpr)
      instruction.target_register = static_cast<uint8_t>(made->immediates[0]);
  }
}

// The register in which an instruction that always branches leaves the address behind it; 0: none.
uint8_t LinkOf(const GuestBlock& block, const GuestInstruction& instruction) {
  if (!instruction.branches || instruction.falls_through) return 0;
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    const Operation& operation = block.ir.operations[i];
    if (operation.opcode == Opcode::kSetGpr) return static_cast<uint8_t>(operation.immediates[0]);
  }
  return 0;
}

RowIndex RowNamed(std::string_view name) {
  const auto rows = Table();
  return static_cast<RowIndex>(
      std::find_if(rows.begin(), rows.end(),
                   [name](const TableRow& row) { return row.mnemonic == name; }) -
      rows.begin());
}

std::vector<bool> RowsNamed(std::initializer_list<std::string_view> names) {
  std::vector<bool> rows;
  for (const TableRow& row : Table()) {
    rows.push_back(std::find(names.begin(), names.end(), row.mnemonic) != names.end());
  }
  return rows;
}

// Assists that always go elsewhere.
bool LoadsPsw(RowIndex row) {
  static const std::vector<bool> rows =
      RowsNamed({"SVC", "LPSW", "LPSWE", "PC", "PR", "PT", "PTI", "BSA", "BSG", "BAKR"});
  return rows[row];
}

// PoP: Program Execution: CPU Serialization. Rows that record it say so themselves. What updates
// storage interlocked, as LAA, ASI and NI do, is serialized for its operand only (Specific-Operand
// Serialization): it may go on with instructions that were fetched before.
bool Serializes(RowIndex row) {
  static const std::vector<bool> rows =
      RowsNamed({"CS",   "CSY",  "CSG",   "CDS",   "CDSY",  "CDSG", "CSST", "CSP",  "CSPG",
                 "IPTE", "IDTE", "CRDTE", "LPSW",  "LPSWE", "PC",   "PR",   "PT",   "PTI",
                 "PLO",  "PTLB", "PALB",  "RRBE",  "SSKE",  "SIGP", "SPX",  "STCK", "STCKE",
                 "SVC",  "TS",   "TRAP2", "TRAP4", "BSA",   "BSG",  "PFMF"});
  return rows[row];
}

}  // namespace

// What a block is read from: the page of its first instruction, as it is now.
class Translator::PageReader {
 public:
  // A fault of the host ends it here, before anything has been done.
  PageReader(Translator& translator, const Key& key)
      : translator_(translator),
        guest_(translator.guest_),
        page_(key.address & ~kPageMask),
        recorder_(guest_.ir, Psw{translator.psw_mask_, key.address}, translator.facilities()) {
    std::memcpy(bytes_, key.host - (key.address & kPageMask), kPageSize);
    std::fill(std::begin(numbers_), std::end(numbers_), int16_t{GuestInstruction::kElsewhere});
    guest_.address = key.address;
    guest_.host = key.host;
    guest_.mode = key.mode;
    guest_.address_mask = translator.address_mask_;
    guest_.instructions.clear();
    guest_.texts.clear();
    guest_.ir.operations.clear();
    guest_.ir.values = 0;
    recorder_.set_afp_on(key.mode & Mode::kAfp);
    recorder_.set_vector_on(key.mode & Mode::kVector);
  }

  bool InPage(uint64_t address) const {
    return (address & 1) == 0 && (address & ~kPageMask) == page_;
  }
  // The number of the instruction at an address in the page.
  int32_t NumberOf(uint64_t address) const { return numbers_[(address & kPageMask) / 2]; }

  enum class Found { kNotWhole, kMore, kEnd };
  // Reads the instruction at an address in the page: whether it is all to be had, and whether code
  // of this page that is executed is likely to stand behind it.
  Found Read(uint64_t address) {
    const auto offset = static_cast<uint32_t>(address & kPageMask);
    uint8_t text_bytes[8] = {};
    const size_t in_page = std::min<size_t>(8, kPageSize - offset);
    std::memcpy(text_bytes, bytes_ + offset, in_page);
    const uint8_t length = InsnLength(text_bytes[0]);
    GuestInstruction instruction;
    instruction.address = address;
    instruction.crosses = length > in_page;
    // What precedes it is executed even if the host has nothing behind that page.
    if (instruction.crosses && !guest_.instructions.empty()) return Found::kNotWhole;
    if (instruction.crosses &&
        !translator_.FetchNextPage(address, length - in_page, text_bytes + in_page)) {
      return Found::kNotWhole;
    }
    Decode(LoadStorage<uint64_t>(text_bytes), instruction.insn);
    instruction.insn.text &= ~uint64_t{0} << (64 - 8 * length);
    const RowIndex row = translator_.OfferedRow(instruction.insn);
    instruction.handler = HandlerOf(row);
    instruction.first = guest_.ir.operations.size();
    if (instruction.crosses) RecordRefetch(address, text_bytes + in_page, length - in_page);
    recorder_.Begin(address, length);
    const bool has_semantics =
        row != kInvalidRow && (Record(recorder_, instruction.insn) || RecordExecuted(instruction));
    instruction.last = guest_.ir.operations.size();
    bool last = row == kInvalidRow || Table()[row].kind == RowKind::kIntercept ||
                Table()[row].kind == RowKind::kGap;
    if (has_semantics) {
      // What is behind a serialization may not be what it was: it is another block, to be compared.
      instruction.serializes = Serializes(row);
      bool sets_mode = false;
      for (size_t i = instruction.first; i < instruction.last; ++i) {
        Operation& operation = guest_.ir.operations[i];
        switch (operation.opcode) {
          case Opcode::kFixedPointOverflowIf:
            if (!(guest_.mode & Mode::kFixedPointOverflow)) operation = Operation{};
            break;
          case Opcode::kSerialize:
          case Opcode::kCompareAndSwapStorage:
            instruction.serializes = true;
            break;
          case Opcode::kBranchAndSetMode:
          case Opcode::kSetAddressingMode:
            sets_mode = true;
            break;
          case Opcode::kBranchIf:
            FindBranch(guest_, instruction, operation);
            break;
          default:
            break;
        }
      }
      last = !instruction.falls_through || instruction.serializes || sets_mode;
      instruction.recorded = x86::CanEmit(guest_, instruction);
    } else if (!last) {
      instruction.serializes = Serializes(row);
      last = LoadsPsw(row) || instruction.serializes;
    }
    if (!instruction.recorded) {
      for (size_t i = instruction.first; i < instruction.last; ++i)
        guest_.ir.operations[i] = Operation{};
      // Its handler says where it goes.
      instruction.branches = false;
      instruction.falls_through = true;
    }
    static const RowIndex kLoadAddress = RowNamed("LARL");
    if (row == kLoadAddress) {
      loaded_addresses_[instruction.insn.r1] =
          address + static_cast<uint64_t>(int64_t{instruction.insn.i2} * 2);
    }
    numbers_[offset / 2] = static_cast<int16_t>(guest_.instructions.size());
    guest_.instructions.push_back(instruction);
    return last ? Found::kEnd : Found::kMore;
  }

  // An instruction that goes on in a page that isn't known yet: its length is all that is known.
  void ReadAcross(uint64_t address) {
    const auto offset = static_cast<uint32_t>(address & kPageMask);
    GuestInstruction instruction;
    instruction.address = address;
    instruction.insn.length = InsnLength(bytes_[offset]);
    instruction.crosses = true;
    instruction.serializes = true;  // for all that is known
    numbers_[offset / 2] = 0;
    guest_.instructions.push_back(instruction);
  }

  // Reads on from an address until code ends, was read before, or there are `most` instructions.
  // Behind a loop's end stands what is executed less often: it ends there too. Answers the address
  // behind.
  uint64_t ReadRun(uint64_t address, size_t most) {
    while (guest_.instructions.size() < most && InPage(address) &&
           NumberOf(address) == GuestInstruction::kElsewhere) {
      const Found found = Read(address);
      if (found == Found::kNotWhole) break;
      const GuestInstruction& read = guest_.instructions.back();
      address += read.insn.length;
      if (found == Found::kEnd || GoesBack(read)) break;
    }
    return address;
  }

  bool GoesBack(const GuestInstruction& one) const {
    return one.branches && InPage(one.target) && one.target <= one.address;
  }

  // When all are read: how they hang together, and what bytes they are.
  void Finish() {
    std::vector<GuestInstruction>& all = guest_.instructions;
    const auto number = [this](uint64_t address) {
      return InPage(address) ? NumberOf(address) : GuestInstruction::kElsewhere;
    };
    for (GuestInstruction& one : all) {
      // Behind a serialization the bytes are compared again, even those of this block.
      if (one.falls_through && !one.serializes) one.next = number(one.address + one.insn.length);
      if (one.branches) one.taken = number(one.target);
      const auto follows = static_cast<int32_t>(&one - all.data()) + 1;
      if (one.taken >= 0) all[static_cast<size_t>(one.taken)].head = true;
      if (one.target_register != 0 && !one.falls_through) FindReturns(one);
      // What always branches to what is read next goes on there, without a jump.
      if (!one.falls_through && one.taken == follows) one.next = follows;
      if (one.next >= 0 && one.next != follows) all[static_cast<size_t>(one.next)].head = true;
    }
    for (size_t i = all.size(); i-- > 0;) {
      const bool goes_on = i + 1 < all.size() && all[i].next == static_cast<int32_t>(i) + 1;
      all[i].charge = goes_on ? all[i + 1].charge + 1 : 1;
    }
    std::vector<std::pair<uint32_t, uint32_t>> runs;  // from, to
    for (const GuestInstruction& one : all) {
      const auto from = static_cast<uint32_t>(one.address & kPageMask);
      const uint32_t to = std::min<uint32_t>(from + one.insn.length, kPageSize);
      if (!runs.empty() && runs.back().second == from) {
        runs.back().second = to;
      } else {
        runs.emplace_back(from, to);
      }
    }
    for (const GuestInstruction& one : all) {
      if (one.executed_length == 0) continue;
      const auto from = static_cast<uint32_t>(one.executed & kPageMask);
      runs.emplace_back(from, from + one.executed_length);
    }
    std::sort(runs.begin(), runs.end());
    // Instructions may overlap, if somebody branches into one.
    const auto origin = static_cast<int32_t>(guest_.address & kPageMask);
    for (size_t i = 0; i < runs.size();) {
      const uint32_t from = runs[i].first;
      uint32_t to = runs[i].second;
      for (++i; i < runs.size() && runs[i].first <= to; ++i) to = std::max(to, runs[i].second);
      guest_.texts.push_back({static_cast<int32_t>(from) - origin, {bytes_ + from, bytes_ + to}});
    }
  }

 private:
  void FindReturns(GuestInstruction& branch) {
    if ((guest_.mode & Mode::k64) == 0) return;
    auto known = branch.returns.begin();
    for (const GuestInstruction& one : guest_.instructions) {
      if (known == branch.returns.end()) return;
      const uint64_t behind = one.address + one.insn.length;
      if (LinkOf(guest_, one) != branch.target_register || !InPage(behind)) continue;
      const int32_t number = NumberOf(behind);
      if (number == GuestInstruction::kElsewhere) continue;
      guest_.instructions[static_cast<size_t>(number)].head = true;
      *known++ = number;
    }
  }

  // What of an instruction stands in the next page is looked at whenever it is executed: nobody
  // watches that page for this block.
  void RecordRefetch(uint64_t address, const uint8_t* text, size_t size) {
    uint32_t part = 0;
    std::memcpy(&part, text, size);
    guest_.ir.operations.push_back({Opcode::kRefetchPart,
                                    size == sizeof(uint16_t) ? ir::Type::kU16 : ir::Type::kU32,
                                    ir::Type::kNone,
                                    0,
                                    {},
                                    {static_cast<int64_t>(translator_.NextPage(address)), part}});
  }

  // EXECUTE of an instruction on two operands of storage that stands in this page: its length is
  // what is modified.
  bool RecordExecuted(GuestInstruction& execute) {
    const Insn& insn = execute.insn;
    static const RowIndex kExecute = RowNamed("EX");
    static const RowIndex kExecuteRelative = RowNamed("EXRL");
    const RowIndex own = translator_.OfferedRow(insn);
    uint64_t target = 0;
    if (own == kExecuteRelative) {
      target = execute.address + static_cast<uint64_t>(int64_t{insn.i2} * 2);
    } else if (own == kExecute && insn.x2 == 0 && loaded_addresses_[insn.b2] != 0) {
      target = loaded_addresses_[insn.b2] + static_cast<uint64_t>(int64_t{insn.d2});
    } else {
      return false;
    }
    target &= guest_.address_mask;
    const uint64_t offset = target & kPageMask;
    if (!InPage(target) || offset + 6 > kPageSize) return false;
    uint8_t text[8] = {};
    std::memcpy(text, bytes_ + offset, 6);
    Insn executed;
    Decode(LoadStorage<uint64_t>(text), executed);
    const RowIndex row = translator_.OfferedRow(executed);
    if (row == kInvalidRow || Table()[row].kind != RowKind::kSemantics ||
        Table()[row].format != Format::kSS_a) {
      return false;
    }
    if (own == kExecute) {
      // The register was seen to be loaded, but it may have been by another instruction too.
      recorder_.HandlerIf(recorder_.Address(0, insn.b2, insn.d2) != recorder_.Constant(target));
    }
    recorder_.set_length_register(insn.r1);
    const bool recorded = Record(recorder_, executed);
    recorder_.set_length_register(0);
    execute.executed = target;
    execute.executed_length = executed.length;
    return recorded;
  }

  Translator& translator_;
  GuestBlock& guest_;
  const uint64_t page_;
  RecordingCpu recorder_;
  uint8_t bytes_[kPageSize];
  int16_t numbers_[kPageSize / 2];
  uint64_t loaded_addresses_[16] = {};  // by LOAD ADDRESS RELATIVE LONG, the latest each
};

void Translator::ReadBlock(const Key& key) {
  guest_.unwatched = !MarkAsCode(key.host);
  PageReader reader(*this, key);
  // The instruction itself may store where it stands, so what is behind it is another block.
  reader.ReadRun(key.address, guest_.unwatched ? 1 : kMostInstructions);
  if (guest_.instructions.empty()) reader.ReadAcross(key.address);
  reader.Finish();
}

// Breadth first: the loop that was found to be hot, and around it what is known to be executed.
void Translator::ReadRegion(const Key& key) {
  guest_.unwatched = false;
  PageReader reader(*this, key);
  std::vector<uint64_t> waiting = {key.address};
  const auto is_executed = [&](uint64_t address) {
    if (regions_always_) return true;
    const auto lock = code_->Lock();
    return code_->Find({key.host + (address - key.address), address, key.mode}) != nullptr;
  };
  for (size_t i = 0; i < waiting.size(); ++i) {
    if (reader.NumberOf(waiting[i]) != GuestInstruction::kElsewhere) continue;
    size_t read = guest_.instructions.size();
    if (read >= kMostInRegion) break;
    const uint64_t behind =
        reader.ReadRun(waiting[i], std::min(kMostInRegion, read + kMostInstructions));
    if (behind == waiting[i]) continue;  // it isn't all in the page
    for (; read < guest_.instructions.size(); ++read) {
      const GuestInstruction& one = guest_.instructions[read];
      if (!one.branches || !reader.InPage(one.target)) continue;
      if (LinkOf(guest_, one) != 0) {
        // With what it calls comes where that returns to.
        const uint64_t return_to = one.address + one.insn.length;
        if (!reader.InPage(return_to) || !is_executed(one.target) || !is_executed(return_to))
          continue;
        waiting.push_back(one.target);
        waiting.push_back(return_to);
        continue;
      }
      const bool skips = one.target - one.address < kSkip;
      if (skips || is_executed(one.target)) waiting.push_back(one.target);
    }
    const GuestInstruction& last = guest_.instructions.back();
    if (reader.InPage(behind) && last.falls_through && reader.GoesBack(last))
      waiting.push_back(behind);
  }
  reader.Finish();
}

}  // namespace hypervisor
