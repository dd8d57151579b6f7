#include "services/virtio_devices.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/failure.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/virtio/block.h"
#include "ucontrol/virtio/ccw_transport.h"
#include "ucontrol/virtio/net.h"
#include "ucontrol/virtio/rng.h"
#include "ucontrol/virtio/user_network.h"

namespace services {
namespace {

namespace virtio = ucontrol::virtio;
using DeviceOr = absl::StatusOr<std::unique_ptr<virtio::Device>>;

// A regular file that isn't reached through a link.
absl::StatusOr<int> OpenImage(const DiskDevice& disk) {
  const int access = disk.read_only ? O_RDONLY : O_RDWR;
  const std::string name = disk.path.substr(disk.path.rfind('/') + 1);
  const int fd = open(disk.path.c_str(), access | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return PreconditionNotMet("IMAGE_UNUSABLE", name,
                              absl::StrCat("can't be opened: ", std::strerror(errno)));
  }
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(fd);
    return PreconditionNotMet("IMAGE_UNUSABLE", name, "isn't a regular file");
  }
  // Two machines that write one image would destroy it.
  struct flock lock = {};
  lock.l_type = disk.read_only ? F_RDLCK : F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
    close(fd);
    return PreconditionNotMet("IMAGE_IN_USE", name, "is another machine's disk");
  }
  return fd;
}

DeviceOr MakeDisk(const DiskDevice& disk, const HostMemory* backing) {
  const absl::StatusOr<int> fd = backing ? backing->Duplicate() : OpenImage(disk);
  if (!fd.ok()) return fd.status();
  virtio::Block::Options options;
  options.read_only = disk.read_only;
  options.serial = disk.serial;
  auto block = virtio::Block::Create(*fd, options);
  if (!block.ok()) return block.status();
  return *std::move(block);
}

// A locally administered address that stays the machine's: from its UUID's last digits.
virtio::Net::MacAddress MacAddressOf(const MachinePlan& plan, const DevicePlan& device) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : plan.uuid + device.id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  virtio::Net::MacAddress address;
  for (size_t i = 0; i < address.size(); ++i) address[i] = static_cast<uint8_t>(hash >> (8 * i));
  address[0] = static_cast<uint8_t>((address[0] & 0xfc) | 0x02);
  return address;
}

DeviceOr MakeNetwork(const MachinePlan& plan, const DevicePlan& device,
                     const NetworkDevice& network) {
  virtio::UserNetwork::Options options;
  options.isolated = network.isolated;
  options.host_name = plan.name.substr(plan.name.find('/') + 1);
  auto user = virtio::UserNetwork::Create(options);
  if (!user.ok()) return user.status();
  for (const ForwardedPort& forward : network.forwards) {
    absl::Status added = (*user)->AddForward({.udp = forward.udp,
                                              .host_address = "127.0.0.1",
                                              .host_port = forward.host_port,
                                              .guest_port = forward.guest_port});
    if (!added.ok()) {
      return PreconditionNotMet("PORT_IN_USE", absl::StrCat("127.0.0.1:", forward.host_port),
                                std::string(added.message()));
    }
  }
  const virtio::Net::MacAddress address =
      network.mac_address ? *network.mac_address : MacAddressOf(plan, device);
  return std::make_unique<virtio::Net>(*std::move(user), address);
}

}  // namespace

absl::Status AttachDevice(ucontrol::Machine& machine, const MachinePlan& plan,
                          const DevicePlan& device, const HostMemory* backing,
                          std::shared_ptr<DeviceCounts> counts, uint16_t& next_number) {
  DeviceOr made = absl::InternalError("no kind of device");
  if (const auto* disk = std::get_if<DiskDevice>(&device.kind)) {
    made = MakeDisk(*disk, backing);
  } else if (const auto* network = std::get_if<NetworkDevice>(&device.kind)) {
    made = MakeNetwork(plan, device, *network);
  } else {
    made = std::make_unique<virtio::Rng>();
  }
  if (!made.ok()) return made.status();
  const auto is_taken = [&plan](uint16_t number) {
    return std::any_of(plan.devices.begin(), plan.devices.end(),
                       [number](const DevicePlan& other) { return other.device_number == number; });
  };
  uint16_t number;
  if (device.device_number) {
    number = *device.device_number;
  } else {
    while (is_taken(next_number)) ++next_number;
    number = next_number++;
  }
  auto* subsystem = machine.FindPart<ucontrol::ChannelSubsystem>();
  if (!subsystem || !virtio::CcwTransport::Attach(Counted(*std::move(made), std::move(counts)),
                                                  number, *subsystem, machine, machine)) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("device %s: no subchannel for number 0x%04x", device.id, number));
  }
  return absl::OkStatus();
}

}  // namespace services
