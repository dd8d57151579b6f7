// What a benchmark needs if it is a program of the host's own: the same as machine.h gives a guest.
#ifndef TESTS_BENCHMARKS_GUEST_HOST_H_
#define TESTS_BENCHMARKS_GUEST_HOST_H_

#include <stdio.h>
#include <time.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

static u64 Microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (u64)now.tv_sec * 1000000 + (u64)now.tv_nsec / 1000;
}

#define RUN(name, call)                                             \
  do {                                                              \
    const u64 begun = Microseconds();                               \
    const u64 checksum = call;                                      \
    printf("%s %lu %lu\n", name, checksum, Microseconds() - begun); \
  } while (0)

#endif  // TESTS_BENCHMARKS_GUEST_HOST_H_
