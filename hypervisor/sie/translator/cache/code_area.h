// A part of the memory for translated code, filled from its beginning, and which of its
// instructions access the guest's storage.
#ifndef HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_AREA_H_
#define HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_AREA_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace hypervisor {

class CodeArea {
 public:
  // `size` bytes from `begin`, where they are executed. False: the host refuses memory.
  bool Make(uint8_t* begin, size_t size);

  // Makes it empty but for the first `kept` bytes.
  void Clear(size_t kept = 0);

  // Where the next block's code may begin, on a boundary of 16 bytes, and how much fits there.
  uint8_t* end() const { return begin_ + used_.load(std::memory_order_relaxed); }
  size_t room() const { return size_ - used(); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  // Everything before `end` is used.
  void Use(const uint8_t* end);

  // How far the host's pages have been asked for.
  uint8_t* populated() const { return begin_ + populated_; }
  void set_populated(const uint8_t* end) { populated_ = static_cast<size_t>(end - begin_); }

  // The instruction at `at`, behind all that were added before, goes on at `next` if the host
  // faults. False: there is no room for it.
  bool AddAccess(const uint8_t* at, const uint8_t* next);
  // Where such an instruction goes on; 0: it isn't one. For signal handlers too.
  uint64_t ContinueAt(uint64_t instruction) const;

 private:
  static constexpr size_t kMostAccesses = 1 << 20;

  // Both in bytes from the beginning of the area.
  struct Access {
    uint32_t at;
    int32_t next;
  };

  uint8_t* begin_ = nullptr;
  size_t size_ = 0;
  std::atomic<size_t> used_ = 0;
  size_t populated_ = 0;
  std::unique_ptr<Access[], decltype(&std::free)> accesses_{nullptr, std::free};
  std::atomic<size_t> access_count_ = 0;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_AREA_H_
