#include "ucontrol/virtio/user_network.h"

#include <arpa/inet.h>
#include <slirp/libslirp.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "absl/strings/str_format.h"

namespace ucontrol::virtio {
namespace {

constexpr uint16_t kMaximumMtu = 65520;
constexpr size_t kEthernetHeader = 14;

in_addr Address(const char* text) {
  in_addr address{};
  inet_pton(AF_INET, text, &address);
  return address;
}

int64_t Nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

}  // namespace

struct UserNetwork::Timer {
  SlirpTimerId id;
  void* opaque;
  int64_t expires = -1;  // in milliseconds; negative: doesn't run
};

struct UserNetwork::Callbacks {
  static UserNetwork& Self(void* opaque) { return *static_cast<UserNetwork*>(opaque); }

  static ssize_t SendPacket(const void* frame, size_t length, void* opaque) {
    Self(opaque).Receive({static_cast<const uint8_t*>(frame), length});
    return static_cast<ssize_t>(length);
  }
  static void GuestError(const char*, void*) {}
  static int64_t ClockNanoseconds(void*) { return Nanoseconds(); }
  static void* NewTimer(SlirpTimerId id, void* timer_opaque, void* opaque) {
    return &Self(opaque).timers_.emplace_back(Timer{id, timer_opaque});
  }
  static void FreeTimer(void* timer, void* opaque) {
    Self(opaque).timers_.remove_if([&](const Timer& each) { return &each == timer; });
  }
  static void SetTimer(void* timer, int64_t expires, void*) {
    static_cast<Timer*>(timer)->expires = expires;
  }
  static void RegisterDescriptor(int, void*) {}
  static void UnregisterDescriptor(int, void*) {}
  static void Notify(void* opaque) { Self(opaque).Wake(); }
  static void InitCompleted(Slirp*, void*) {}

  static int AddPoll(int fd, int events, void* opaque) {
    UserNetwork& self = Self(opaque);
    pollfd poll{fd, 0, 0};
    if (events & SLIRP_POLL_IN) poll.events |= POLLIN;
    if (events & SLIRP_POLL_OUT) poll.events |= POLLOUT;
    if (events & SLIRP_POLL_PRI) poll.events |= POLLPRI;
    self.filling_->push_back(poll);
    return static_cast<int>(self.filling_->size() - 1 - self.first_);
  }
  static int Events(int index, void* opaque) {
    const auto polled = Self(opaque).polled_;
    if (index < 0 || static_cast<size_t>(index) >= polled.size()) return 0;
    const short revents = polled[static_cast<size_t>(index)].revents;
    int events = 0;
    if (revents & POLLIN) events |= SLIRP_POLL_IN;
    if (revents & POLLOUT) events |= SLIRP_POLL_OUT;
    if (revents & POLLPRI) events |= SLIRP_POLL_PRI;
    if (revents & POLLERR) events |= SLIRP_POLL_ERR;
    if (revents & POLLHUP) events |= SLIRP_POLL_HUP;
    return events;
  }

  static constexpr SlirpCb kTable = {
      .send_packet = SendPacket,
      .guest_error = GuestError,
      .clock_get_ns = ClockNanoseconds,
      .timer_new = nullptr,
      .timer_free = FreeTimer,
      .timer_mod = SetTimer,
      .register_poll_fd = RegisterDescriptor,
      .unregister_poll_fd = UnregisterDescriptor,
      .notify = Notify,
      .init_completed = InitCompleted,
      .timer_new_opaque = NewTimer,
  };
};

absl::StatusOr<std::unique_ptr<UserNetwork>> UserNetwork::Create(const Options& options) {
  if (options.mtu < 576 || options.mtu > kMaximumMtu) {
    return absl::InvalidArgumentError(
        absl::StrFormat("an MTU is 576 to 65520, not %d", options.mtu));
  }
  auto network = std::unique_ptr<UserNetwork>(new UserNetwork(options));
  if (!network->slirp_) return absl::InternalError("libslirp made no network");
  return network;
}

UserNetwork::UserNetwork(const Options& options)
    : options_(options), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  SlirpConfig config{};
  config.version = 4;
  config.restricted = options_.isolated;
  config.in_enabled = true;
  config.vnetwork = Address("10.0.2.0");
  config.vnetmask = Address("255.255.255.0");
  config.vhost = Address("10.0.2.2");
  config.vdhcp_start = Address("10.0.2.15");
  config.vnameserver = Address("10.0.2.3");
  config.vhostname = options_.host_name.empty() ? nullptr : options_.host_name.c_str();
  config.if_mtu = options_.mtu;
  config.if_mru = options_.mtu;
  config.disable_host_loopback = !options_.reaches_host_loopback;
  slirp_ = slirp_new(&config, &Callbacks::kTable, this);
}

