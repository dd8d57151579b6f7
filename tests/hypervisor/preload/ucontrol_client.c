/*
 * Runs a guest in a UCONTROL VM through open, ioctl and mmap, as a program written against a kernel
 * does. The guest adds up the numbers from 1 to 100, stores the sum into a segment that is mapped
 * when it faults, and says a line, a character a DIAGNOSE.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#define SEGMENT 0x100000ul
#define RESULT 0x400000ul

static void check(int good, const char *what) {
  if (good) return;
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static void *segments(unsigned long count) {
  char *space = mmap(NULL, (count + 1) * SEGMENT, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(space != MAP_FAILED, "mmap");
  return (void *)(((unsigned long)space + SEGMENT - 1) & ~(SEGMENT - 1));
}

static void map(int vcpu, void *memory, unsigned long address) {
  struct kvm_s390_ucas_mapping mapping = {(unsigned long)memory, address, SEGMENT};
  check(ioctl(vcpu, KVM_S390_UCAS_MAP, &mapping) == 0, "KVM_S390_UCAS_MAP");
}

/* At 0x1000. r5 is the address of the result, r6 that of the text. */
static const uint8_t program[] = {
    0xa7, 0x19, 0x00, 0x64,             /*    lghi r1,100        */
    0xa7, 0x29, 0x00, 0x00,             /*    lghi r2,0          */
    0xb9, 0x08, 0x00, 0x21,             /* 0: agr  r2,r1         */
    0xa7, 0x17, 0xff, 0xfe,             /*    brctg r1,0b        */
    0xe3, 0x20, 0x50, 0x00, 0x00, 0x24, /*    stg  r2,0(r5)      */
    0x83, 0x20, 0x05, 0x00,             /*    diag r2,r0,0x500   */
    0xe3, 0x30, 0x60, 0x00, 0x00, 0x90, /* 1: llgc r3,0(r6)      */
    0xb9, 0x02, 0x00, 0x33,             /*    ltgr r3,r3         */
    0xa7, 0x84, 0x00, 0x08,             /*    jz   2f            */
    0x83, 0x30, 0x05, 0x01,             /*    diag r3,r0,0x501   */
    0xa7, 0x6b, 0x00, 0x01,             /*    aghi r6,1          */
    0xa7, 0xf4, 0xff, 0xf5,             /*    j    1b            */
    0x83, 0x00, 0x05, 0x02,             /* 2: diag r0,r0,0x502   */
};

int main(void) {
  int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  check(kvm >= 0, "/dev/kvm");
  check(ioctl(kvm, KVM_GET_API_VERSION, 0) == KVM_API_VERSION, "KVM_GET_API_VERSION");
  check(ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_S390_UCONTROL) == 1, "KVM_CAP_S390_UCONTROL");
  int vm = ioctl(kvm, KVM_CREATE_VM, KVM_VM_S390_UCONTROL);
  check(vm >= 0, "KVM_CREATE_VM");

  /* By value: this ABI passes the address of a copy, which is what the kernel takes. */
  struct kvm_enable_cap cap = {.cap = KVM_CAP_S390_HPAGE_1M};
  check(ioctl(vm, KVM_ENABLE_CAP, cap) == -1 && errno == EINVAL, "KVM_ENABLE_CAP");
  int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  check(vcpu >= 0, "KVM_CREATE_VCPU");
  check(ioctl(vm, KVM_ENABLE_CAP, cap) == -1 && errno == EBUSY, "KVM_ENABLE_CAP with a vCPU");

  long size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL);
  check(size >= (long)sizeof(struct kvm_run), "KVM_GET_VCPU_MMAP_SIZE");
  struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
  check(run != MAP_FAILED, "kvm_run");
  uint32_t *block = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu,
                         KVM_S390_SIE_PAGE_OFFSET * 4096);
  check(block != MAP_FAILED, "SIE block");

  char *memory = segments(2);
  map(vcpu, memory, 0);
  memcpy(memory + 0x1000, program, sizeof(program));
  strcpy(memory + 0x2000, " = 1 + 2 + ... + 100\n");
  check(ioctl(vcpu, KVM_S390_VCPU_FAULT, 0) == 0, "KVM_S390_VCPU_FAULT");
  check(ioctl(vcpu, KVM_S390_INITIAL_RESET, 0) == 0, "KVM_S390_INITIAL_RESET");
  __atomic_fetch_and(block, ~0x80000000u, __ATOMIC_SEQ_CST); /* CPUSTAT_STOPPED */
  run->psw_mask = 0x0000000180000000ull;
  run->psw_addr = 0x1000;
  run->s.regs.gprs[5] = RESULT;
  run->s.regs.gprs[6] = 0x2000;

  for (;;) {
    check(ioctl(vcpu, KVM_RUN, 0) == 0, "KVM_RUN");
    if (run->exit_reason == KVM_EXIT_S390_UCONTROL) {
      check(run->s390_ucontrol.pgm_code == 0x10, "pgm_code");
      check(run->s390_ucontrol.trans_exc_code == RESULT, "trans_exc_code");
      map(vcpu, memory + SEGMENT, RESULT);
      continue;
    }
    check(run->exit_reason == KVM_EXIT_S390_SIEIC, "exit_reason");
    check(run->s390_sieic.icptcode == 0x04 && run->s390_sieic.ipa >> 8 == 0x83, "interception");
    switch (run->s390_sieic.ipb >> 16) {
      case 0x500:
        check(*(uint64_t *)(memory + SEGMENT) == 5050, "sum in storage");
        printf("the guest says: %llu", (unsigned long long)run->s.regs.gprs[2]);
        break;
      case 0x501:
        putchar((int)run->s.regs.gprs[3]);
        break;
      default:
        return 0;
    }
  }
}
