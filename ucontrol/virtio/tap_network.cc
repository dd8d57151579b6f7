#include "ucontrol/virtio/tap_network.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ucontrol::virtio {
namespace {

constexpr size_t kEthernetHeader = 14;
constexpr size_t kVlanTag = 4;
constexpr int kMaximumFrames = 64;  // at once; the card looks at its own queues between

}  // namespace

absl::StatusOr<std::unique_ptr<TapNetwork>> TapNetwork::Open(absl::string_view interface,
                                                             uint16_t mtu) {
  ifreq request{};
  if (interface.empty() || interface.size() >= sizeof(request.ifr_name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the name \"", interface, "\" of an interface has 1 to 15 characters"));
  }
  std::copy(interface.begin(), interface.end(), request.ifr_name);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, "open of /dev/net/tun");
  if (ioctl(fd, TUNSETIFF, &request) < 0) {
    const int error = errno;
    close(fd);
    return absl::ErrnoToStatus(error, absl::StrCat("TUNSETIFF for ", interface));
  }
  return std::make_unique<TapNetwork>(fd, mtu);
}

TapNetwork::TapNetwork(int fd, uint16_t mtu)
    : fd_(fd), mtu_(mtu), frame_(kEthernetHeader + kVlanTag + mtu) {
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
}

TapNetwork::~TapNetwork() {
  close(fd_);
}

void TapNetwork::Send(Frame frame) {
  // What the host has no room for is lost, as on a wire.
  if (write(fd_, frame.data(), frame.size()) < 0) return;
}

void TapNetwork::AddPolls(std::vector<pollfd>& polls, int&) {
  polls.push_back({fd_, POLLIN, 0});
}

void TapNetwork::Serve(std::span<const pollfd> polls) {
  if (polls.empty() || !(polls[0].revents & POLLIN)) return;
  for (int i = 0; i < kMaximumFrames; ++i) {
    const ssize_t length = read(fd_, frame_.data(), frame_.size());
    if (length <= 0) return;
    Receive({frame_.data(), static_cast<size_t>(length)});
  }
}

}  // namespace ucontrol::virtio
