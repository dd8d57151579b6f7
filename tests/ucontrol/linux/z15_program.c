// Compiled for z15, as /init of a Linux guest: what the compiler and the C library do with vectors
// and other instructions of z13 to z15 is what plain code does. Prints "all N agree", or what
// doesn't.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/reboot.h>
#include <unistd.h>
#include <wchar.h>

#define SIZE 4096
#define PLAIN                                         \
  __attribute__((noinline, target("arch=z196,no-vx"), \
                 optimize("no-tree-vectorize,no-tree-loop-distribute-patterns")))
#define FAST __attribute__((noinline))

static unsigned agree, differ;
static uint64_t seed = 1;

static uint64_t Random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static void Check(const char* what, uint64_t fast, uint64_t plain) {
  if (fast == plain) {
    ++agree;
  } else if (++differ < 20) {
    printf("%s: %llx, not %llx\n", what, (unsigned long long)fast, (unsigned long long)plain);
  }
}

// Each loop twice: with the instructions of z15, and with those of z196.
#define TWICE(type, name, body)                                                   \
  FAST static uint64_t name(type* a, type* b, type* c, int n){                    \
      body} PLAIN static uint64_t name##Plain(type* a, type* b, type* c, int n) { \
    body                                                                          \
  }

TWICE(uint8_t, Bytes, {
  for (int i = 0; i < n; ++i) c[i] = (uint8_t)(a[i] > b[i] ? a[i] - b[i] : (a[i] ^ b[i]) + 1);
  return c[n / 2];
})
TWICE(uint16_t, Halfwords, {
  for (int i = 0; i < n; ++i)
    c[i] = (uint16_t)(a[i] * b[i] + (a[i] >> 3) + __builtin_bswap16(b[i]));
  return c[n / 3];
})
TWICE(uint32_t, Words, {
  uint32_t sum = 0;
  for (int i = 0; i < n; ++i) c[i] = a[i] * b[i] + __builtin_bswap32(a[i]) + ~(a[i] & b[i]);
  for (int i = 0; i < n; ++i) sum += c[i] < a[i] ? c[i] : a[i] << (b[i] & 31);
  return sum;
})
TWICE(int64_t, Doublewords, {
  uint64_t sum = 0;
  for (int i = 0; i < n; ++i)
    c[i] = (a[i] > b[i] ? a[i] : b[i]) - (int64_t)__builtin_bswap64((uint64_t)a[i]);
  for (int i = 0; i < n; ++i) {
    int64_t product;
    sum += __builtin_mul_overflow(a[i] >> 20, b[i] >> 30, &product) ? 3 : (uint64_t)product;
    sum += (uint64_t)__builtin_popcountll((uint64_t)(a[i] | ~b[i]));
    sum = (a[i] & 1 ? sum : ~(sum ^ (uint64_t)c[i]));
  }
  return sum;
})
TWICE(float, Shorts, {
  for (int i = 0; i < n; ++i) c[i] = a[i] * b[i] + a[i] / (b[i] + 3.0f);
  for (int i = 0; i < n; ++i) c[i] = c[i] > a[i] ? sqrtf(c[i] - a[i]) : -c[i];
  return 0;
})
TWICE(double, Longs, {
  for (int i = 0; i < n; ++i) c[i] = a[i] * b[i] - a[i] / (b[i] + 3.0);
  for (int i = 0; i < n; ++i)
    c[i] = c[i] > a[i] ? sqrt(c[i] - a[i]) : (double)(int64_t)(c[i] * 1000);
  return 0;
})
// long double is calculated in vector registers since z14.
FAST static double Quotient(double a, double b) {
  return (double)((long double)a / b + (long double)b * a);
}
PLAIN static double QuotientPlain(double a, double b) {
  return (double)((long double)a / b + (long double)b * a);
}

static union {
  uint8_t bytes[SIZE];
  float shorts[SIZE / 4];
  double longs[SIZE / 8];
} a, b, fast, plain;

static uint64_t Hash(const uint8_t* bytes, size_t n) {
  uint64_t hash = 14695981039346656037u;
  while (n--) hash = (hash ^ *bytes++) * 1099511628211u;
  return hash;
}

