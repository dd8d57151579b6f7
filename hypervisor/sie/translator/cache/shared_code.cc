#include "hypervisor/sie/translator/cache/shared_code.h"

#include <algorithm>
#include <utility>

namespace hypervisor {

SharedCode::Owned& SharedCode::Of(const CodeCache* cache) {
  return *std::ranges::find_if(caches_,
                               [cache](const Owned& one) { return one.cache.get() == cache; });
}

CodeCache* SharedCode::Join() {
  const std::lock_guard lock(mutex_);
  if (!newest_) {
    std::unique_ptr<CodeCache> made = CodeCache::Make(helpers_);
    if (!made) return nullptr;
    newest_ = made.get();
    caches_.push_back({std::move(made)});
  }
  ++Of(newest_).users;
  return newest_;
}

void SharedCode::Part(CodeCache* used) {
  const std::lock_guard lock(mutex_);
  DropUser(used);
}

CodeCache* SharedCode::GoOver(CodeCache* used) {
  const std::lock_guard lock(mutex_);
  ++Of(newest_).users;
  DropUser(used);
  return newest_;
}

CodeCache* SharedCode::Forget(CodeCache* used) {
  const std::lock_guard lock(mutex_);
  if (newest_ == used && Of(used).users == 1) {
    used->Clear();
    return used;
  }
  if (newest_ == used) {
    auto idle = std::ranges::find_if(caches_, [](const Owned& one) { return one.users == 0; });
    if (idle == caches_.end()) {
      std::unique_ptr<CodeCache> made = CodeCache::Make(helpers_);
      if (!made) return nullptr;
      caches_.push_back({std::move(made)});
      idle = caches_.end() - 1;
    }
    idle->cache->Clear();
    newest_ = idle->cache.get();
  }
  ++Of(newest_).users;
  DropUser(used);
  return newest_;
}

// One that nobody uses is kept for the next time, others are given back.
void SharedCode::DropUser(CodeCache* used) {
  if (--Of(used).users > 0 || used == newest_) return;
  const auto is_idle = [this](const Owned& one) {
    return one.users == 0 && one.cache.get() != newest_;
  };
  if (std::ranges::count_if(caches_, is_idle) < 2) return;
  std::erase_if(caches_, [used](const Owned& one) { return one.cache.get() == used; });
}

}  // namespace hypervisor
