// Passes over the IR of a guest block: free functions, each with one aim. An operation that is not
// wanted any more becomes a kNothing.
#ifndef HYPERVISOR_SIE_TRANSLATOR_PASSES_PASSES_H_
#define HYPERVISOR_SIE_TRANSLATOR_PASSES_PASSES_H_

#include <vector>

#include "hypervisor/sie/translator/guest_block.h"
#include "hypervisor/sie/translator/ir.h"

namespace hypervisor::passes {

bool HasLoop(const GuestBlock& block);
// How often each instruction is likely to be executed, each time the block is entered.
std::vector<int> WeightsOf(const GuestBlock& block);

// In a block with a loop, or `always`, chooses general registers that borrow the host registers of
// those that it uses less: `have_hosts` are the ones that have any, as bits from the right.
void FindBorrowedHosts(GuestBlock& block, uint16_t have_hosts, bool always);

// In a block with a loop, or `always`, finds out where a general register of which bits 32-63 are
// set need not be merged with bits 0-31: nobody wants these as often before they are set too.
// `have_hosts` are those that have host registers, as bits from the right.
void FindNarrowRegisters(GuestBlock& block, uint16_t have_hosts, bool always);

// Chooses the floating-point and vector registers that have a host register in the block: those
// that it uses most, if it uses them more than once, or `always`.
void FindFloatingRegisters(GuestBlock& block, bool always);

// Finds out where a vector register that was loaded may stay in its host register as it stood in
// storage: what uses it next stores it, or asks which of its bytes is the first of some kind. Wants
// FindFloatingRegisters' answer.
void FindUnreversedVectors(GuestBlock& block);

// Whether it is the exclusive or of an operand with itself.
bool ClearsStorage(const ir::Block& block, const ir::Operation& operation);

// What an operation computes from constants becomes a constant.
void FoldConstants(ir::Block& block, uint64_t address_mask);
// What ROTATE THEN INSERT SELECTED BITS takes from bits 32-63 of a register is computed from these.
void NarrowSelectedBits(GuestBlock& block);
// What is loaded from where a general register was just stored is that register's.
void ForwardStores(GuestBlock& block);
// A condition code that nobody sees is not set; where one is seen is noted in the instructions.
void FindSeenConditionCodes(GuestBlock& block);
// What nobody uses is not computed. Answers how often each value is used.
std::vector<uint16_t> RemoveDeadValues(ir::Block& block);

}  // namespace hypervisor::passes

#endif  // HYPERVISOR_SIE_TRANSLATOR_PASSES_PASSES_H_
