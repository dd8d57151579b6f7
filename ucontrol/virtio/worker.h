// A device's own thread, so that no CPU waits for what a device does.
#ifndef UCONTROL_VIRTIO_WORKER_H_
#define UCONTROL_VIRTIO_WORKER_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace ucontrol::virtio {

// Start, Stop and the destructor: one thread at a time. Kick: any thread.
class Worker {
 public:
  // `serve` runs on the worker's thread from Start to Stop. It waits for kick_fd() among whatever
  // else it waits for, and returns soon once stopping() is true.
  Worker(const char* name, std::function<void()> serve);
  ~Worker();

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Start();
  // Returns when `serve` has.
  void Stop();

  // Makes kick_fd() readable.
  void Kick();
  int kick_fd() const { return kick_fd_; }
  // Makes kick_fd() unreadable until the next Kick.
  void ClearKick();
  // Waits for a kick and clears it.
  void AwaitKick();

  bool stopping() const;

 private:
  enum class State { kIdle, kServing, kStopping, kEnding };

  void Thread();

  const std::function<void()> serve_;
  const int kick_fd_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kIdle;
  std::thread thread_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_WORKER_H_
