#include "services/unix_listener.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/log.h"

namespace services {
namespace {

constexpr int kBacklog = 128;

absl::Status Failure(absl::string_view what, const std::string& path) {
  return absl::UnavailableError(absl::StrCat(path, ": ", what, ": ", std::strerror(errno)));
}

absl::StatusOr<mode_t> ParseMode(const std::string& text) {
  if (text.empty()) return 0660;
  unsigned mode = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '7' || mode > 0777) {
      return absl::InvalidArgumentError(absl::StrCat("mode ", text, " isn't octal permissions"));
    }
    mode = mode * 8 + (digit - '0');
  }
  if (mode > 0777) return absl::InvalidArgumentError(absl::StrCat("mode ", text, " is above 0777"));
  return mode;
}

// True if somebody listens there.
bool Answers(const sockaddr_un& address) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answers =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return answers;
}

}  // namespace

void UnixPeers::Remember(int fd, const UnixPeer& peer) {
  std::lock_guard lock(mutex_);
  peers_[fd] = peer;
}

std::optional<UnixPeer> UnixPeers::Find(absl::string_view peer) const {
  int fd = -1;
  // gRPC writes the colon as %3A.
  for (const absl::string_view prefix : {"fd:", "fd%3A"}) {
    if (absl::StartsWith(peer, prefix) && !absl::SimpleAtoi(peer.substr(prefix.size()), &fd)) {
      return std::nullopt;
    }
  }
  std::lock_guard lock(mutex_);
  const auto found = peers_.find(fd);
  if (found == peers_.end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Open(
    const ucontrol::daemon::v1::UnixListener& configuration) {
  const std::string& path = configuration.path();
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a unix socket's path has 1 to 107 bytes, not ", path.size(), ": ", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const absl::StatusOr<mode_t> mode = ParseMode(configuration.mode());
  if (!mode.ok()) return mode.status();

  if (Answers(address)) {
    return absl::AlreadyExistsError(absl::StrCat(path, " is another daemon's socket"));
  }
  struct stat left;
  if (lstat(path.c_str(), &left) == 0 && S_ISSOCK(left.st_mode)) unlink(path.c_str());

  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  std::unique_ptr<UnixListener> listener(
      new UnixListener(path, fd, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
  if (fd < 0 || listener->wake_fd_ < 0) return Failure("socket", path);
  // Nobody gets in between bind and chmod: until listen, connections are refused.
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Failure("bind", path);
  }
  if (!configuration.group().empty()) {
    const group* entry = getgrnam(configuration.group().c_str());
    if (!entry) return absl::NotFoundError(absl::StrCat("no group ", configuration.group()));
    if (chown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) != 0) {
      return Failure("chown", path);
    }
  }
  if (chmod(path.c_str(), *mode) != 0) return Failure("chmod", path);
  if (listen(fd, kBacklog) != 0) return Failure("listen", path);
  return listener;
}

UnixListener::~UnixListener() {
  Stop();
  if (wake_fd_ >= 0) close(wake_fd_);
}

void UnixListener::Start(UnixPeers& peers, std::function<void(int)> hand_over,
                         int64_t most_connections) {
  thread_ = std::thread([this, &peers, hand_over = std::move(hand_over), most_connections] {
    Accept(peers, hand_over, most_connections);
  });
}

void UnixListener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
    thread_.join();
  }
  if (fd_ < 0) return;
  close(std::exchange(fd_, -1));
  unlink(path_.c_str());
}

void UnixListener::Accept(UnixPeers& peers, const std::function<void(int)>& hand_over,
                          int64_t most) {
  // gRPC closes connections without telling us. A duplicate of a connection's descriptor would keep
  // it open, so we count open descriptors of ours that are sockets instead, and rarely.
  std::vector<int> handed;
  while (true) {
    pollfd waits[2] = {{fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
    if (waits[1].revents) return;
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      // Out of descriptors: the connection waits in the backlog until one is free.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) usleep(50'000);
      continue;
    }
    if (most > 0 && static_cast<int64_t>(handed.size()) >= most) {
      std::erase_if(handed, [fd](int old) {
        int type = 0;
        socklen_t size = sizeof(type);
        return old == fd || getsockopt(old, SOL_SOCKET, SO_TYPE, &type, &size) != 0;
      });
      if (static_cast<int64_t>(handed.size()) >= most) {
        Log(Severity::kWarning, "connection refused", {{"limit", "connections"}, {"value", most}});
        close(fd);
        continue;
      }
    }
    ucred credentials = {};
    socklen_t size = sizeof(credentials);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
      close(fd);
      continue;
    }
    std::erase(handed, fd);
    handed.push_back(fd);
    peers.Remember(fd, {credentials.uid, credentials.gid});
    hand_over(fd);
  }
}

}  // namespace services