#define LOOP(type, name)                                                         \
  do {                                                                           \
    memset(&fast, 0, SIZE), memset(&plain, 0, SIZE);                             \
    const int n = (int)(SIZE / sizeof(type)) - 5;                                \
    Check(#name, name((type*)&a, (type*)&b, (type*)&fast, n),                    \
          name##Plain((type*)&a, (type*)&b, (type*)&plain, n));                  \
    Check(#name " in storage", Hash(fast.bytes, SIZE), Hash(plain.bytes, SIZE)); \
  } while (0)

static void Loops(void) {
  for (int i = 0; i < SIZE; ++i) a.bytes[i] = (uint8_t)Random(), b.bytes[i] = (uint8_t)Random();
  LOOP(uint8_t, Bytes);
  LOOP(uint16_t, Halfwords);
  LOOP(uint32_t, Words);
  LOOP(int64_t, Doublewords);
  for (int i = 0; i < SIZE / 4; ++i)
    a.shorts[i] = (float)(Random() % 100000) / 64, b.shorts[i] = (float)(Random() % 100000) / 32;
  LOOP(float, Shorts);
  for (int i = 0; i < SIZE / 8; ++i)
    a.longs[i] = (double)(Random() % 100000) / 64, b.longs[i] = (double)(Random() % 100000) / 32;
  LOOP(double, Longs);
  for (int i = 0; i < 64; ++i) {
    const double quick = Quotient(a.longs[i], b.longs[i] + 1);
    const double slow = QuotientPlain(a.longs[i], b.longs[i] + 1);
    Check("long double", Hash((const uint8_t*)&quick, 8), Hash((const uint8_t*)&slow, 8));
  }
}

// The C library's functions at all alignments, against loops over characters.
PLAIN static size_t Length(const char* s) {
  size_t n = 0;
  while (s[n]) ++n;
  return n;
}
PLAIN static const char* Find(const char* s, const char* wanted) {
  for (;; ++s) {
    size_t n = 0;
    while (wanted[n] && s[n] == wanted[n]) ++n;
    if (!wanted[n]) return s;
    if (!*s) return NULL;
  }
}
PLAIN static int Order(const char* s, const char* t) {
  while (*s && *s == *t) ++s, ++t;
  return (uint8_t)*s < (uint8_t)*t ? -1 : (uint8_t)*s > (uint8_t)*t;
}
static int Sign(int order) {
  return order < 0 ? -1 : order > 0;
}

static void Strings(void) {
  static char s[600], t[600], moved[600];
  for (int round = 0; round < 20000; ++round) {
    const size_t at = Random() % 64, length = Random() % 200, from = Random() % 64;
    for (size_t i = 0; i < sizeof s; ++i) s[i] = (char)('a' + Random() % 3);
    memcpy(t, s, sizeof t);
    s[at + length] = 0;
    t[at + Random() % 300] = (char)('a' + Random() % 4);
    t[at + 300] = 0;
    const char wanted = (char)('a' + Random() % 4);
    const char* plain_found = NULL;
    for (size_t i = 0; i <= length && !plain_found; ++i)
      if (s[at + i] == wanted) plain_found = s + at + i;
    Check("strlen", strlen(s + at), Length(s + at));
    Check("strnlen", strnlen(s + at, from), length < from ? length : from);
    Check("memchr", (uintptr_t)memchr(s + at, wanted, length + 1), (uintptr_t)plain_found);
    Check("strchr", (uintptr_t)strchr(s + at, wanted), (uintptr_t)plain_found);
    Check("strcmp", (uint64_t)Sign(strcmp(s + at, t + at)), (uint64_t)Order(s + at, t + at));
    char needle[24];
    const size_t needle_length = 1 + Random() % 20;
    memcpy(needle, t + from, needle_length);
    needle[needle_length] = 0;
    Check("strstr", (uintptr_t)strstr(s + at, needle), (uintptr_t)Find(s + at, needle));
    char* end = stpcpy(moved + from, s + at);
    Check("stpcpy", (uintptr_t)end, (uintptr_t)(moved + from + length));
    Check("strcpy", (uint64_t)Order(moved + from, s + at), 0);
    // Overlapping, either way.
    memcpy(moved, t, sizeof moved);
    memmove(moved + from, moved + at, length);
    uint64_t wrong = 0;
    for (size_t i = 0; i < length; ++i) wrong += moved[from + i] != t[at + i];
    Check("memmove", wrong, 0);
    memset(moved + at, 'z', length);
    for (size_t i = 0; i < length; ++i) wrong += moved[at + i] != 'z';
    Check("memset", wrong, 0);
  }
  wchar_t wide[64];
  for (int round = 0; round < 64; ++round) {
    wmemset(wide, L'x', 64);
    wide[round] = 0;
    Check("wcslen", wcslen(wide), (uint64_t)round);
  }
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  printf("hwcap %lx\n", getauxval(AT_HWCAP));
  for (int i = 0; i < 200; ++i) Loops();
  Strings();
  printf(differ ? "%u agree, %u differ\n" : "all %u agree\n", agree, differ);
  if (getpid() == 1) reboot(RB_POWER_OFF);
  return differ != 0;
}
