// A network of one guest that lives in our process: libslirp gives it an address by DHCP, resolves
// names, and makes sockets of ours out of its connections.
#ifndef UCONTROL_VIRTIO_USER_NETWORK_H_
#define UCONTROL_VIRTIO_USER_NETWORK_H_

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ucontrol/virtio/network.h"

struct Slirp;

namespace ucontrol::virtio {

// 10.0.2.0/24: the guest is 10.0.2.15, the host 10.0.2.2, the name server 10.0.2.3.
class UserNetwork final : public Network {
 public:
  struct Options {
    // Up to 65520. Few large packets cost an emulated guest much less than many small ones.
    uint16_t mtu = 16000;
    // 10.0.2.2 is the host's own loopback address: what listens only there can be reached.
    bool reaches_host_loopback = false;
    // No connections out of the network at all, only forwarded ones into it.
    bool isolated = false;
    std::string host_name;  // what DHCP calls the guest
  };

  // A port of the host that leads to one of the guest.
  struct Forward {
    bool udp = false;
    std::string host_address = "127.0.0.1";
    uint16_t host_port = 0;
    uint16_t guest_port = 0;
  };

  static absl::StatusOr<std::unique_ptr<UserNetwork>> Create(const Options& options);
  ~UserNetwork() override;

  // Any thread. INVALID_ARGUMENT: no such address; UNAVAILABLE: the host's port is taken.
  absl::Status AddForward(const Forward& forward);
  absl::Status RemoveForward(const Forward& forward);

  uint16_t mtu() const override { return options_.mtu; }
  bool checksums_are_good() const override { return true; }
  void Send(Frame frame) override;
  void AddPolls(std::vector<pollfd>& polls, int& timeout) override;
  void Serve(std::span<const pollfd> polls) override;

 private:
  struct Callbacks;
  struct Timer;

  explicit UserNetwork(const Options& options);
  void ServeTimers();
  void Wake();

  const Options options_;
  const int wake_fd_;
  std::mutex mutex_;  // libslirp is for one thread at a time
  std::list<Timer> timers_;
  Slirp* slirp_ = nullptr;
  std::vector<pollfd>* filling_ = nullptr;  // while libslirp adds its descriptors ...
  size_t first_ = 0;                        // ... whose indices count from here
  std::span<const pollfd> polled_;          // while it asks what became of them
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_USER_NETWORK_H_
