// Program interruptions that the engine leaves to the monitor, and one that it takes itself.
//
// RESULT(2 * i): interruption code and length of probe i; RESULT(2 * i + 1): its old PSW's address
// less that of the instruction.
#include "guest.h"

#define PROBE(i, instruction)                               \
  do {                                                      \
    u64 from;                                               \
    __asm__ volatile(                                       \
        "  larl %0, 0f\n"                                   \
        "  larl %%r1, 1f\n"                                 \
        "  stg %%r1, 0x1d8\n"                               \
        "0: " instruction                                   \
        "\n"                                                \
        "1:\n"                                              \
        : "=&d"(from)                                       \
        :                                                   \
        : "0", "1", "2", "3", "4", "5", "cc", "memory");    \
    RESULT(2 * (i)) = (u64)Load2(0x8e) << 16 | Load2(0x8c); \
    RESULT(2 * (i) + 1) = Load8(0x158) - from;              \
    Store8(0x88, 0);                                        \
  } while (0)

void Main(void) {
  Store8(0x1d0, PSW_64);
  __asm__ volatile("" : : : "memory");
  PROBE(0, ".long 0");                                         // operation
  PROBE(1, "llilh %%r2, 0x7000\n j 2f\n2: lg %%r3, 0(%%r2)");  // addressing, see the test
  PROBE(2, "lpsw 1");                                          // specification
  PROBE(3, "diag %%r0, %%r0, 0x7ff");                          // specification, by the monitor
  PROBE(4, "lpq %%r2, 8");                                     // specification
}
