#ifndef TESTS_UCONTROL_VIRTIO_HOST_SOCKET_H_
#define TESTS_UCONTROL_VIRTIO_HOST_SOCKET_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace ucontrol::virtio {

// A socket on the host's loopback address, at a port that the host picks.
class HostSocket {
 public:
  explicit HostSocket(int type) : fd_(socket(AF_INET, type, 0)) {
    sockaddr_in address = Loopback(0);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    socklen_t length = sizeof(address);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~HostSocket() { close(fd_); }

  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  int fd() const { return fd_; }
  uint16_t port() const { return port_; }

 private:
  const int fd_;
  uint16_t port_ = 0;
};

}  // namespace ucontrol::virtio

#endif  // TESTS_UCONTROL_VIRTIO_HOST_SOCKET_H_
