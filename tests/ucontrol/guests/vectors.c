// A program compiled for z13: it asks STFLE for the vector facility, uses it before and after CR0
// permits that, calculates with vectors, and has a second CPU store its vector registers.
//
// RESULT: 0 bits 128-191 of the facility list, 1 code and data-exception code of the vector
// instruction that was not permitted, 2 the sum of a vectorized loop, 3 the sum of products of long
// numbers, 4 condition code of SIGP STORE ADDITIONAL STATUS, 5 and 6 vector register 17 of CPU 1 as
// that stored it.
#include "guest.h"

#define COUNT 1000
#define PREFIX 0x30000ul
#define STATUS 0x38000ul
#define CR0_AFP_REGISTER 0x40000
#define CR0_VECTOR 0x20000

static u32 words[COUNT];
static double numbers[COUNT];

static u64 FacilityDoubleword(int number) {
  u64 list[4] = {0};
  register u64 last __asm__("0") = 3;
  __asm__ volatile("stfle %0" : "=Q"(list), "+d"(last) : : "cc");
  return list[number];
}

static u64 NotPermitted(void) {
  Store8(0x1d0, PSW_64);
  __asm__ volatile(
      "  larl %%r1, 1f\n"
      "  stg %%r1, 0x1d8\n"
      "  vone %%v1\n"
      "1:\n"
      :
      :
      : "1", "memory");
  return (u64)Load2(0x8e) << 32 | *(volatile u32*)Absolute(0x90);
}

__attribute__((noinline)) static u64 SumOfWords(void) {
  u32 sum = 0;
  for (int i = 0; i < COUNT; ++i) words[i] = (u32)i * 3 + 1;
  for (int i = 0; i < COUNT; ++i) sum += words[i] ^ 0x55;
  return sum;
}

__attribute__((noinline, optimize("fast-math"))) static u64 SumOfProducts(void) {
  double sum = 0;
  for (int i = 0; i < COUNT; ++i) numbers[i] = i * 0.5;
  for (int i = 0; i < COUNT; ++i) sum += numbers[i] * numbers[i];
  return (u64)sum;
}

__asm__(
    ".text\n"
    "SecondStart:\n"
    "  larl %r2, 0f\n"
    "  lctlg 0, 0, 0(%r2)\n"
    "  vlm %v16, %v17, 8(%r2)\n"
    "  lghi %r1, 1\n"
    "  stg %r1, 0x2040\n"
    "1: j 1b\n"
    ".balign 8\n"
    "0: .quad 0x600e0\n"
    "  .quad 0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444\n");
extern char SecondStart[];

static void StoreVectorsOfSecond(void) {
  Store8(PREFIX + 0x1a0, PSW_64);
  Store8(PREFIX + 0x1a8, (u64)SecondStart);
  SigpUntilAccepted(1, 0x0b, 0);
  SigpUntilAccepted(1, 0x0d, PREFIX);
  SigpUntilAccepted(1, 0x06, 0);
  while (!RESULT(8)) {
  }
  SigpUntilAccepted(1, 0x05, 0);
  while (Sigp(1, 0x01, 0) != 1) {
  }
  RESULT(4) = Sigp(1, 0x17, STATUS);
  RESULT(5) = Load8(STATUS + 17 * 16);
  RESULT(6) = Load8(STATUS + 17 * 16 + 8);
}

void Main(void) {
  SetCr0(0xe0 | CR0_AFP_REGISTER);
  RESULT(0) = FacilityDoubleword(2);
  RESULT(1) = NotPermitted();
  SetCr0(0xe0 | CR0_AFP_REGISTER | CR0_VECTOR);
  RESULT(2) = SumOfWords();
  RESULT(3) = SumOfProducts();
  StoreVectorsOfSecond();
}
