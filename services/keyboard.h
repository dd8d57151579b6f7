// What a client of a console types, until the guest takes it.
#ifndef SERVICES_KEYBOARD_H_
#define SERVICES_KEYBOARD_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "services/console_log.h"
#include "services/machine_host.h"
#include "ucontrol/v1/console.pb.h"

namespace services {

// A bounded buffer between the stream and the guest. Any thread.
class Keyboard {
 public:
  Keyboard(std::string machine, std::shared_ptr<ConsoleLog> log, uint64_t reader)
      : machine_(std::move(machine)), log_(std::move(log)), reader_(reader) {}

  // Never waits. False if it was refused, or if it is full and no more may come before Typist has
  // called its `resume`.
  bool Press(const ucontrol::v1::AttachConsoleRequest& request);

  // Why it was refused.
  absl::Status status() const;

 private:
  friend class Typist;

  const std::string machine_;
  const std::shared_ptr<ConsoleLog> log_;
  const uint64_t reader_;

  mutable std::mutex mutex_;
  std::condition_variable pressed_;
  std::string waiting_;
  bool full_ = false;
  absl::Status status_;
};

// Gives a guest what waits in a keyboard, on a thread of its own, as long as it lives.
class Typist {
 public:
  // With `drop_if_stopped`, what is typed into a machine that doesn't run is lost.
  Typist(Keyboard& keyboard, MachineHost& host, std::function<void()> resume, bool drop_if_stopped);
  ~Typist();

 private:
  void Type();

  Keyboard& keyboard_;
  MachineHost& host_;
  const std::function<void()> resume_;
  const bool drop_if_stopped_;
  bool ended_ = false;  // under the keyboard's lock
  std::thread thread_;
};

}  // namespace services

#endif  // SERVICES_KEYBOARD_H_
