// A unix socket whose clients are who the kernel says.
//
// gRPC tells a method nothing about the process at the other end of a unix socket. We accept
// connections ourselves, ask SO_PEERCRED, and hand the connection over; gRPC then calls the peer by
// the connection's descriptor. A descriptor isn't given out again while any call on its connection
// is alive, because gRPC closes it with the last of them; so what it stands for is never mistaken.
#ifndef SERVICES_UNIX_LISTENER_H_
#define SERVICES_UNIX_LISTENER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/access.h"
#include "ucontrol/daemon/v1/configuration.pb.h"

namespace services {

// Whose connections are which. Any thread.
class UnixPeers {
 public:
  void Remember(int fd, const UnixPeer& peer);

  // `peer` is what ServerContext::peer() says: fd:N. Nothing for other kinds of connections.
  std::optional<UnixPeer> Find(absl::string_view peer) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<int, UnixPeer> peers_;
};

class UnixListener {
 public:
  // A socket that a dead daemon left there is removed; one that answers is ALREADY_EXISTS.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Open(
      const ucontrol::daemon::v1::UnixListener& configuration);
  ~UnixListener();

  // Gives each connection to `hand_over`, which owns it then, on a thread of its own until Stop.
  void Start(UnixPeers& peers, std::function<void(int fd)> hand_over, int64_t most_connections);

  // Takes no more connections, and removes the socket.
  void Stop();

  const std::string& path() const { return path_; }

 private:
  UnixListener(std::string path, int fd, int wake_fd)
      : path_(std::move(path)), fd_(fd), wake_fd_(wake_fd) {}

  void Accept(UnixPeers& peers, const std::function<void(int)>& hand_over, int64_t most);

  const std::string path_;
  int fd_;
  const int wake_fd_;
  std::thread thread_;
};

}  // namespace services

#endif  // SERVICES_UNIX_LISTENER_H_
