// A network through a tap device of the host, which the host's administrator made and set up.
#ifndef UCONTROL_VIRTIO_TAP_NETWORK_H_
#define UCONTROL_VIRTIO_TAP_NETWORK_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ucontrol/virtio/network.h"

namespace ucontrol::virtio {

class TapNetwork final : public Network {
 public:
  // By the interface's name.
  static absl::StatusOr<std::unique_ptr<TapNetwork>> Open(absl::string_view interface,
                                                          uint16_t mtu = 1500);
  // `fd` is a tap's file without packet information or virtio header; it becomes the network's own.
  TapNetwork(int fd, uint16_t mtu);
  ~TapNetwork() override;

  uint16_t mtu() const override { return mtu_; }
  bool checksums_are_good() const override { return false; }
  void Send(Frame frame) override;
  void AddPolls(std::vector<pollfd>& polls, int& timeout) override;
  void Serve(std::span<const pollfd> polls) override;

 private:
  const int fd_;
  const uint16_t mtu_;
  std::vector<uint8_t> frame_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_TAP_NETWORK_H_
