// Decimal arithmetic twice: as instructions, and by the software of gcc's runtime library, which is
// decNumber. Operands are random. The words at `report` say how many pairs of results were
// compared, how many differ, and which operation and operands were the first to.
typedef unsigned long Word;

struct Report {
  Word compared, differences, operation, first[2], second[2], hard[2], soft[2];
};
volatile struct Report report __attribute__((section(".data"))) = {0, 0, 0, {0}, {0}, {0}, {0}};

#define ROUNDS 4000

// What gcc's library expects of a C library.
void* memcpy(void* to, const void* from, Word length) {
  for (Word i = 0; i < length; ++i) ((volatile char*)to)[i] = ((const char*)from)[i];
  return to;
}
void* memmove(void* to, const void* from, Word length) {
  if (to <= from) return memcpy(to, from, length);
  for (Word i = length; i-- > 0;) ((volatile char*)to)[i] = ((const char*)from)[i];
  return to;
}
void* memset(void* to, int value, Word length) {
  for (Word i = 0; i < length; ++i) ((volatile char*)to)[i] = (char)value;
  return to;
}
static char heap[0x10000];
static Word heap_used;  // emptied before each operation
void* malloc(Word size) {
  void* at = heap + heap_used;
  heap_used += (size + 15) & ~15ul;
  return heap_used <= sizeof heap ? at : 0;
}
void free(void* at) {
  (void)at;
}
int raise(int signal) {
  return signal;
}
char* strchr(const char* text, int wanted) {
  while (*text && *text != (char)wanted) ++text;
  return *text == (char)wanted ? (char*)text : 0;
}
unsigned long long strtoull(const char* text, char** end, int base) {
  unsigned long long value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * (Word)base + (Word)(*text - '0');
  if (end) *end = (char*)text;
  return value;
}
long long strtoll(const char* text, char** end, int base) {
  const int negative = *text == '-';
  const long long value = (long long)strtoull(text + negative, end, base);
  return negative ? -value : value;
}
// A number of 64 bits, signed or not, as the letter behind "%ll" says.
int sprintf(char* to, const char* format, ...) {
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  Word value = __builtin_va_arg(arguments, Word);
  __builtin_va_end(arguments);
  char digits[24];
  int count = 0, length = 0;
  while (*format && *format != 'd' && *format != 'u') ++format;
  if (*format == 'd' && (long)value < 0) {
    to[length++] = '-';
    value = -value;
  }
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) to[length++] = digits[--count];
  to[length] = 0;
  return length;
}

static Word seed = 88172645463325252;
static Word Next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed * 0x2545f4914f6cdd1d;
}
static Word Below(Word n) {
  return (Next() >> 16) % n;
}

// An operand of 1, 2 or 4 words of 32 bits, left-aligned. Declets are any; exponents are often near
// the middle, where results of two operands meet.
static void Operand(Word bits[2], int words) {
  const int exponent_bits = words == 1 ? 6 : words == 2 ? 8 : 12;
  bits[0] = Next();
  bits[1] = words == 4 ? Next() : 0;
  if (Below(4) != 0) {
    const Word middle = Below(8) == 0 ? Next() : (1ul << exponent_bits) + Below(3) * 17 - Below(40);
    Word left = middle >> exponent_bits & 3;
    if (left == 3) left = 1;
    const Word combination = Below(5) == 0 ? 0x18 | left << 1 | Below(2) : left << 3 | Below(8);
    bits[0] = bits[0] << (63 - 5 - exponent_bits) >> (63 - 5 - exponent_bits);
    bits[0] = (bits[0] & (~0ul >> (6 + exponent_bits))) | Below(2) << 63 | combination << 58 |
              (middle & ((1ul << exponent_bits) - 1)) << (58 - exponent_bits);
  }
  // Few digits, often.
  if (Below(2) != 0) {
    const Word kept = ~0ul << (58 - exponent_bits);
    if (words == 4) {
      bits[0] &= kept;
      bits[1] = Below(2) ? bits[1] >> Below(64) : bits[1];
    } else {
      bits[0] = (bits[0] & kept) | (bits[0] & ~kept) >> Below(40);
    }
  }
  if (words == 1) bits[0] &= ~0ul << 32;
}

// In comparisons the software takes a negative NaN for a negative number. Between formats it keeps
// signaling NaNs, the digits of an infinity and declets that are not canonical.
static void MakeCanonical(Word bits[2], int words) {
  const Word combination = bits[0] >> 58 & 0x1f;
  if (combination == 0x1e) {
    bits[0] = bits[0] >> 58 << 58;
    bits[1] = 0;
  } else if (combination == 0x1f) {
    bits[0] &= ~(1ul << 63 | 1ul << 57);
  }
  unsigned __int128 all = (unsigned __int128)bits[0] << 64 | bits[1];
  const int first = 128 - 32 * words;
  for (int at = first; at < first + (words == 1 ? 20 : words == 2 ? 50 : 110); at += 10) {
    if ((all >> at & 0x6e) == 0x6e) all &= ~((unsigned __int128)0x300 << at);
  }
  bits[0] = (Word)(all >> 64);
  bits[1] = (Word)all;
}

