// /init of a Linux guest that does, over and over, what goes through the kernel. For each path it
// prints a name, how often it was done, and the microseconds of the guest's clock; then it ends the
// machine. Arguments name the paths; without any, it does all.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const long kLongEnough = 1000000;  // microseconds: what is translated first hardly counts

static long Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void SystemCalls(long count) {
  while (count--) syscall(SYS_getppid);
}

// Pages of anonymous memory, each touched once; given back 256 at a time.
static void PageFaults(long count) {
  enum { kPages = 256, kSize = 4096 };
  for (; count > 0; count -= kPages) {
    char* at = mmap(0, kPages * kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return;
    for (long i = 0; i < kPages && i < count; ++i) at[i * kSize] = 1;
    munmap(at, kPages * kSize);
  }
}

// A byte to another process and back.
static void RoundTrips(long count) {
  int there[2], back[2];
  char byte = 0;
  if (pipe(there) || pipe(back)) return;
  const pid_t child = fork();
  if (child == 0) {
    close(there[1]);
    while (read(there[0], &byte, 1) == 1) {
      if (write(back[1], &byte, 1) != 1) break;
    }
    _exit(0);
  }
  close(there[0]);
  while (count--) {
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) break;
  }
  close(there[1]);
  close(back[0]);
  close(back[1]);
  waitpid(child, 0, 0);
}

static void Forks(long count) {
  while (count--) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, 0, 0);
  }
}

static void Programs(long count) {
  while (count--) {
    const pid_t child = fork();
    if (child == 0) {
      execl("/init", "/init", "leave", (char*)0);
      _exit(1);
    }
    waitpid(child, 0, 0);
  }
}

static void Measure(const char* name, void (*path)(long)) {
  for (long count = 64;; count *= 2) {
    const long start = Now();
    path(count);
    const long time = Now() - start;
    if (time < kLongEnough) continue;
    printf("path %s %ld %ld\n", name, count, time);
    fflush(stdout);
    return;
  }
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "leave") == 0) _exit(0);
  static const struct {
    const char* name;
    void (*path)(long);
  } kPaths[] = {{"system-call", SystemCalls},
                {"page-fault", PageFaults},
                {"pipe-round-trip", RoundTrips},
                {"fork", Forks},
                {"fork-exec", Programs}};
  printf("path boot 1 %ld\n", Now());
  fflush(stdout);
  for (unsigned long i = 0; i < sizeof(kPaths) / sizeof(kPaths[0]); ++i) {
    int wanted = argc < 2;
    for (int j = 1; j < argc; ++j) wanted = wanted || strcmp(argv[j], kPaths[i].name) == 0;
    if (wanted) Measure(kPaths[i].name, kPaths[i].path);
  }
  reboot(RB_POWER_OFF);
  return 0;
}
