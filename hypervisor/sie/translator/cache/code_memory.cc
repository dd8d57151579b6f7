#include "hypervisor/sie/translator/cache/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace hypervisor {

std::unique_ptr<CodeMemory> CodeMemory::Allocate(size_t size, size_t words) {
  const int file = memfd_create("translated-code", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  std::unique_ptr<CodeMemory> memory(new CodeMemory);
  memory->size_ = size;
  memory->words_size_ = words * sizeof(uint64_t);
  const auto map = [](void* at, size_t length, int access, int flags, int from) {
    void* mapped = mmap(at, length, access, flags, from, 0);
    return mapped == MAP_FAILED ? nullptr : static_cast<uint8_t*>(mapped);
  };
  constexpr int kReadWrite = PROT_READ | PROT_WRITE;
  if (ftruncate(file, static_cast<off_t>(size)) == 0) {
    memory->writable_ = map(nullptr, size, kReadWrite, MAP_SHARED, file);
    // The words, and in front of them room for the code.
    memory->executable_ = map(nullptr, size + memory->words_size_, kReadWrite,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  }
  const bool mapped = memory->writable_ && memory->executable_ &&
                      map(memory->executable_, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED,
                          file) != nullptr;
  close(file);
  return mapped ? std::move(memory) : nullptr;
}

CodeMemory::~CodeMemory() {
  if (writable_) munmap(writable_, size_);
  if (executable_) munmap(executable_, size_ + words_size_);
}

}  // namespace hypervisor
