// Executes test vectors as an s390x program: each becomes the state that a signal handler returns
// to, and the signal that ends it brings the state that it left.
//
//   runner VECTORS ANSWERS
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/differential/vector.h"

static const struct Vector* vectors;
static unsigned long count;
static unsigned long next;
static uint8_t* answers;
static uint8_t* answer;
static unsigned long answers_size;
static const char* answers_path;
static unsigned int own_ar[2];  // what the C library has in access registers 0 and 1

static void Finish(void) {
  __asm__ volatile("sar %%a0,%0\n\tsar %%a1,%1" : : "d"(own_ar[0]), "d"(own_ar[1]));
  const int file = open(answers_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  for (uint8_t* at = answers; at < answer;) {
    const long written = write(file, at, (unsigned long)(answer - at));
    if (written <= 0) _exit(3);
    at += written;
  }
  _exit(0);
}

// What Linux puts behind the signal mask of a ucontext: the registers that came with z13.
struct VectorContext {
  uint64_t low[16];
  uint64_t high[16][2];
};
static struct VectorContext* VectorsOf(const ucontext_t* context) {
  return (struct VectorContext*)((uint8_t*)(unsigned long)&context->uc_sigmask + 128);
}

static void Record(int signal, const siginfo_t* information, const ucontext_t* context) {
  const mcontext_t* state = &context->uc_mcontext;
  struct Answer* result = (struct Answer*)answer;
  result->signal = (uint32_t)signal;
  result->signal_code = (uint32_t)information->si_code;
  result->address = state->psw.addr;
  result->condition_code = state->psw.mask >> 44 & 3;
  result->program_mask = state->psw.mask >> 40 & 15;
  result->fpc = state->fpregs.fpc;
  for (int i = 0; i < 16; ++i) {
    result->gpr[i] = state->gregs[i];
    memcpy(&result->fpr[i], &state->fpregs.fprs[i], 8);
    result->ar[i] = state->aregs[i];
  }
  const struct VectorContext* vectors_of_cpu = VectorsOf(context);
  memcpy(result->vr_low, vectors_of_cpu->low, sizeof(result->vr_low));
  memcpy(result->vr_high, vectors_of_cpu->high, sizeof(result->vr_high));
  const uint8_t* middle = (const uint8_t*)(unsigned long)MIDDLE_WINDOW;
  const uint8_t* last = (const uint8_t*)(unsigned long)LAST_WINDOW;
  result->memory_hash = HashWindow(HashWindow(0xcbf29ce484222325u, middle), last);
  answer += sizeof(struct Answer);
  if (vectors[next - 1].dump) {
    memcpy(answer, middle, WINDOW_SIZE);
    memcpy(answer + WINDOW_SIZE, last, WINDOW_SIZE);
    answer += 2 * WINDOW_SIZE;
  }
}

static void Load(const struct Vector* vector, ucontext_t* context) {
  if (vector->new_code) {
    uint8_t* code = (uint8_t*)(unsigned long)CODE;
    for (unsigned i = 0; i < sizeof(vector->code); ++i)
      code[i] = i < vector->length ? vector->code[i] : 0;
  }
  FillWindow(vector->memory_seed, (uint8_t*)(unsigned long)MIDDLE_WINDOW);
  FillWindow(~vector->memory_seed, (uint8_t*)(unsigned long)LAST_WINDOW);
  mcontext_t* state = &context->uc_mcontext;
  state->psw.mask &= ~(0x3fUL << 40);
  state->psw.mask |= (unsigned long)vector->condition_code << 44;
  state->psw.mask |= (unsigned long)vector->program_mask << 40;
  state->psw.addr = CODE;
  state->fpregs.fpc = vector->fpc;
  for (int i = 0; i < 16; ++i) {
    state->gregs[i] = vector->gpr[i];
    memcpy(&state->fpregs.fprs[i], &vector->fpr[i], 8);
    state->aregs[i] = vector->ar[i];
  }
  struct VectorContext* vectors_of_cpu = VectorsOf(context);
  memcpy(vectors_of_cpu->low, vector->vr_low, sizeof(vectors_of_cpu->low));
  memcpy(vectors_of_cpu->high, vector->vr_high, sizeof(vectors_of_cpu->high));
}

static void OnSignal(int signal, siginfo_t* information, void* context) {
  if (next > 0) Record(signal, information, context);
  if (next == count) Finish();
  const struct Vector* vector = &vectors[next++];
  Load(vector, context);
  // The emulator takes the rounding mode from this instruction, not from the signal's frame.
  __asm__ volatile("sfpc %0" : : "d"(vector->fpc & 3));
}

static uint8_t* Map(unsigned long address, unsigned long size, int protection) {
  const int fixed = address ? MAP_FIXED_NOREPLACE : 0;
  void* at = mmap((void*)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
  if (at == MAP_FAILED) _exit(2);
  return at;
}

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  const int file = open(argv[1], O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) return 1;
  vectors = mmap(NULL, (unsigned long)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  if (vectors == MAP_FAILED) return 1;
  count = (unsigned long)status.st_size / sizeof(struct Vector);
  answers_path = argv[2];
  answers_size = count * sizeof(struct Answer);
  for (unsigned long i = 0; i < count; ++i) answers_size += vectors[i].dump ? 2 * WINDOW_SIZE : 0;
  answers = answer = Map(0, answers_size + 1, PROT_READ | PROT_WRITE);
  Map(CODE_SEGMENT, SEGMENT_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
  Map(DATA_SEGMENT, SEGMENT_SIZE, PROT_READ | PROT_WRITE);
  __asm__("ear %0,%%a0\n\tear %1,%%a1" : "=d"(own_ar[0]), "=d"(own_ar[1]));

  static uint8_t stack[65536] __attribute__((aligned(16)));
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = OnSignal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigfillset(&action.sa_mask);
  static const int kSignals[] = {SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP, SIGSYS, SIGALRM};
  for (unsigned i = 0; i < sizeof(kSignals) / sizeof(kSignals[0]); ++i) {
    sigaction(kSignals[i], &action, NULL);
  }
  raise(SIGILL);
  return 4;
}
