// A lock for each name, so that what happens to one machine happens in order.
#ifndef SERVICES_NAME_LOCKS_H_
#define SERVICES_NAME_LOCKS_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace services {

// Any thread.
class NameLocks {
  struct Entry {
    std::mutex mutex;
    int users = 0;
  };

 public:
  // Holds the name until it ends.
  class Held {
   public:
    Held(NameLocks& locks, const std::string& name) : locks_(locks), name_(name) {
      {
        std::lock_guard lock(locks_.mutex_);
        auto& entry = locks_.entries_[name_];
        if (!entry) entry = std::make_unique<Entry>();
        entry_ = entry.get();
        ++entry_->users;
      }
      entry_->mutex.lock();
    }
    ~Held() {
      entry_->mutex.unlock();
      std::lock_guard lock(locks_.mutex_);
      if (--entry_->users == 0) locks_.entries_.erase(name_);
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    NameLocks& locks_;
    const std::string name_;
    Entry* entry_;
  };

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
};

}  // namespace services

#endif  // SERVICES_NAME_LOCKS_H_
