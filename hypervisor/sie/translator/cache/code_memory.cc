#include "hypervisor/sie/translator/cache/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace hypervisor {

std::unique_ptr<CodeMemory> CodeMemory::Allocate(size_t size) {
  const int file = memfd_create("translated-code", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  std::unique_ptr<CodeMemory> memory(new CodeMemory);
  memory->size_ = size;
  const auto map = [file, size](int access) {
    void* mapped = mmap(nullptr, size, access, MAP_SHARED, file, 0);
    return mapped == MAP_FAILED ? nullptr : static_cast<uint8_t*>(mapped);
  };
  if (ftruncate(file, static_cast<off_t>(size)) == 0) {
    memory->writable_ = map(PROT_READ | PROT_WRITE);
    memory->executable_ = map(PROT_READ | PROT_EXEC);
  }
  close(file);
  return memory->writable_ && memory->executable_ ? std::move(memory) : nullptr;
}

void CodeMemory::Populate(const uint8_t* executable, size_t size) {
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, Linux 5.14
  madvise(Writable(executable), size, kPopulateWrite);
}

CodeMemory::~CodeMemory() {
  if (writable_) munmap(writable_, size_);
  if (executable_) munmap(executable_, size_);
}

}  // namespace hypervisor
