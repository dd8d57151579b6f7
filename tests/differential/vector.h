// What the host asks of the s390x runner, and what it answers: the layout of both files.
//
// Plain C, for the runner is C. All numbers are big-endian in the files.
#ifndef TESTS_DIFFERENTIAL_VECTOR_H_
#define TESTS_DIFFERENTIAL_VECTOR_H_

#include <stdint.h>

// Two segments of 1 MiB; nothing is mapped below, between or above.
#define CODE_SEGMENT 0x1100000u
#define DATA_SEGMENT 0x1300000u
#define SEGMENT_SIZE 0x100000u
// Where the instruction stands; all the rest of the code segment is zeros, which are no
// instruction.
#define CODE 0x1180000u
// Operands lie here: across two pages, and at the end of what is mapped.
#define WINDOW_SIZE 0x400u
#define MIDDLE_WINDOW (DATA_SEGMENT + 0x80000u - WINDOW_SIZE / 2)
#define LAST_WINDOW (DATA_SEGMENT + SEGMENT_SIZE - WINDOW_SIZE)

struct Vector {
  uint8_t code[16];
  uint8_t length;    // of the code
  uint8_t new_code;  // it differs from the vector before
  uint8_t dump;      // the answer is followed by both windows
  uint8_t condition_code;
  uint8_t program_mask;
  uint8_t padding[7];
  uint32_t fpc;
  uint32_t padding2;
  uint64_t memory_seed;
  uint64_t gpr[16];
  uint64_t fpr[16];
  uint64_t vr_low[16];      // right halves of the vector registers whose left halves are fpr
  uint64_t vr_high[16][2];  // the vector registers 16-31
  uint32_t ar[16];
};

struct Answer {
  uint32_t signal;
  uint32_t signal_code;
  uint64_t address;  // of the PSW
  uint8_t condition_code;
  uint8_t program_mask;
  uint8_t padding[2];
  uint32_t fpc;
  uint64_t memory_hash;
  uint64_t gpr[16];
  uint64_t fpr[16];
  uint64_t vr_low[16];
  uint64_t vr_high[16][2];
  uint32_t ar[16];
};

// What a window holds before the instruction: words that are random, or that lie on an edge.
static inline uint64_t NextRandom(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state * 0x2545f4914f6cdd1du;
}

static inline uint64_t NextWord(uint64_t* state) {
  const uint64_t kind = NextRandom(state) >> 60;
  const uint64_t word = NextRandom(state);
  if (kind == 0) return 0;
  if (kind == 1) return ~(uint64_t)0;
  if (kind == 2) return (uint64_t)1 << 63;
  if (kind == 3) return ~((uint64_t)1 << 63);
  if (kind == 4) return 0x8000000080000000u;
  if (kind == 5) return 0x7fffffff7fffffffu;
  if (kind == 6) return word & 0xff;
  if (kind == 7) return word & 0xff000000ff;
  return word;
}

static inline void FillWindow(uint64_t seed, uint8_t* window) {
  uint64_t state = seed | 1;
  for (unsigned i = 0; i < WINDOW_SIZE; i += 8) {
    const uint64_t word = NextWord(&state);
    for (unsigned j = 0; j < 8; ++j) window[i + j] = (uint8_t)(word >> (56 - 8 * j));
  }
}

static inline uint64_t HashWindow(uint64_t hash, const uint8_t* window) {
  for (unsigned i = 0; i < WINDOW_SIZE; ++i) hash = (hash ^ window[i]) * 0x100000001b3u;
  return hash;
}

#endif  // TESTS_DIFFERENTIAL_VECTOR_H_
