// Kernels that are written with vectors, as kernels.c has those of other classes: the compiler's own vectors, which
// are VECTOR instructions of a guest and SSE on the host, and what finds a byte in one.
#ifdef __s390x__
#include <vecintrin.h>

#include "machine.h"
#else
#include "host.h"
#endif

#ifndef SCALE
#define SCALE 1
#endif

typedef u8 Bytes __attribute__((vector_size(16)));
typedef u16 Halfwords __attribute__((vector_size(16)));
typedef u32 Words __attribute__((vector_size(16)));
typedef double Doubles __attribute__((vector_size(16)));
#ifndef __s390x__
typedef char Signs __attribute__((vector_size(16)));
#endif
typedef Bytes Anywhere __attribute__((aligned(1), may_alias));

static Words words[1 << 11], others[1 << 11];
static Halfwords halfwords[1 << 11];
static Doubles numbers[1 << 11], factors[1 << 11];
static u8 buffer[1 << 16] __attribute__((aligned(16)));

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static void Fill(void) {
  u32 state = 0x12345678;
  for (u32 i = 0; i < COUNT(words); ++i) {
    for (u32 k = 0; k < 4; ++k) {
      state = state * 1664525 + 1013904223;
      words[i][k] = state;
      others[i][k] = state >> 7 ^ state << 3;
    }
    for (u32 k = 0; k < 8; ++k) halfwords[i][k] = (u16)(state >> (2 * k));
    for (u32 k = 0; k < 2; ++k) {
      numbers[i][k] = (double)(i % 61 + k) * 0.25;
      factors[i][k] = (double)(i % 13 + k) * 0.5 - 1.0;
    }
  }
}

static void FillBuffer(void) {
  for (u32 i = 0; i < sizeof(buffer); ++i) buffer[i] = (u8)(i & 0x3ff) % 251;
}

static u64 Total(Words v) {
  return (u64)v[0] + v[1] + v[2] + v[3];
}

static u64 Sum(int rounds) {
  Words a = {0}, b = {0}, c = {0}, d = {0};
  while (rounds--) {
    for (u32 i = 0; i < COUNT(words); i += 4) {
      a += words[i];
      b += words[i + 1];
      c ^= words[i + 2];
      d += words[i + 3];
    }
    asm volatile("" : : : "memory");
  }
  return Total(a + b + c + d);
}

static u64 MultiplyAndAdd(int rounds) {
  const Words factor = {3, 5, 7, 11};
  while (rounds--) {
    for (u32 i = 0; i < COUNT(words); ++i) others[i] += words[i] * factor;
    asm volatile("" : : : "memory");
  }
  return Total(others[5] + others[77]);
}

// As filters of pictures do: limits, differences, a choice.
static u64 Filter(int rounds) {
  const Halfwords limit = {20000, 30000, 20000, 30000, 20000, 30000, 20000, 30000};
  while (rounds--) {
    for (u32 i = 0; i + 1 < COUNT(halfwords); ++i) {
      const Halfwords v = (halfwords[i] >> 1) + (halfwords[i + 1] >> 1);
      const Halfwords above = (Halfwords)(v > limit);
      halfwords[i] = (above & (v - limit)) | (~above & (v + 3));
    }
    asm volatile("" : : : "memory");
  }
  u64 sum = 0;
  for (u32 i = 0; i < COUNT(halfwords); ++i) sum = sum * 31 + halfwords[i][i & 7];
  return sum;
}

static u64 Dot(int rounds) {
  Doubles a = {0}, b = {0}, c = {0}, d = {0};
  while (rounds--) {
    for (u32 i = 0; i < COUNT(numbers); i += 4) {
      a += numbers[i] * factors[i];
      b += numbers[i + 1] * factors[i + 1];
      c += numbers[i + 2] * factors[i + 2];
      d += numbers[i + 3] * factors[i + 3];
    }
    asm volatile("" : : : "memory");
  }
  const Doubles sum = a + b + c + d;
  return (u64)(long)(sum[0] + sum[1]);
}

static u64 Axpy(int rounds) {
  const Doubles by = {0.0009765625, -0.0009765625};
  while (rounds--) {
    for (u32 i = 0; i < COUNT(numbers); ++i) numbers[i] += by * factors[i];
    asm volatile("" : : : "memory");
  }
  return (u64)(long)(numbers[17][0] * 1024) + (u64)(long)(numbers[1000][1] * 1024);
}

