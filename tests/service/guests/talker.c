// Talks with its host over the ASCII console of SCLP: says "ready", echoes what is typed, and obeys
//   q  stops: the machine powers off            c  ends in a disabled wait with address 0x2a
//   b  a breakpoint, DIAGNOSE 0x501             l  loops for ever
//   s  prints a megabyte                        w  stores to 0x00f00000 and says "written"
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint16_t length;
  uint8_t function, control[3];
  uint16_t response;
} Header;

static struct {
  Header header;
  uint16_t reserved, mask_length;
  uint32_t receive, send, sclp_receive, sclp_send;
} mask __attribute__((aligned(4096)));

static struct {
  Header header;
  uint16_t length;
  uint8_t type, flags;
  uint16_t reserved;
  uint8_t text[4096 - 14];
} event __attribute__((aligned(4096)));

static uint8_t stack[8192] __attribute__((aligned(8), used));

static int service_call(uint32_t command, void *block) {
  int cc;
  asm volatile(".insn rre,0xb2200000,%1,%2\n\tipm %0\n\tsrl %0,28"
               : "=d"(cc) : "d"(command), "a"(block) : "cc", "memory");
  return cc;
}

// Waits for an external interruption, and comes back behind it.
static void wait_for_signal(void) {
  static uint64_t waiting[2] __attribute__((aligned(8)));
  static uint64_t woken[2] __attribute__((aligned(8)));
  asm volatile(
      "larl %%r1,1f\n\tstg %%r1,8(%1)\n\tmvc 0x1b0(16,0),0(%1)\n\tlarl %%r1,1f\n\t"
      "lpswe 0(%0)\n1:\n"
      : : "a"((waiting[0] = 0x0102000180000000, waiting[1] = 0, waiting)),
          "a"((woken[0] = 0x0000000180000000, woken)) : "r1", "memory");
}

static void call(uint32_t command, void *block) {
  while (service_call(command, block) == 2) wait_for_signal();
  // The response stands in the block already; its signal wakes the next wait.
  wait_for_signal();
}

static void print(const char *text, size_t length) {
  event.header = (Header){.length = 8 + 6 + length};
  event.length = 6 + length;
  event.type = 0x1a;
  event.flags = 0;
  for (size_t i = 0; i < length; ++i) event.text[i] = text[i];
  call(0x00760005, &event);
}

static void say(const char *text) {
  size_t length = 0;
  while (text[length]) ++length;
  print(text, length);
}

static void stop(void) {
  asm volatile("stap 0x200\n\tlh %%r3,0x200\n\tlghi %%r1,0\n1:\tsigp %%r0,%%r3,5\n\tj 1b"
               : : : "r0", "r1", "r3", "cc", "memory");
}

static void obey(char key) {
  static const uint64_t crash[2] __attribute__((aligned(8))) = {0x0002000180000000, 0x2a};
  switch (key) {
    case 'q':
      say("bye\n");
      stop();
      break;
    case 'c':
      asm volatile("lpswe 0(%0)" : : "a"(crash) : "memory");
      break;
    case 'b':
      asm volatile("diag %%r0,%%r0,0x501" : : : "memory");
      say("behind\n");
      break;
    case 'l':
      for (;;) asm volatile("" : : : "memory");
    case 's':
      for (int i = 0; i < 1024; ++i) {
        static char line[1024];
        for (int j = 0; j < 1023; ++j) line[j] = 'a' + i % 26;
        line[1023] = '\n';
        print(line, sizeof(line));
      }
      say("done\n");
      break;
    case 'w':
      *(volatile uint64_t *)0x00f00000 = 0x1122334455667788;
      say("written\n");
      break;
  }
}

__attribute__((used)) static void talk(void) {
  static uint64_t cr0;
  cr0 = 1 << 9;  // service signals, bit 54
  asm volatile("lctlg %%c0,%%c0,%0" : : "Q"(cr0));
  mask.header = (Header){.length = sizeof(mask)};
  mask.mask_length = 4;
  mask.receive = 0x00000040 | 0x00000008;  // ASCII console, signal quiesce
  mask.send = 0x00000040;
  call(0x00780005, &mask);
  say("ready\n");
  for (;;) {
    event.header = (Header){.length = 4096};
    call(0x00770005, &event);
    if (event.header.response == 0x0020 && event.type == 0x1d) {
      say("quiesced\n");
      stop();
    }
    if (event.header.response != 0x0020 || event.type != 0x1a) {
      wait_for_signal();
      continue;
    }
    // The text of an input event begins with a byte that isn't typed.
    static char typed[sizeof(event.text)];
    size_t length = event.length - 7;
    for (size_t i = 0; i < length; ++i) typed[i] = event.text[i + 1];
    print(typed, length);
    for (size_t i = 0; i < length; ++i) obey(typed[i]);
  }
}

// The command line comes to 0x10480, and nothing else of ours may be there.
asm(".section .text.start\n\t.globl _start\n_start:\n\tlarl %r15,stack+8192-160\n\t"
    "brasl %r14,talk\n\tj .\n\t.balign 4096\n\t.text");
