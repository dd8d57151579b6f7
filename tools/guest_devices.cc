#include "tools/guest_devices.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/virtio/balloon.h"
#include "ucontrol/virtio/block.h"
#include "ucontrol/virtio/ccw_transport.h"
#include "ucontrol/virtio/console_device.h"
#include "ucontrol/virtio/net.h"
#include "ucontrol/virtio/rng.h"
#include "ucontrol/virtio/tap_network.h"
#include "ucontrol/virtio/user_network.h"

ABSL_FLAG(std::vector<std::string>, disk, {}, "raw images, as virtio disks");
ABSL_FLAG(bool, net, false, "a network card on a network in this process, DHCP included");
ABSL_FLAG(bool, net_host, false, "let --net reach the host's loopback address as 10.0.2.2");
ABSL_FLAG(uint16_t, net_mtu, 16000, "of --net; a tap has 1500");
ABSL_FLAG(std::vector<std::string>, forward, {}, "HOST_PORT:GUEST_PORT, TCP, for --net");
ABSL_FLAG(std::string, tap, "", "a network card on this tap interface");
ABSL_FLAG(bool, rng, true, "an entropy source");
ABSL_FLAG(bool, balloon, true, "a memory balloon");
ABSL_FLAG(bool, hvc, false, "the console as a virtio console too (hvc0)");

namespace {

using namespace ucontrol::virtio;

class Attachment {
 public:
  explicit Attachment(ucontrol::Machine& machine) : machine_(machine) {}

  absl::Status Attach(absl::StatusOr<std::unique_ptr<Device>> device) {
    if (!device.ok()) return device.status();
    CcwTransport::Attach(*std::move(device), next_device_number_++,
                         *machine_.FindPart<ucontrol::ChannelSubsystem>(), machine_, machine_);
    return absl::OkStatus();
  }

  absl::Status AttachCard(std::unique_ptr<Network> network) {
    Net::MacAddress address{0x52, 0x54, 0, 0x12, 0x34, next_card_++};
    return Attach(std::make_unique<Net>(std::move(network), address));
  }

 private:
  ucontrol::Machine& machine_;
  uint16_t next_device_number_ = 0;
  uint8_t next_card_ = 0x56;
};

absl::Status AttachUserNetwork(Attachment& attachment) {
  auto network = UserNetwork::Create({.mtu = absl::GetFlag(FLAGS_net_mtu),
                                      .reaches_host_loopback = absl::GetFlag(FLAGS_net_host),
                                      .isolated = false,
                                      .host_name = "guest"});
  if (!network.ok()) return network.status();
  for (const std::string& text : absl::GetFlag(FLAGS_forward)) {
    const std::vector<std::string> ports = absl::StrSplit(text, ':');
    uint32_t host = 0, guest = 0;
    if (ports.size() != 2 || !absl::SimpleAtoi(ports[0], &host) ||
        !absl::SimpleAtoi(ports[1], &guest) || host > 65535 || guest > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("--forward ", text, " isn't PORT:PORT"));
    }
    UserNetwork::Forward forward;
    forward.host_port = static_cast<uint16_t>(host);
    forward.guest_port = static_cast<uint16_t>(guest);
    if (absl::Status status = (*network)->AddForward(forward); !status.ok()) return status;
  }
  return attachment.AttachCard(*std::move(network));
}

}  // namespace

absl::Status AttachGuestDevices(ucontrol::Machine& machine, ucontrol::Console& console) {
  Attachment attachment(machine);
  absl::Status status;
  for (const std::string& path : absl::GetFlag(FLAGS_disk)) {
    if (status.ok()) status = attachment.Attach(Block::Open(path, {}));
  }
  if (status.ok() && absl::GetFlag(FLAGS_net)) status = AttachUserNetwork(attachment);
  if (const std::string tap = absl::GetFlag(FLAGS_tap); status.ok() && !tap.empty()) {
    auto network = TapNetwork::Open(tap);
    if (!network.ok()) return network.status();
    status = attachment.AttachCard(*std::move(network));
  }
  if (status.ok() && absl::GetFlag(FLAGS_rng)) status = attachment.Attach(std::make_unique<Rng>());
  if (status.ok() && absl::GetFlag(FLAGS_balloon)) {
    status = attachment.Attach(std::make_unique<Balloon>(machine));
  }
  if (status.ok() && absl::GetFlag(FLAGS_hvc)) {
    status = attachment.Attach(std::make_unique<ConsoleDevice>(console));
  }
  return status;
}
