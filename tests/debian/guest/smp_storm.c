// /init of a Linux guest that lets its CPUs compete: for futexes, for words of storage, by signals and memory
// barriers to each other, while they are taken away and given back.
//
// Every few seconds it says how far each storm got, and `stall of NAME` if one got nowhere. The argument is for how
// many seconds. At the end it compares what was counted under competition with what each thread counted for itself:
// `sums are exact`.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kCpus = 4, kPlayers = 8, kReportEvery = 5 };

static volatile int ending;

// What a storm did so far. Each thread of it adds up for itself, and atomically here.
struct Storm {
  const char* name;
  uint64_t done;
  uint64_t reported;
};
static struct Storm futexes = {"futexes", 0, 0}, words = {"words", 0, 0}, signals = {"signals", 0, 0},
                    barriers = {"barriers", 0, 0}, migrations = {"migrations", 0, 0}, mappings = {"mappings", 0, 0},
                    hotplugs = {"hotplugs", 0, 0};
static struct Storm* const storms[] = {&futexes, &words, &signals, &barriers, &migrations, &mappings, &hotplugs};

static void Done(struct Storm* storm, uint64_t count) {
  __atomic_fetch_add(&storm->done, count, __ATOMIC_RELAXED);
}

static void Fail(const char* what) {
  printf("failed: %s: %s\n", what, strerror(errno));
  sync();
  reboot(RB_POWER_OFF);
}

// ---- Futexes: the turn goes round; and a mutex guards a sum that isn't atomic. ----

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static int turn;
static uint64_t guarded_sum, turns_taken;

static void* Player(void* argument) {
  const int mine = (int)(intptr_t)argument;
  uint64_t taken = 0;
  pthread_mutex_lock(&mutex);
  while (!ending) {
    while (turn != mine && !ending) pthread_cond_wait(&turn_changed, &mutex);
    if (ending) break;
    turn = (turn + 1) % kPlayers;
    ++guarded_sum;
    ++taken;
    pthread_cond_broadcast(&turn_changed);
    Done(&futexes, 1);
  }
  pthread_cond_broadcast(&turn_changed);
  pthread_mutex_unlock(&mutex);
  __atomic_fetch_add(&turns_taken, taken, __ATOMIC_RELAXED);
  return NULL;
}

// ---- Words: interlocked updates of every kind, side by side in one cache line. ----

static struct {
  uint64_t added;
  uint32_t swapped;  // by compare and swap
  uint32_t toggled;
  unsigned __int128 both __attribute__((aligned(16)));  // compare double and swap: equal halves
} shared __attribute__((aligned(256)));
static uint64_t words_counted;

static void* Updater(void* argument) {
  const uint32_t bit = 1u << (intptr_t)argument;
  uint64_t count = 0;
  while (!ending) {
    for (int i = 0; i < 1000; ++i) {
      __atomic_fetch_add(&shared.added, 1, __ATOMIC_SEQ_CST);
      uint32_t seen = __atomic_load_n(&shared.swapped, __ATOMIC_RELAXED);
      while (!__atomic_compare_exchange_n(&shared.swapped, &seen, seen + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
      }
      __atomic_fetch_xor(&shared.toggled, bit, __ATOMIC_SEQ_CST);
      unsigned __int128 old = shared.both, wanted;
      do {
        const uint64_t half = (uint64_t)old + 1;
        wanted = (unsigned __int128)half << 64 | half;
      } while (!__atomic_compare_exchange_n(&shared.both, &old, wanted, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    }
    count += 1000;
    Done(&words, 4000);
    sched_yield();
  }
  __atomic_fetch_add(&words_counted, count, __ATOMIC_RELAXED);
  return NULL;
}

// ---- Signals from thread to thread, answered. ----

static int rung;
static void OnSignal(int number) {
  (void)number;
  __atomic_fetch_add(&rung, 1, __ATOMIC_SEQ_CST);
}

static void* Bell(void* argument) {
  (void)argument;
  while (!ending) pause();
  return NULL;
}

static void* Ringer(void* argument) {
  const pthread_t bell = *(pthread_t*)argument;
  while (!ending) {
    const int before = __atomic_load_n(&rung, __ATOMIC_SEQ_CST);
    pthread_kill(bell, SIGUSR1);
    while (__atomic_load_n(&rung, __ATOMIC_SEQ_CST) == before && !ending) sched_yield();
    Done(&signals, 1);
  }
  pthread_kill(bell, SIGUSR1);
  return NULL;
}

// ---- Every CPU is asked to serialize; threads move from CPU to CPU; address spaces change under their users. ----

static void* Barrier(void* argument) {
  (void)argument;
  while (!ending) {
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0)) Fail("membarrier");
    Done(&barriers, 1);
  }
  return NULL;
}

static void* Migrant(void* argument) {
  unsigned cpu = (unsigned)(intptr_t)argument;
  while (!ending) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu++ % kCpus, &set);
    // A CPU may be offline now.
    if (sched_setaffinity(0, sizeof(set), &set) == 0) Done(&migrations, 1);
  }
  return NULL;
}

