// What a benchmark needs of the machine it runs on without an operating system: a clock, a console
// on the service-call processor, and an end.
#ifndef TESTS_BENCHMARKS_GUEST_MACHINE_H_
#define TESTS_BENCHMARKS_GUEST_MACHINE_H_

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

// In units of the TOD clock: 4096 a microsecond.
static inline u64 Clock(void) {
  u64 tod;
  asm volatile("stckf %0" : "=Q"(tod) : : "cc");
  return tod;
}

static inline void ServiceCall(u32 command, void* block) {
  asm volatile(".insn rre,0xb2200000,%0,%1" : : "d"((u64)command), "a"(block) : "cc", "memory");
}

struct Event {
  u16 length;
  u8 function;
  u8 control[3];
  u16 response;
  u16 event_length;
  u8 type;
  u8 flags;
  u16 reserved;
  char text[240];
} __attribute__((packed, aligned(4096)));

static struct Event event;

static void Print(const char* text) {
  u16 length = 0;
  // The VT220 console is to be asked for once, by the event mask.
  static int asked;
  static struct {
    u16 length;
    u8 rest[6];
    u16 reserved;
    u16 mask_length;
    u32 masks[4];
  } __attribute__((packed, aligned(4096))) mask;
  if (!asked) {
    asked = 1;
    mask.length = sizeof(mask);
    mask.mask_length = 4;
    mask.masks[1] = 0x40;
    ServiceCall(0x00780005, &mask);
  }
  while (text[length] && length < sizeof(event.text)) {
    event.text[length] = text[length];
    ++length;
  }
  event.length = (u16)(14 + length);
  event.function = 0;
  event.response = 0;
  event.event_length = (u16)(6 + length);
  event.type = 0x1a;
  event.flags = 0;
  ServiceCall(0x00760005, &event);
}

static char* Append(char* to, const char* text) {
  while (*text) *to++ = *text++;
  return to;
}

static char* AppendNumber(char* to, u64 number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count) *to++ = digits[--count];
  return to;
}

// One line for each kernel: its name, its checksum, how many microseconds it took.
static void Report(const char* name, u64 checksum, u64 tod) {
  char line[128];
  char* at = Append(line, name);
  *at++ = ' ';
  at = AppendNumber(at, checksum);
  *at++ = ' ';
  at = AppendNumber(at, tod >> 12);
  *at++ = '\n';
  *at = 0;
  Print(line);
}

// Whether the machine has the vector instructions that this was compiled for. Asks before any is
// executed: main does, first of all.
static inline int HasVectors(void) {
  u64 facilities[4];
  register u64 last asm("0") = 3;
  asm volatile("stfle %0" : "=Q"(facilities), "+d"(last) : : "cc");
#if defined(__ARCH__) && __ARCH__ >= 12
  const u64 needed = (u64)1 << 62 | (u64)1 << 56;  // 129, 135: vector-enhancements facility 1
#else
  const u64 needed = (u64)1 << 62;
#endif
  return (u8)last >= 2 && (facilities[2] & needed) == needed;
}

// Stops the only CPU, which ends the machine.
static void Stop(void) {
  register u64 status asm("1") = 0;
  for (;;) asm volatile("sigp %0,%1,5" : "+d"(status) : "d"(0UL) : "cc", "memory");
}

int main(void);

asm(".section .text.start,\"ax\"\n"
    ".globl _start\n"
    "  .skip 16\n"  // at 0x10000 QEMU would take it for Linux and write a command line into it
    "_start:\n"
    "  larl %r15,stack_top\n"
    "  lgr %r0,%r0\n"
    "  stctg %c0,%c0,160(%r15)\n"
    "  oi 165(%r15),6\n"  // CR0 bits 45 and 46: all floating-point registers, and vector
                          // instructions
    "  lctlg %c0,%c0,160(%r15)\n"
    "  brasl %r14,main\n"
    "  brasl %r14,finish\n"
    ".bss\n"
    ".balign 4096\n"
    "  .skip 65536\n"
    "stack_top:\n"
    "  .skip 4096\n"
    ".text\n");

void finish(void) {
  Stop();
}

void* memset(void* to, int byte, u64 length) {
  u8* at = to;
  while (length--) *at++ = (u8)byte;
  return to;
}

// As the C library of a system copies: blocks of 256 bytes, and a MOVE whose length is executed.
void* memcpy(void* to, const void* from, u64 length);
asm(".globl memcpy\n"
    "memcpy:\n"
    "  ltgr %r4,%r4\n"
    "  bzr %r14\n"
    "  lgr %r1,%r2\n"
    "  aghi %r4,-1\n"
    "  srlg %r0,%r4,8\n"
    "  ltgr %r0,%r0\n"
    "  jz 2f\n"
    "1:mvc 0(256,%r1),0(%r3)\n"
    "  la %r1,256(%r1)\n"
    "  la %r3,256(%r3)\n"
    "  brctg %r0,1b\n"
    "2:exrl %r4,3f\n"
    "  br %r14\n"
    "3:mvc 0(1,%r1),0(%r3)\n");

#define RUN(name, call)                      \
  do {                                       \
    const u64 begun = Clock();               \
    const u64 checksum = call;               \
    Report(name, checksum, Clock() - begun); \
  } while (0)

#endif  // TESTS_BENCHMARKS_GUEST_MACHINE_H_