UserNetwork::~UserNetwork() {
  if (slirp_) slirp_cleanup(slirp_);
  close(wake_fd_);
}

absl::Status UserNetwork::AddForward(const Forward& forward) {
  in_addr host{};
  if (inet_pton(AF_INET, forward.host_address.c_str(), &host) != 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is no IPv4 address", forward.host_address));
  }
  const std::lock_guard lock(mutex_);
  if (slirp_add_hostfwd(slirp_, forward.udp, host, forward.host_port, Address("10.0.2.15"),
                        forward.guest_port) < 0) {
    return absl::UnavailableError(absl::StrFormat("port %d of %s can't be listened to",
                                                  forward.host_port, forward.host_address));
  }
  Wake();
  return absl::OkStatus();
}

absl::Status UserNetwork::RemoveForward(const Forward& forward) {
  in_addr host{};
  if (inet_pton(AF_INET, forward.host_address.c_str(), &host) != 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is no IPv4 address", forward.host_address));
  }
  const std::lock_guard lock(mutex_);
  if (slirp_remove_hostfwd(slirp_, forward.udp, host, forward.host_port) < 0) {
    return absl::NotFoundError(
        absl::StrFormat("port %d of %s isn't forwarded", forward.host_port, forward.host_address));
  }
  return absl::OkStatus();
}

void UserNetwork::Wake() {
  const uint64_t one = 1;
  if (write(wake_fd_, &one, sizeof(one)) < 0) return;  // is readable already
}

void UserNetwork::Send(Frame frame) {
  if (frame.size() < kEthernetHeader || frame.size() > kEthernetHeader + options_.mtu) return;
  const std::lock_guard lock(mutex_);
  slirp_input(slirp_, frame.data(), static_cast<int>(frame.size()));
}

void UserNetwork::AddPolls(std::vector<pollfd>& polls, int& timeout) {
  const std::lock_guard lock(mutex_);
  polls.push_back({wake_fd_, POLLIN, 0});
  filling_ = &polls;
  first_ = polls.size();
  uint32_t wait = timeout < 0 ? UINT32_MAX : static_cast<uint32_t>(timeout);
  slirp_pollfds_fill(slirp_, &wait, Callbacks::AddPoll, this);
  filling_ = nullptr;
  const int64_t now = Nanoseconds() / 1000000;
  for (const Timer& timer : timers_) {
    if (timer.expires < 0) continue;
    const int64_t left = std::clamp<int64_t>(timer.expires - now, 0, INT32_MAX);
    wait = std::min(wait, static_cast<uint32_t>(left));
  }
  timeout = wait > INT32_MAX ? -1 : static_cast<int>(wait);
}

void UserNetwork::Serve(std::span<const pollfd> polls) {
  uint64_t count;
  if (!polls.empty() && (polls[0].revents & POLLIN) && read(wake_fd_, &count, sizeof(count)) < 0) {
    return;
  }
  const std::lock_guard lock(mutex_);
  polled_ = polls.empty() ? polls : polls.subspan(1);
  slirp_pollfds_poll(slirp_, 0, Callbacks::Events, this);
  polled_ = {};
  ServeTimers();
}

void UserNetwork::ServeTimers() {
  const int64_t now = Nanoseconds() / 1000000;
  for (Timer& timer : timers_) {
    if (timer.expires < 0 || timer.expires > now) continue;
    timer.expires = -1;
    slirp_handle_timer(slirp_, timer.id, timer.opaque);
  }
}

}  // namespace ucontrol::virtio
