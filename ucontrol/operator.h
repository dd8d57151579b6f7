// The thread that does to a machine what its operator would: load, reset, pause; and that tells the
// listener what happened. One thing at a time, in the order of the requests.
#ifndef UCONTROL_OPERATOR_H_
#define UCONTROL_OPERATOR_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace ucontrol {

class Operator {
 public:
  Operator();
  ~Operator();
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // Any thread; doesn't wait. False, and nothing will happen, once Retire was called.
  bool Post(std::function<void()> act);

  // Waits for it. On the operator's own thread it happens at once.
  absl::Status Call(absl::FunctionRef<absl::Status()> act);

  // Does what was posted, then ends. Not on the operator's own thread.
  void Retire();

 private:
  void Thread();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool is_retiring_ = false;
  std::thread thread_;
};

}  // namespace ucontrol

#endif  // UCONTROL_OPERATOR_H_
