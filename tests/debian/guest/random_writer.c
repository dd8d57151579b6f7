// /init of a Linux guest that writes to random places of a file and says which of its writes have
// been made durable.
//
// Write number n goes to block PlaceOf(n) of /disk/data, and is full of n. `wrote N` means that
// fsync has returned for every write up to N: whoever kills the machine behind that line finds
// them all. Durability is promised too early if the kernel's command line says `hasty`: a test of
// the test.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kBlockSize = 4096, kBlocks = 4096, kMostInOneGo = 16 };

static uint64_t Mixed(uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccd;
  value ^= value >> 33;
  return value;
}

static uint64_t PlaceOf(uint64_t number) {
  return Mixed(number) % kBlocks;
}

static void Fail(const char* what) {
  perror(what);
  for (;;) pause();
}

static void Write(int file, uint64_t number) {
  static uint64_t block[kBlockSize / sizeof(uint64_t)];
  for (size_t i = 0; i < kBlockSize / sizeof(uint64_t); ++i) block[i] = number;
  if (pwrite(file, block, kBlockSize, (off_t)(PlaceOf(number) * kBlockSize)) != kBlockSize)
    Fail("pwrite");
}

// What a crash must leave whole as well: names that come and go.
static void Rename(uint64_t number) {
  char name[64], other[64];
  snprintf(name, sizeof(name), "/disk/names/%llu", (unsigned long long)(number % 64));
  snprintf(other, sizeof(other), "/disk/names/other%llu", (unsigned long long)(number % 7));
  const int file = open(name, O_CREAT | O_WRONLY | O_APPEND, 0600);
  if (file < 0 || write(file, name, sizeof(name)) < 0) Fail("names");
  close(file);
  rename(name, other);
}

int main(int argc, char** argv) {
  const int hasty = argc > 1 && strcmp(argv[1], "hasty") == 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  mkdir("/disk", 0700);
  mkdir("/dev", 0700);
  if (mount("dev", "/dev", "devtmpfs", 0, NULL)) Fail("devtmpfs");
  if (mount("/dev/vda", "/disk", "ext4", 0, NULL)) Fail("/dev/vda");
  mkdir("/disk/names", 0700);
  const int file = open("/disk/data", O_CREAT | O_RDWR, 0600);
  if (file < 0) Fail("/disk/data");
  // Numbers go on behind the greatest that is there, whoever wrote it.
  uint64_t number = 0, there;
  for (off_t at = 0; pread(file, &there, sizeof(there), at) == sizeof(there); at += kBlockSize)
    if (there > number) number = there;
  number += kMostInOneGo;
  printf("from %llu\n", (unsigned long long)number);
  for (;;) {
    const uint64_t last = number + Mixed(~number) % kMostInOneGo;
    for (; number <= last; ++number) Write(file, number);
    Rename(number);
    if (!hasty && fsync(file)) Fail("fsync");
    printf("wrote %llu\n", (unsigned long long)(number - 1));
  }
}
