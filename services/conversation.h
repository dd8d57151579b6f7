// A bidirectional stream whose handler is written as if it had the client before it: it writes and
// waits on a thread of its own, is called for each message, and may end the stream at any time.
#ifndef SERVICES_CONVERSATION_H_
#define SERVICES_CONVERSATION_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "grpcpp/support/server_callback.h"

namespace services {

// Owns itself until the stream is over.
template <typename Request, typename Response>
class Conversation final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  // The handler; its result ends the stream.
  using Body = std::function<grpc::Status(Conversation&)>;
  // Called for each message, one after the other, on a thread of gRPC's: it must not wait. False
  // for reading no more, or not before Resume.
  using Receive = std::function<bool(Request&)>;

  explicit Conversation(Body body) : body_(std::move(body)) {
    this->StartRead(&request_);
    const std::lock_guard lock(mutex_);  // until thread_ is assigned
    thread_ = std::thread([this] {
      { const std::lock_guard started(mutex_); }
      this->Finish(body_(*this));
    });
  }

  // ---- For the body.

  // The first message, unless none comes in time.
  bool First(Request* request, std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return waiting_ || ended_ || cancelled_; });
    if (!waiting_) return false;
    *request = request_;
    return true;
  }

  // Every message behind the first, and `gone`, at most once, when nobody is there any more: it
  // must not wait either. The last message may come after the body has returned.
  void Listen(Receive receive, std::function<void()> gone = nullptr) {
    bool cancelled;
    {
      const std::lock_guard lock(mutex_);
      receive_ = std::move(receive);
      cancelled = cancelled_;
      if (!cancelled) gone_ = std::move(gone);
      waiting_ = false;
    }
    if (cancelled && gone) gone();
    this->StartRead(&request_);
  }

  // Reads on after `receive` has returned false.
  void Resume() { this->StartRead(&request_); }

  // Waits until the client's window takes it; false if the client is gone.
  bool Write(Response response) {
    {
      const std::lock_guard lock(mutex_);
      if (cancelled_) return false;
      response_ = std::move(response);
      writing_ = true;
    }
    this->StartWrite(&response_);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !writing_; });
    return written_;
  }

  bool cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

  // The client will send no more.
  bool ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  // ---- For gRPC.

  void OnReadDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      if (!ok) ended_ = true;
      if (ok && !receive_) waiting_ = true;
      if (!ok || waiting_) {
        changed_.notify_all();
        return;
      }
    }
    if (receive_(request_)) this->StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    written_ = ok;
    changed_.notify_all();
  }

  void OnCancel() override {
    std::function<void()> gone;
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
      gone = std::move(gone_);
      changed_.notify_all();
    }
    if (gone) gone();
  }

  void OnDone() override {
    // Finish may call this on the body's own thread, which is at its end then.
    if (std::this_thread::get_id() == thread_.get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
    delete this;
  }

 private:
  const Body body_;
  std::thread thread_;
  Request request_;
  Response response_;
  Receive receive_;
  std::function<void()> gone_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool waiting_ = false;  // the first message is in request_
  bool ended_ = false;
  bool cancelled_ = false;
  bool writing_ = false;
  bool written_ = false;
};

}  // namespace services

#endif  // SERVICES_CONVERSATION_H_
