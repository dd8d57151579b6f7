// Memory for translated code: one file of memory mapped twice, once to write it and once to execute
// it, so that no page of ours is ever both.
#ifndef HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_MEMORY_H_
#define HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hypervisor {

class CodeMemory {
 public:
  // `size` bytes, a multiple of a page. Null: the host refuses.
  static std::unique_ptr<CodeMemory> Allocate(size_t size);
  ~CodeMemory();
  CodeMemory(const CodeMemory&) = delete;
  CodeMemory& operator=(const CodeMemory&) = delete;

  size_t size() const { return size_; }
  uint8_t* executable() const { return executable_; }
  uint8_t* Writable(const uint8_t* executable) const {
    return writable_ + (executable - executable_);
  }
  // Makes the host's pages of `size` bytes there at once, where it can: each alone is a fault. Both
  // are multiples of a page.
  void Populate(const uint8_t* executable, size_t size);
  bool Contains(uint64_t address) const {
    return address - reinterpret_cast<uint64_t>(executable_) < size_;
  }

 private:
  CodeMemory() = default;

  size_t size_ = 0;
  uint8_t* writable_ = nullptr;
  uint8_t* executable_ = nullptr;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_MEMORY_H_
