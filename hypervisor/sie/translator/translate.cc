// From guest code to a translated block.
#include <asmjit/x86.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/table.h"
#include "hypervisor/sie/translator/passes/passes.h"
#include "hypervisor/sie/translator/record.h"
#include "hypervisor/sie/translator/translator.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/failure.h"

namespace hypervisor {

using ir::Opcode;
using ir::Operation;
using x86::Block;
using x86::Site;

namespace {

// Whether nothing is executed behind it, seen from this block.
bool NeverFallsThrough(const GuestBlock& block, const GuestInstruction& instruction) {
  const auto& operations = block.ir.operations;
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    if (operations[i].opcode != Opcode::kBranchIf) continue;
    for (size_t j = instruction.first; j < i; ++j) {
      if (operations[j].result != operations[i].arguments[0]) continue;
      if (operations[j].opcode == Opcode::kConstant && operations[j].immediates[0] != 0)
        return true;
      if (operations[j].opcode == Opcode::kCcIn && (operations[j].immediates[0] & 15) == 15)
        return true;
    }
  }
  return false;
}

bool Contains(const GuestBlock& block, const GuestInstruction& instruction, Opcode opcode) {
  return std::any_of(block.ir.operations.begin() + static_cast<ptrdiff_t>(instruction.first),
                     block.ir.operations.begin() + static_cast<ptrdiff_t>(instruction.last),
                     [opcode](const Operation& operation) { return operation.opcode == opcode; });
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

// PoP: Program Execution: CPU Serialization. Rows that record it say so themselves.
bool Serializes(RowIndex row) {
  static const std::vector<bool> rows =
      RowsNamed({"CS",    "CSY",  "CSG",   "CDS",   "CDSY",  "CDSG", "CSST", "CSP",  "CSPG",
                 "IPTE",  "IDTE", "CRDTE", "LPSW",  "LPSWE", "PC",   "PR",   "PT",   "PTI",
                 "PLO",   "PTLB", "PALB",  "RRBE",  "SSKE",  "SIGP", "SPX",  "STCK", "STCKE",
                 "SVC",   "TS",   "TRAP2", "TRAP4", "BSA",   "BSG",  "LAA",  "LAAG", "LAAL",
                 "LAALG", "LAN",  "LANG",  "LAO",   "LAOG",  "LAX",  "LAXG", "PFMF"});
  return rows[row];
}

}  // namespace

void Translator::Build(const Key& key, const uint8_t* bytes, uint32_t available) {
  guest_.address = key.address;
  guest_.host = key.host;
  guest_.length = 0;
  guest_.mode = key.mode;
  guest_.address_mask = address_mask_;
  guest_.instructions.clear();
  guest_.ir.operations.clear();
  guest_.ir.values = 0;
  RecordingCpu recorder(guest_.ir, Psw{psw_mask_, key.address}, facilities());
  recorder.set_afp_on(key.mode & Mode::kAfp);
  while (guest_.instructions.size() < kMostInstructions) {
    const uint32_t offset = guest_.length;
    if (offset >= available) break;
    uint8_t text_bytes[8] = {};
    std::memcpy(text_bytes, bytes + offset, std::min<uint32_t>(8, available - offset));
    const uint8_t length = InsnLength(text_bytes[0]);
    if (offset + length > available) break;
    GuestInstruction instruction;
    instruction.address = key.address + offset;
    Decode(LoadStorage<uint64_t>(text_bytes), instruction.insn);
    instruction.insn.text &= ~uint64_t{0} << (64 - 8 * length);
    const RowIndex row = OfferedRow(instruction.insn);
    instruction.handler = HandlerOf(row);
    instruction.first = guest_.ir.operations.size();
    recorder.Begin(instruction.address, length);
    const bool has_semantics = row != kInvalidRow && Table()[row].kind == RowKind::kSemantics &&
                               Record(recorder, instruction.insn);
    instruction.last = guest_.ir.operations.size();
    guest_.length += length;
    bool last = row == kInvalidRow || Table()[row].kind == RowKind::kIntercept ||
                Table()[row].kind == RowKind::kGap;
    if (has_semantics) {
      if (!(key.mode & Mode::kFixedPointOverflow)) {
        for (size_t i = instruction.first; i < instruction.last; ++i) {
          if (guest_.ir.operations[i].opcode == Opcode::kFixedPointOverflowIf)
            guest_.ir.operations[i] = Operation{};
        }
      }
      // What is behind a serialization may not be what it was: it is another block, to be compared.
      instruction.serializes = Contains(guest_, instruction, Opcode::kSerialize) ||
                               Contains(guest_, instruction, Opcode::kUpdateStorage) ||
                               Contains(guest_, instruction, Opcode::kCompareAndSwapStorage) ||
                               Serializes(row);
      last = NeverFallsThrough(guest_, instruction) || instruction.serializes ||
             Contains(guest_, instruction, Opcode::kBranchAndSetMode) ||
             Contains(guest_, instruction, Opcode::kSetAddressingMode);
      instruction.recorded = x86::CanEmit(guest_, instruction);
    } else if (!last) {
      instruction.serializes = Serializes(row);
      last = LoadsPsw(row) || instruction.serializes;
    }
    if (!instruction.recorded) {
      for (size_t i = instruction.first; i < instruction.last; ++i)
        guest_.ir.operations[i] = Operation{};
    }
    guest_.instructions.push_back(instruction);
    if (last) break;
  }
  guest_.host_copy.assign(bytes, bytes + guest_.length);
}

Block* Translator::Translate(const Key& key) {
  // A fault of the host ends it here, before anything has been done.
  uint8_t bytes[kMostBytes];
  const auto available =
      static_cast<uint32_t>(std::min<uint64_t>(kMostBytes, kPageSize - (key.address & kPageMask)));
  std::memcpy(bytes, key.host, available);
  if (sites_.size() > kMostSites || blocks_.size() > kMostBlocks ||
      all_blocks_.size() + 2 > kMostBlocks) {
    Forget();
  }
  Build(key, bytes, available);
  Block* block = guest_.instructions.empty() ? nullptr : EmitCode(key);
  if (!block) blocks_[key] = nullptr;  // the interpreter's, from now on
  return block;
}

Block* Translator::EmitCode(const Key& key) {
  passes::FoldConstants(guest_.ir, guest_.address_mask);
  passes::RemoveDeadConditionCodes(guest_);
  const std::vector<uint16_t> uses = passes::RemoveDeadValues(guest_.ir);

  for (const bool again : {false, true}) {
    used_ = (used_ + 15) & ~size_t{15};
    uint8_t* const base = memory_->executable() + used_;
    asmjit::CodeHolder code;
    code.init(asmjit::Environment::host(), reinterpret_cast<uint64_t>(base));
    x86::Failure failure;
    code.setErrorHandler(&failure);
    asmjit::x86::Assembler assembler(&code);
    Block& block = all_blocks_.emplace_back();
    block = {key.host,
             key.address,
             guest_.length,
             key.mode,
             static_cast<int32_t>(guest_.instructions.size()),
             base,
             0,
             memory_->words() + all_blocks_.size() - 1};
    *block.seen = epoch_;
    const x86::Surroundings surroundings = {stubs_, [this] { return &sites_.emplace_back(); },
                                            [this] {
                                              links_.push_back(nullptr);
                                              return static_cast<uint32_t>(links_.size() - 1);
                                            },
                                            psw_mask_offset()};
    x86::BlockEmitter emitter(assembler, guest_, uses, &block, surroundings);
    emitter.Emit();
    if (failure.failed || code.flatten() != asmjit::kErrorOk ||
        code.resolveUnresolvedLinks() != asmjit::kErrorOk) {
      return nullptr;
    }
    if (used_ + code.codeSize() > memory_->size()) {
      if (again) return nullptr;
      Forget();
      continue;
    }
    if (code.relocateToBase(reinterpret_cast<uint64_t>(base)) != asmjit::kErrorOk ||
        code.copyFlattenedData(memory_->Writable(base), memory_->size() - used_) !=
            asmjit::kErrorOk) {
      return nullptr;
    }
    for (const auto& link : emitter.links())
      links_[link.number] = base + code.labelOffsetFromBase(link.end);
    const auto offset = static_cast<uint32_t>(used_);
    for (const auto& [at, next] : emitter.accesses()) {
      accesses_.emplace_back(offset + static_cast<uint32_t>(code.labelOffsetFromBase(at)),
                             offset + static_cast<uint32_t>(code.labelOffsetFromBase(next)));
    }
    used_ += code.codeSize();
    blocks_[key] = &block;
    MarkAsCode(key.host);
    return &block;
  }
  return nullptr;
}

}  // namespace hypervisor
