// The translated code of a VM: the one code cache that its CPUs fill, and those before it that some
// CPU still executes. A cache is forgotten without stopping anybody: who finds it full makes
// another the newest, and all go over to that when they next come out of their code.
#ifndef HYPERVISOR_SIE_TRANSLATOR_CACHE_SHARED_CODE_H_
#define HYPERVISOR_SIE_TRANSLATOR_CACHE_SHARED_CODE_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "hypervisor/sie/translator/cache/code_cache.h"
#include "hypervisor/sie/translator/x86/stubs.h"

namespace hypervisor {

class SharedCode {
 public:
  // For any thread.
  explicit SharedCode(const x86::Helpers& helpers) : helpers_(helpers) {}

  // One more user of the newest. Null: the host refuses memory.
  CodeCache* Join();
  void Part(CodeCache* used);

  bool IsNewest(const CodeCache* used) const {
    return newest_.load(std::memory_order_relaxed) == used;
  }
  // A user goes over to the newest.
  CodeCache* GoOver(CodeCache* used);
  // Likewise; but if `used` is that, to an empty one: the same if it has no other user. Null, and
  // nothing has changed, if the host refuses memory.
  CodeCache* Forget(CodeCache* used);

 private:
  struct Owned {
    std::unique_ptr<CodeCache> cache;
    int users = 0;
  };
  Owned& Of(const CodeCache* cache);
  void DropUser(CodeCache* used);

  const x86::Helpers helpers_;
  std::mutex mutex_;
  std::vector<Owned> caches_;
  std::atomic<CodeCache*> newest_ = nullptr;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_CACHE_SHARED_CODE_H_