static u64 Polynomial(int rounds) {
  Doubles sum = {0};
  while (rounds--) {
    for (u32 i = 0; i < COUNT(factors); ++i) {
      const Doubles x = factors[i] * 0.125;
      Doubles y = x * 0.5 + 0.25;
      y = y * x - 0.75;
      y = y * x + 1.5;
      y = y * x - 0.125;
      y = y * x + 3.0;
      sum += y / (x * x + 1.0);
    }
    asm volatile("" : : : "memory");
  }
  return (u64)(long)((sum[0] + sum[1]) * 16);
}

// ---- As a C library's functions for storage are ----

static u64 Move(int rounds) {
  u64 sum = 0;
  FillBuffer();
  while (rounds--) {
    for (u32 block = 0; block < 16; ++block) {
      const Anywhere* from = (const Anywhere*)(buffer + block * 1024);
      Anywhere* to = (Anywhere*)(buffer + 0x8000 + block * 1024);
      for (u32 i = 0; i < 64; i += 4) {
        const Bytes a = from[i], b = from[i + 1], c = from[i + 2], d = from[i + 3];
        to[i] = a;
        to[i + 1] = b;
        to[i + 2] = c;
        to[i + 3] = d;
      }
    }
    asm volatile("" : : : "memory");
    sum += buffer[0x8000 + ((u32)rounds & 0x3fff)];
  }
  return sum;
}

// The number of the first byte that differs, 16 if there is none.
static inline u32 FirstDifference(Bytes a, Bytes b) {
#ifdef __s390x__
  return vec_extract(vec_cmpne_idx(a, b), 7);
#else
  const u32 differs = (u32)__builtin_ia32_pmovmskb128((Signs)(a == b)) ^ 0xffff;
  return differs ? (u32)__builtin_ctz(differs) : 16;
#endif
}
static inline u32 FirstZero(Bytes v) {
#ifdef __s390x__
  return vec_extract(vec_cmpne_or_0_idx(v, v), 7);
#else
  const u32 zeros = (u32)__builtin_ia32_pmovmskb128((Signs)(v == (Bytes){0}));
  return zeros ? (u32)__builtin_ctz(zeros) : 16;
#endif
}

static u32 Difference(const u8* a, const u8* b, u32 length) {
  for (u32 i = 0; i < length; i += 16) {
    const u32 first = FirstDifference(*(const Anywhere*)(a + i), *(const Anywhere*)(b + i));
    if (first < 16) return i + first;
  }
  return length;
}

static u64 Compare(int rounds) {
  u64 sum = 0;
  FillBuffer();
  for (u32 i = 0; i < 32; ++i) buffer[0x8000 + i * 1024 + i * 31] = 255;
  while (rounds--) {
    for (u32 i = 0; i < 32; ++i) sum += Difference(buffer + i * 512, buffer + 0x8000 + (i & 31) * 1024, 1024);
    asm volatile("" : : : "memory");
  }
  return sum;
}

// Up to a boundary of 16 first, then all that are aligned.
static u32 Length(const u8* string) {
  const u32 before = (u32)((u64)string & 15);
  const u8* aligned = string - before;
  Bytes v = *(const Bytes*)aligned;
  for (u32 i = 0; i < before; ++i) v[i] = 1;
  u32 first = FirstZero(v);
  while (first == 16) {
    aligned += 16;
    first = FirstZero(*(const Bytes*)aligned);
  }
  return (u32)(aligned - string) + first;
}

// Strings of up to 250 characters.
static u64 Lengths(int rounds) {
  u64 sum = 0;
  for (u32 i = 0; i < 8192; ++i) buffer[i] = (u8)(i % 251 == 0 ? 0 : 'a');
  while (rounds--) {
    for (u32 i = 0; i < 8000; i += 16) sum += Length(buffer + i);
    asm volatile("" : : : "memory");
  }
  return sum;
}

int main(void) {
#ifdef __s390x__
  if (!HasVectors()) return 0;
#endif
  Fill();
  RUN("sum", Sum(4000 * SCALE));
  RUN("scale", MultiplyAndAdd(2000 * SCALE));
  RUN("filter", Filter(1000 * SCALE));
  RUN("dot", Dot(2000 * SCALE));
  RUN("axpy", Axpy(2000 * SCALE));
  RUN("polynomial", Polynomial(400 * SCALE));
  RUN("vector-move", Move(4000 * SCALE));
  RUN("vector-compare", Compare(4000 * SCALE));
  RUN("vector-lengths", Lengths(800 * SCALE));
  return 0;
}
