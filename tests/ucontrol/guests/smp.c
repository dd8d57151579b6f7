// Starts CPU 1, exchanges emergency signals with it, both waiting for the other's, counts with it
// in one word, stops it and starts it again and again, and stops it and itself.
//
// RESULT: 0 signals taken by CPU 0, 1 by CPU 1, 2 the common count, 3 how often CPU 1 was stopped
// as soon as SENSE was no longer answered by "busy", 4 STAP of CPU 1, 5 code and sender of the last
// interruption, 6 TOD units that the signals took.
#include "guest.h"

#define SIGNALS 2000
#define COUNTS 100000
#define STOPS 1000
#define PREFIX 0x30000ul

static volatile u64 is_ready;
static volatile u64 count;
static volatile u64 has_counted;

static void Count(void) {
  for (int i = 0; i < COUNTS; ++i) __atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
}

void Second(void) {
  u16 address;
  __asm__ volatile("stap %0" : "=Q"(address));
  RESULT(4) = address;
  SetCr0(CR0_EMERGENCY);
  is_ready = 1;
  for (u64 i = 0; i < SIGNALS; ++i) {
    WaitFor(PSW_64 | PSW_WAIT | PSW_EXTERNAL);
    RESULT(1) = i + 1;
    SigpUntilAccepted(0, 0x03, 0);
  }
  Count();
  has_counted = 1;
  while (1) {
  }
}

__asm__(
    ".text\n"
    "SecondStart:\n"
    "  lghi %r15, 0x6000\n"
    "  brasl %r14, Second\n");
extern char SecondStart[];

void Main(void) {
  PrepareExternal(0);
  PrepareExternal(PREFIX);
  Store8(PREFIX + 0x1a0, PSW_64);
  Store8(PREFIX + 0x1a8, (u64)SecondStart);
  SetCr0(CR0_EMERGENCY);
  SigpUntilAccepted(1, 0x0b, 0);
  SigpUntilAccepted(1, 0x0d, PREFIX);
  SigpUntilAccepted(1, 0x06, 0);
  while (!is_ready) {
  }
  const u64 begin = Tod();
  for (u64 i = 0; i < SIGNALS; ++i) {
    SigpUntilAccepted(1, 0x03, 0);
    WaitFor(PSW_64 | PSW_WAIT | PSW_EXTERNAL);
    RESULT(0) = i + 1;
  }
  RESULT(6) = Tod() - begin;
  RESULT(5) = (u64)Load2(0x86) << 16 | Load2(0x84);
  Count();
  while (!has_counted) {
  }
  RESULT(2) = count;
  for (int i = 0; i < STOPS; ++i) {
    if (i) SigpUntilAccepted(1, 0x04, 0);
    SigpUntilAccepted(1, 0x05, 0);
    int condition_code;
    while ((condition_code = Sigp(1, 0x01, 0)) == 2) {
    }
    RESULT(3) += condition_code == 1;
  }
}
