#include "hypervisor/sie/translator/cache/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace hypervisor {

std::unique_ptr<CodeMemory> CodeMemory::Allocate(size_t size) {
  const int file = memfd_create("translated-code", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  std::unique_ptr<CodeMemory> memory(new CodeMemory);
  memory->size_ = size;
  bool mapped = ftruncate(file, static_cast<off_t>(size)) == 0;
  for (const auto& [view, access] : {std::pair{&memory->writable_, PROT_READ | PROT_WRITE},
                                     std::pair{&memory->executable_, PROT_READ | PROT_EXEC}}) {
    if (!mapped) break;
    void* at = mmap(nullptr, size, access, MAP_SHARED, file, 0);
    mapped = at != MAP_FAILED;
    if (mapped) *view = static_cast<uint8_t*>(at);
  }
  close(file);
  return mapped ? std::move(memory) : nullptr;
}

CodeMemory::~CodeMemory() {
  if (writable_) munmap(writable_, size_);
  if (executable_) munmap(executable_, size_);
}

}  // namespace hypervisor
