// Compute kernels: each prints its checksum and its time, so that engines can be compared on the same
// bytes and on the same clock, and with the same source as a program of the host's.
#ifdef __s390x__
#include "machine.h"
#else
#include "host.h"
#endif

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

// Five bodies that attract each other.
static u64 Bodies(int rounds) {
  static double at[5][3], speed[5][3];
  static const double mass[5] = {39.5, 0.0377, 0.0113, 0.00172, 0.00204};
  for (u32 i = 0; i < 5; ++i)
    for (u32 k = 0; k < 3; ++k) at[i][k] = (double)(i * (k + 2)) * 1.75 - (double)k, speed[i][k] = (double)(i ^ k) * 0.125;
  const double step = 0.001;
  while (rounds--) {
    for (u32 i = 0; i < 5; ++i)
      for (u32 j = i + 1; j < 5; ++j) {
        const double dx = at[i][0] - at[j][0], dy = at[i][1] - at[j][1], dz = at[i][2] - at[j][2];
        const double square = dx * dx + dy * dy + dz * dz;
        const double pull = step / (square * __builtin_sqrt(square));
        speed[i][0] -= dx * mass[j] * pull, speed[j][0] += dx * mass[i] * pull;
        speed[i][1] -= dy * mass[j] * pull, speed[j][1] += dy * mass[i] * pull;
        speed[i][2] -= dz * mass[j] * pull, speed[j][2] += dz * mass[i] * pull;
      }
    for (u32 i = 0; i < 5; ++i)
      for (u32 k = 0; k < 3; ++k) at[i][k] += step * speed[i][k];
  }
  return (u64)(long)((at[0][0] + at[1][1] + at[2][2]) * 1024);
}

// A Fourier transform of 256 numbers, forth and back.
static void Transform(double (*x)[2], int back) {
  for (u32 i = 0, j = 0; i < 256; ++i) {
    if (i < j) {
      const double re = x[i][0], im = x[i][1];
      x[i][0] = x[j][0], x[i][1] = x[j][1];
      x[j][0] = re, x[j][1] = im;
    }
    u32 bit = 128;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
  }
  double cosine = -1, sine = 0;  // of the half turn, then of half of that
  for (u32 half = 1; half < 256; half *= 2) {
    double re = 1, im = 0;
    for (u32 k = 0; k < half; ++k) {
      for (u32 i = k; i < 256; i += 2 * half) {
        const double a = x[i + half][0] * re - x[i + half][1] * im;
        const double b = x[i + half][0] * im + x[i + half][1] * re;
        x[i + half][0] = x[i][0] - a, x[i + half][1] = x[i][1] - b;
        x[i][0] += a, x[i][1] += b;
      }
      const double next = re * cosine - im * sine;
      im = re * sine + im * cosine;
      re = next;
    }
    sine = __builtin_sqrt((1 - cosine) / 2) * (back ? -1 : 1);
    cosine = half == 1 ? 0 : __builtin_sqrt((1 + cosine) / 2);
  }
}

static u64 Fourier(int rounds) {
  static double x[256][2];
  for (u32 i = 0; i < 256; ++i) x[i][0] = (double)(i * i % 97), x[i][1] = 0;
  while (rounds--) {
    Transform(x, 0);
    Transform(x, 1);
    for (u32 i = 0; i < 256; ++i) x[i][0] *= 1.0 / 256, x[i][1] *= 1.0 / 256;
  }
  double sum = 0;
  for (u32 i = 0; i < 256; ++i) sum += x[i][0] * (double)i;
  return (u64)(sum + 0.5);
}

// Blocks of 256 bytes.
static u64 Move(int rounds) {
  u64 sum = 0;
  while (rounds--) {
    for (u32 i = 0; i < 128; ++i) {
      __builtin_memcpy(buffer + i * 256, buffer + 65280 - i * 256, 256);
      asm volatile("" : : : "memory");
    }
    sum += buffer[(u32)rounds & 0xffff];
  }
  return sum;
}

// As programs copy: a few bytes, how many is known when they run.
static u64 Copy(int rounds) {
  u64 sum = 0;
  u32 state = 1;
  while (rounds--) {
    const u32 random = Random(&state);
    const u64 length = 1 + (random & 63);
    u8* to = buffer + (random >> 6 & 0x1fff);
    __builtin_memcpy(to, buffer + 0x8000 + (random >> 18 & 0x1fff), length);
    asm volatile("" : : : "memory");
    sum += to[length - 1];
  }
  return sum;
}

// Keys of 16 and 40 bytes.
static u64 Compare(int rounds) {
  u64 sum = 0;
  for (u32 i = 0; i < 8192; ++i) buffer[i] = (u8)(i % 61 == 0);
  while (rounds--) {
    for (u32 i = 0; i < 4096; i += 8) {
      if (__builtin_memcmp(buffer + i, buffer + 4096 - i, 16) < 0) ++sum;
      if (__builtin_memcmp(buffer + i, buffer + i + 61 * 8, 40) == 0) sum += 3;
      asm volatile("" : : : "memory");
    }
  }
  return sum;
}

// Strings of up to 60 characters.
static u64 Lengths(int rounds) {
  u64 sum = 0;
  for (u32 i = 0; i < 4096; ++i) buffer[i] = (u8)(i % 61 == 0 ? 0 : 'a');
  while (rounds--) {
    for (u32 i = 0; i < 4000; i += 17) {
      sum += __builtin_strlen((const char*)buffer + i);
      asm volatile("" : : : "memory");
    }
  }
  return sum;
}

int main(void) {
#ifdef __VX__
  if (!HasVectors()) return 0;
#endif
  Fill();
  RUN("hash", Hash(200 * SCALE));
  Fill();
  RUN("sort", Sort(30 * SCALE));
  Fill();
  RUN("compress", Compress(50 * SCALE));
  RUN("interpret", Interpret(500000 * SCALE));
  RUN("matrix", Matrix(50 * SCALE));
  Fill();
  RUN("mix", Mix(60000 * SCALE));
  RUN("calls", Fibonacci(30 + SCALE));
  RUN("chase", Chase(800 * SCALE));
  RUN("double", DoubleMatrix(40 * SCALE));
  RUN("bodies", Bodies(50000 * SCALE));
  RUN("fourier", Fourier(400 * SCALE));
  RUN("move", Move(10000 * SCALE));
  Fill();
  RUN("copy", Copy(1000000 * SCALE));
  RUN("compare", Compare(1000 * SCALE));
  RUN("lengths", Lengths(2000 * SCALE));
  return 0;
}
