// What MOVE, AND, OR, EXCLUSIVE OR and COMPARE LOGICAL do with two operands of storage. Both are
// tested before a byte changes; if that stops the CPU, nothing is done.
#ifndef HYPERVISOR_SIE_ASSIST_STORAGE_TO_STORAGE_H_
#define HYPERVISOR_SIE_ASSIST_STORAGE_TO_STORAGE_H_

#include <cstdint>

#include "hypervisor/isa/semantics/row.h"
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::assist {

struct StorageOperands {
  uint64_t first = 0;
  int first_ar = 0;
  uint64_t second = 0;
  int second_ar = 0;
  uint32_t length = 0;  // of both, up to 4096
};

// Byte after byte, from left to right.
void MoveStorage(GuestCpu& cpu, const StorageOperands& at);
// Likewise. Any update but kAdd. Answers the or of all results.
uint64_t CombineStorage(GuestCpu& cpu, Update update, const StorageOperands& at);
// 0 equal, less than 0 first low, more than 0 first high.
int CompareStorage(GuestCpu& cpu, const StorageOperands& at);

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_STORAGE_TO_STORAGE_H_
