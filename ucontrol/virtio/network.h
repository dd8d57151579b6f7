// What a network card is plugged into.
#ifndef UCONTROL_VIRTIO_NETWORK_H_
#define UCONTROL_VIRTIO_NETWORK_H_

#include <poll.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace ucontrol::virtio {

// Ethernet frames without checksum. The card's own thread calls everything here.
class Network {
 public:
  using Frame = std::span<const uint8_t>;

  virtual ~Network() = default;

  // The longest packet within a frame.
  virtual uint16_t mtu() const = 0;
  // Whether frames come with TCP and UDP checksums that nobody need check.
  virtual bool checksums_are_good() const = 0;

  // Takes a frame of the guest.
  virtual void Send(Frame frame) = 0;

  // Adds what to wait for, and shortens the wait if need be. `timeout` is in milliseconds, negative
  // if there is none.
  virtual void AddPolls(std::vector<pollfd>& polls, int& timeout) = 0;

  // After the wait: `polls` are those that it added. Frames may come to the receiver during this
  // and during Send.
  virtual void Serve(std::span<const pollfd> polls) = 0;

  // Where frames for the guest go.
  void SetReceiver(std::function<void(Frame)> receiver) { receiver_ = std::move(receiver); }

 protected:
  void Receive(Frame frame) {
    if (receiver_) receiver_(frame);
  }

 private:
  std::function<void(Frame)> receiver_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_NETWORK_H_