static void* Mapper(void* argument) {
  (void)argument;
  enum { kSize = 16 * 4096 };
  while (!ending) {
    char* at = mmap(NULL, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) Fail("mmap");
    for (int i = 0; i < kSize; i += 4096) {
      if (at[i] != 0) Fail("a new page has what was in an old one");
      at[i] = 1;
    }
    if (mprotect(at, kSize, PROT_READ) || munmap(at, kSize)) Fail("munmap");
    Done(&mappings, 1);
  }
  return NULL;
}

static void* Hotplug(void* argument) {
  (void)argument;
  unsigned cpu = 1;
  while (!ending) {
    char path[64];
    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
    const int file = open(path, O_WRONLY);
    if (file < 0) Fail(path);
    // Busy means that it is the last one that somebody must have.
    if (write(file, "0", 1) == 1) {
      usleep(20000);
      if (write(file, "1", 1) != 1) Fail(path);
      Done(&hotplugs, 1);
    }
    close(file);
    usleep(20000);
    cpu = cpu % (kCpus - 1) + 1;
  }
  return NULL;
}

static int Report(int second) {
  int fine = 1;
  printf("second %d:", second);
  for (size_t i = 0; i < sizeof(storms) / sizeof(storms[0]); ++i) {
    const uint64_t done = __atomic_load_n(&storms[i]->done, __ATOMIC_RELAXED);
    printf(" %s %llu", storms[i]->name, (unsigned long long)done);
    if (done == storms[i]->reported) {
      printf(" stall of %s", storms[i]->name);
      fine = 0;
    }
    storms[i]->reported = done;
  }
  printf("\n");
  return fine;
}

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? atoi(argv[1]) : 10;
  setvbuf(stdout, NULL, _IOLBF, 0);
  mkdir("/sys", 0700);
  if (mount("sys", "/sys", "sysfs", 0, NULL)) Fail("sysfs");
  signal(SIGUSR1, OnSignal);
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0)) Fail("membarrier");

  pthread_t threads[32], bell;
  int count = 0;
  for (intptr_t i = 0; i < kPlayers; ++i) pthread_create(&threads[count++], NULL, Player, (void*)i);
  for (intptr_t i = 0; i < kCpus; ++i) pthread_create(&threads[count++], NULL, Updater, (void*)i);
  pthread_create(&bell, NULL, Bell, NULL);
  pthread_create(&threads[count++], NULL, Ringer, &bell);
  pthread_create(&threads[count++], NULL, Barrier, NULL);
  for (intptr_t i = 0; i < 2; ++i) pthread_create(&threads[count++], NULL, Migrant, (void*)i);
  for (intptr_t i = 0; i < 2; ++i) pthread_create(&threads[count++], NULL, Mapper, NULL);
  pthread_create(&threads[count++], NULL, Hotplug, NULL);

  printf("the storms rage\n");
  int fine = 1;
  for (int second = kReportEvery; second <= seconds; second += kReportEvery) {
    sleep(kReportEvery);
    fine &= Report(second);
  }
  ending = 1;
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);

  const uint64_t both = (uint64_t)shared.both;
  const int exact = guarded_sum == turns_taken && shared.added == words_counted &&
                    shared.swapped == (uint32_t)words_counted && both == words_counted &&
                    (uint64_t)(shared.both >> 64) == both && shared.toggled == 0;
  printf("%s\n", exact ? "sums are exact" : "sums are wrong");
  printf("%s\n", fine ? "no storm stalled" : "a storm stalled");
  sync();
  reboot(RB_POWER_OFF);
}
