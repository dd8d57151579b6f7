// What the guest programs of these tests share: storage, SIGP, timers, and one way to be
// interrupted.
#ifndef TESTS_UCONTROL_GUESTS_GUEST_H_
#define TESTS_UCONTROL_GUESTS_GUEST_H_

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

// Results for the test, at absolute 0x2000.
#define RESULT(i) (((volatile u64*)0x2000)[i])

#define PSW_64 0x0000000180000000ul
#define PSW_EXTERNAL 0x0100000000000000ul
#define PSW_IO 0x0200000000000000ul
#define PSW_WAIT 0x0002000000000000ul

#define AT8(address) (*(volatile u64*)(u64)(address))
#define AT2(address) (*(volatile u16*)(u64)(address))

// The compiler takes address 0 for a mistake.
static inline volatile u8* Absolute(u64 address) {
  __asm__("" : "+r"(address));
  return (volatile u8*)address;
}
static inline u64 Load8(u64 address) {
  return *(volatile u64*)Absolute(address);
}
static inline u16 Load2(u64 address) {
  return *(volatile u16*)Absolute(address);
}
static inline void Store8(u64 address, u64 value) {
  *(volatile u64*)Absolute(address) = value;
}

// Execution begins here, with a stack.
__asm__(
    ".section .text.start,\"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "  lghi %r15, 0x7000\n"
    "  brasl %r14, Main\n"
    "0: lghi %r1, 0\n"
    "  stap 0xffe\n"
    "  llgh %r2, 0xffe\n"
    "  sigp %r0, %r2, 5\n"
    "  j 0b\n"
    // WaitFor(mask of the PSW): waits until something interrupts, whose new PSW is Interrupted.
    ".globl WaitFor\n"
    "WaitFor:\n"
    "  aghi %r15, -16\n"
    "  stg %r2, 0(%r15)\n"
    "  larl %r1, Interrupted\n"
    "  stg %r1, 8(%r15)\n"
    "  lpswe 0(%r15)\n"
    ".globl Interrupted\n"
    "Interrupted:\n"
    "  aghi %r15, 16\n"
    "  br %r14\n"
    ".previous\n");
void WaitFor(u64 mask);
extern char Interrupted[];

static inline u32 Sigp(u64 cpu, u64 order, u64 parameter) {
  register u64 status __asm__("2") = 0;
  register u64 argument __asm__("3") = parameter;
  u32 cc;
  __asm__ volatile("sigp %1, %3, 0(%4)\n ipm %0\n srl %0, 28"
                   : "=d"(cc), "+d"(status), "+d"(argument)
                   : "d"(cpu), "a"(order)
                   : "cc", "memory");
  return cc;
}
static inline void SigpUntilAccepted(u64 cpu, u64 order, u64 parameter) {
  while (Sigp(cpu, order, parameter) == 2) {
  }
}

static inline u64 Tod(void) {
  u64 tod;
  __asm__ volatile("stck %0" : "=Q"(tod) : : "cc");
  return tod;
}
static inline void SetClockComparator(u64 tod) {
  __asm__ volatile("sckc %0" : : "Q"(tod));
}
static inline void SetCpuTimer(u64 value) {
  __asm__ volatile("spt %0" : : "Q"(value));
}
static inline u64 CpuTimer(void) {
  u64 value;
  __asm__ volatile("stpt %0" : "=Q"(value));
  return value;
}
static inline void SetCr0(u64 value) {
  __asm__ volatile("lctlg 0, 0, %0" : : "Q"(value));
}

#define CR0_CLOCK_COMPARATOR 0x800
#define CR0_CPU_TIMER 0x400
#define CR0_EMERGENCY 0x4000
#define CR0_EXTERNAL_CALL 0x2000
#define CR0_SERVICE 0x200

// An external interruption of the CPU with this prefix continues behind WaitFor.
static inline void PrepareExternal(u64 prefix) {
  Store8(prefix + 0x1b0, PSW_64);
  Store8(prefix + 0x1b8, (u64)Interrupted);
}

#endif  // TESTS_UCONTROL_GUESTS_GUEST_H_