#define HARD __attribute__((noinline, target("hard-dfp")))
#define SOFT __attribute__((noinline, target("no-hard-dfp")))
#define BOTH(name, result, type, expression)                           \
  HARD static void Hard##name(void* r, const void* x, const void* y) { \
    const type a = *(const type*)x, b = *(const type*)y;               \
    (void)b;                                                           \
    *(result*)r = (result)(expression);                                \
  }                                                                    \
  SOFT static void Soft##name(void* r, const void* x, const void* y) { \
    const type a = *(const type*)x, b = *(const type*)y;               \
    (void)b;                                                           \
    *(result*)r = (result)(expression);                                \
  }

#define ARITHMETIC(type, suffix)            \
  BOTH(Add##suffix, type, type, a + b)      \
  BOTH(Subtract##suffix, type, type, a - b) \
  BOTH(Multiply##suffix, type, type, a* b)  \
  BOTH(Divide##suffix, type, type, a / b)   \
  BOTH(Less##suffix, int, type, a < b)      \
  BOTH(Equal##suffix, int, type, a == b)    \
  BOTH(FromLong##suffix, type, long, a)     \
  BOTH(FromWord##suffix, type, Word, a)     \
  BOTH(FromInt##suffix, type, int, a)

ARITHMETIC(_Decimal64, Long)
ARITHMETIC(_Decimal128, Extended)
BOTH(ShortToLong, _Decimal64, _Decimal32, a)
BOTH(LongToShort, _Decimal32, _Decimal64, a)
BOTH(LongToExtended, _Decimal128, _Decimal64, a)
BOTH(ExtendedToLong, _Decimal64, _Decimal128, a)
// In the range of integers, for there is no result in C out of it.
BOTH(ToLong, long, long, (_Decimal64)(a >> 1) / (_Decimal64)(b | 1))
BOTH(ToWord, Word, Word, (_Decimal128)a / (_Decimal128)(b | 1))
BOTH(ToInt, int, int, (_Decimal64)a / (_Decimal64)(b | 1))

struct Operation {
  void (*hard)(void*, const void*, const void*);
  void (*soft)(void*, const void*, const void*);
  int words;
  int is_lax;
};
#define PAIR(name, words) \
  { Hard##name, Soft##name, words, 0 }
#define LAX_PAIR(name, words) \
  { Hard##name, Soft##name, words, 1 }
#define PAIRS(suffix, words)                                                                      \
  PAIR(Add##suffix, words), PAIR(Subtract##suffix, words), PAIR(Multiply##suffix, words),         \
      PAIR(Divide##suffix, words), LAX_PAIR(Less##suffix, words), LAX_PAIR(Equal##suffix, words), \
      PAIR(FromLong##suffix, 2), PAIR(FromWord##suffix, 2), PAIR(FromInt##suffix, 2)
static const struct Operation operations[] = {PAIRS(Long, 2),
                                              PAIRS(Extended, 4),
                                              LAX_PAIR(ShortToLong, 1),
                                              LAX_PAIR(LongToShort, 2),
                                              LAX_PAIR(LongToExtended, 2),
                                              LAX_PAIR(ExtendedToLong, 4),
                                              PAIR(ToLong, 2),
                                              PAIR(ToWord, 2),
                                              PAIR(ToInt, 2)};

void Compare(void) {
  for (int round = 0; round < ROUNDS; ++round) {
    for (Word i = 0; i < sizeof operations / sizeof operations[0]; ++i) {
      Word first[2], second[2], hard[2] = {0, 0}, soft[2] = {0, 0};
      Operand(first, operations[i].words);
      Operand(second, operations[i].words);
      if (operations[i].is_lax) {
        MakeCanonical(first, operations[i].words);
        MakeCanonical(second, operations[i].words);
      }
      heap_used = 0;
      operations[i].hard(hard, first, second);
      operations[i].soft(soft, first, second);
      ++report.compared;
      if (hard[0] == soft[0] && hard[1] == soft[1]) continue;
      if (report.differences++ != 0) continue;
      report.operation = i;
      for (int n = 0; n < 2; ++n) {
        report.first[n] = first[n];
        report.second[n] = second[n];
        report.hard[n] = hard[n];
        report.soft[n] = soft[n];
      }
    }
  }
}

__asm__(
    ".section .text.start,\"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "  lghi %r15,0\n"
    "  iilf %r15,0x3ff000\n"
    "  brasl %r14,Compare\n"
    "  larl %r2,report\n"
    "  .long 0x83000044\n"
    ".previous\n");
