// Compute kernels: each prints its checksum and its time, so that engines can be compared on the same
// bytes and on the same clock.
#include "machine.h"

#ifndef SCALE
#define SCALE 1
#endif

static u32 Random(u32* state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static u8 buffer[1 << 16];
static u32 words[1 << 14];

static void Fill(void) {
  u32 state = 0x12345678;
  for (u32 i = 0; i < sizeof(buffer); ++i) buffer[i] = (u8)(Random(&state) & 0x1f);
  for (u32 i = 0; i < sizeof(words) / 4; ++i) words[i] = Random(&state);
}

static u64 Hash(int rounds) {
  u64 hash = 0xcbf29ce484222325;
  while (rounds--) {
    for (u32 i = 0; i < sizeof(buffer); ++i) hash = (hash ^ buffer[i]) * 0x100000001b3;
  }
  return hash;
}

static void QuickSort(u32* at, long low, long high) {
  while (low < high) {
    const u32 pivot = at[(low + high) / 2];
    long i = low, j = high;
    while (i <= j) {
      while (at[i] < pivot) ++i;
      while (at[j] > pivot) --j;
      if (i <= j) {
        const u32 t = at[i];
        at[i++] = at[j];
        at[j--] = t;
      }
    }
    QuickSort(at, low, j);
    low = i;
  }
}

static u64 Sort(int rounds) {
  u64 sum = 0;
  while (rounds--) {
    Fill();
    QuickSort(words, 0, sizeof(words) / 4 - 1);
    for (u32 i = 0; i < sizeof(words) / 4; i += 97) sum = sum * 31 + words[i];
  }
  return sum;
}

// LZ77 with a hash of three bytes: matches are counted, literals summed.
static u64 Compress(int rounds) {
  static u16 heads[4096];
  u64 sum = 0;
  while (rounds--) {
    for (u32 i = 0; i < 4096; ++i) heads[i] = 0;
    for (u32 i = 0; i + 8 < sizeof(buffer);) {
      const u32 key = (buffer[i] * 2654435761u ^ buffer[i + 1] * 40503u ^ buffer[i + 2]) & 4095;
      const u32 candidate = heads[key];
      heads[key] = (u16)i;
      u32 length = 0;
      while (candidate < i && length < 255 && i + length < sizeof(buffer) && buffer[candidate + length] == buffer[i + length]) ++length;
      if (length > 3) {
        sum = sum * 33 + length * 65536 + (i - candidate);
        i += length;
      } else {
        sum += buffer[i++];
      }
    }
  }
  return sum;
}

// A register machine in bytecode, as interpreters in C are.
static u64 Interpret(int rounds) {
  static const u8 code[] = {0, 1, 2, 1, 3, 0, 2, 1, 4, 3, 5, 0, 1, 2, 0, 3, 1, 4, 5, 6};
  u64 registers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  while (rounds--) {
    for (u32 pc = 0; pc < sizeof(code); ++pc) {
      switch (code[pc]) {
        case 0: registers[0] += registers[1]; break;
        case 1: registers[1] ^= registers[2] << 3; break;
        case 2: registers[2] = registers[2] * 5 + registers[0]; break;
        case 3: registers[3] -= registers[1] >> 7; break;
        case 4: registers[4] |= registers[3] & 0xff; break;
        case 5: if (registers[4] & 1) ++registers[5]; else --registers[5]; break;
        default: registers[6] += registers[5]; break;
      }
    }
  }
  return registers[0] ^ registers[3] ^ registers[6];
}

static u64 Matrix(int rounds) {
  static u32 a[64][64], b[64][64], c[64][64];
  for (u32 i = 0; i < 64; ++i)
    for (u32 j = 0; j < 64; ++j) a[i][j] = i * 7 + j, b[i][j] = i ^ j * 3;
  u64 sum = 0;
  while (rounds--) {
    for (u32 i = 0; i < 64; ++i)
      for (u32 j = 0; j < 64; ++j) {
        u32 total = 0;
        for (u32 k = 0; k < 64; ++k) total += a[i][k] * b[k][j];
        c[i][j] = total;
      }
    for (u32 i = 0; i < 64; ++i) sum = sum * 17 + c[i][63 - i];
    a[rounds & 63][1] ^= (u32)sum;
  }
  return sum;
}

// List walk, state machine and bit-serial CRC in turn, as a CoreMark iteration mixes them.
static u64 Mix(int rounds) {
  struct Node {
    struct Node* next;
    u32 value;
  };
  static struct Node nodes[256];
  for (u32 i = 0; i < 256; ++i) {
    nodes[i].next = &nodes[(i * 167 + 13) & 255];
    nodes[i].value = i * 2654435761u;
  }
  u16 crc = 0;
  u32 state = 0;
  struct Node* node = nodes;
  while (rounds--) {
    for (u32 i = 0; i < 64; ++i, node = node->next) state += node->value >> (i & 7);
    for (u32 i = 0; i < 64; ++i) {
      const u8 c = buffer[(state + i) & 0xffff];
      if (c < 8) state = state * 3 + c;
      else if (c < 16) state ^= c << 5;
      else if (c & 1) state -= c;
      else state = state << 1 | state >> 31;
    }
    u32 bits = state;
    for (int i = 0; i < 32; ++i, bits >>= 1) {
      const u16 carry = (crc ^ bits) & 1;
      crc >>= 1;
      if (carry) crc ^= 0xa001;
    }
  }
  return (u64)state << 16 | crc;
}

static u64 __attribute__((noinline)) Fibonacci(u64 n) { return n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2); }

