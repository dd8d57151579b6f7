// Waits for the clock comparator and the CPU timer.
//
// RESULT: 0 the longest delay of 50 comparator interruptions in TOD units, 1 how many had the code
// 0x1004, 2 code of the CPU timer's, 3 how long that wait took, 4 what is left in the CPU timer, 5
// code of a comparator interruption while the CPU runs.
#include "guest.h"

#define MILLISECOND (1000ul << 12)

static volatile u64 spins;

void Main(void) {
  PrepareExternal(0);
  SetCr0(CR0_CLOCK_COMPARATOR);
  for (int i = 0; i < 50; ++i) {
    const u64 due = Tod() + MILLISECOND;
    SetClockComparator(due);
    WaitFor(PSW_64 | PSW_WAIT | PSW_EXTERNAL);
    const u64 late = Tod() - due;
    if (Load2(0x86) == 0x1004) RESULT(1) = RESULT(1) + 1;
    if (late > RESULT(0)) RESULT(0) = late;
  }
  SetClockComparator(~0ul);

  SetCr0(CR0_CPU_TIMER);
  SetCpuTimer(5 * MILLISECOND);
  const u64 begin = Tod();
  WaitFor(PSW_64 | PSW_WAIT | PSW_EXTERNAL);
  RESULT(3) = Tod() - begin;
  RESULT(4) = CpuTimer();
  RESULT(2) = Load2(0x86);

  // A running CPU is interrupted as well.
  SetCr0(CR0_CLOCK_COMPARATOR);
  SetClockComparator(Tod() + MILLISECOND);
  Store8(0x1b8, (u64)Interrupted);
  __asm__ volatile(
      "  lgr %%r4, %%r15\n"
      "  aghi %%r15, -16\n"
      "  larl %%r14, 1f\n"
      "  stosm 8(%%r15), 1\n"
      "0: j 0b\n"
      "1: lgr %%r15, %%r4\n"
      :
      :
      : "memory", "cc", "4", "14");
  RESULT(5) = Load2(0x86);
}
