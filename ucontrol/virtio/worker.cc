#include "ucontrol/virtio/worker.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace ucontrol::virtio {

Worker::Worker(const char* name, std::function<void()> serve)
    : serve_(std::move(serve)), kick_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  // Signals are for the threads that expect them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Thread(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), name);
}

Worker::~Worker() {
  Stop();
  {
    const std::lock_guard lock(mutex_);
    state_ = State::kEnding;
    changed_.notify_all();
  }
  thread_.join();
  close(kick_fd_);
}

void Worker::Thread() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return state_ != State::kIdle; });
    if (state_ == State::kEnding) return;
    lock.unlock();
    serve_();
    lock.lock();
    // A `serve` that gave up waits here for the end of its work.
    changed_.wait(lock, [&] { return state_ != State::kServing; });
    if (state_ == State::kStopping) state_ = State::kIdle;
    changed_.notify_all();
  }
}

void Worker::Start() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kIdle) return;
  state_ = State::kServing;
  changed_.notify_all();
}

void Worker::Stop() {
  std::unique_lock lock(mutex_);
  if (state_ != State::kServing) return;
  state_ = State::kStopping;
  changed_.notify_all();
  Kick();
  changed_.wait(lock, [&] { return state_ == State::kIdle; });
}

void Worker::Kick() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then it is readable as it should be.
  if (write(kick_fd_, &one, sizeof(one)) < 0) return;
}

void Worker::ClearKick() {
  uint64_t count;
  if (read(kick_fd_, &count, sizeof(count)) < 0) return;
}

void Worker::AwaitKick() {
  pollfd kicked{kick_fd_, POLLIN, 0};
  poll(&kicked, 1, -1);
  ClearKick();
}

bool Worker::stopping() const {
  const std::lock_guard lock(mutex_);
  return state_ != State::kServing;
}

}  // namespace ucontrol::virtio