static u64 Chase(int rounds) {
  static u32 next[1 << 14];
  for (u32 i = 0; i < 1 << 14; ++i) next[i] = (i * 5 + 12345) & ((1 << 14) - 1);
  u32 at = 0;
  u64 sum = 0;
  while (rounds--) {
    for (u32 i = 0; i < 1 << 14; ++i) at = next[at];
    sum = sum * 31 + next[at];
  }
  return sum;
}

static u64 DoubleMatrix(int rounds) {
  static double a[48][48], b[48][48], c[48][48];
  for (u32 i = 0; i < 48; ++i)
    for (u32 j = 0; j < 48; ++j) a[i][j] = 1.0 + i * 0.25 + j, b[i][j] = 2.0 - j * 0.125 + i;
  double sum = 0;
  while (rounds--) {
    for (u32 i = 0; i < 48; ++i)
      for (u32 j = 0; j < 48; ++j) {
        double total = 0;
        for (u32 k = 0; k < 48; ++k) total += a[i][k] * b[k][j];
        c[i][j] = total;
      }
    sum += c[rounds % 48][rounds % 47];
  }
  return (u64)sum;
}

static u64 Move(int rounds) {
  u64 sum = 0;
  while (rounds--) {
    for (u32 i = 0; i < 128; ++i) {
      asm volatile("mvc 0(256,%0),0(%1)" : : "a"(buffer + i * 256), "a"(buffer + 65280 - i * 256) : "memory");
    }
    sum += buffer[(u32)rounds & 0xffff];
  }
  return sum;
}

int main(void) {
  Fill();
  RUN("hash", Hash(40 * SCALE));
  Fill();
  RUN("sort", Sort(6 * SCALE));
  Fill();
  RUN("compress", Compress(10 * SCALE));
  RUN("interpret", Interpret(100000 * SCALE));
  RUN("matrix", Matrix(10 * SCALE));
  Fill();
  RUN("mix", Mix(20000 * SCALE));
  RUN("calls", Fibonacci(27 + SCALE));
  RUN("chase", Chase(200 * SCALE));
  RUN("double", DoubleMatrix(6 * SCALE));
  RUN("move", Move(2000 * SCALE));
  return 0;
}
