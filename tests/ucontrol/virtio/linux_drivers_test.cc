// The devices as Linux's own drivers use them.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/ucontrol/linux/linux_guest.h"
#include "tests/ucontrol/virtio/host_socket.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/virtio/balloon.h"
#include "ucontrol/virtio/block.h"
#include "ucontrol/virtio/ccw_transport.h"
#include "ucontrol/virtio/console_device.h"
#include "ucontrol/virtio/net.h"
#include "ucontrol/virtio/rng.h"
#include "ucontrol/virtio/user_network.h"

namespace ucontrol::virtio {
namespace {

constexpr absl::Duration kBoot = absl::Seconds(50);
constexpr absl::Duration kCommand = absl::Seconds(40);

class LinuxDriversTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasGuestFile("small-kernel") || !HasGuestFile("initramfs")) {
      GTEST_SKIP() << "tools/small-kernel and tools/debian-guest haven't run";
    }
  }
  // Boots with these devices, one after the other: each a device, or what makes one for a machine.
  template <typename... Made>
  void Boot(uint16_t cpus, Made... made) {
    LinuxGuest::Options options;
    options.cpus = cpus;
    options.attach = [&](Machine& machine) {
      uint16_t number = 0;
      (CcwTransport::Attach(DeviceFor(machine, made), number++,
                            *machine.FindPart<ChannelSubsystem>(), machine, machine),
       ...);
      return absl::OkStatus();
    };
    const absl::Status started = guest_.Start(options);
    ASSERT_TRUE(started.ok()) << started;
    ASSERT_TRUE(guest_.Await("/ # ", kBoot)) << guest_.transcript() << guest_.crash();
  }
  void Ask(std::string_view question, std::string_view answer) {
    guest_.Type(question);
    guest_.Type("\n");
    EXPECT_TRUE(guest_.Await(answer, kCommand)) << guest_.transcript() << guest_.crash();
    EXPECT_TRUE(guest_.Await("/ # ", kCommand)) << guest_.transcript();
  }
  void Do(std::string_view command) { Ask(std::string(command) + "; echo do''ne $?", "done 0"); }

  template <typename Made>
  static std::unique_ptr<Device> DeviceFor(Machine& machine, Made& made) {
    if constexpr (std::is_invocable_v<Made, Machine&>) {
      return made(machine);
    } else {
      return std::move(made);
    }
  }

  Console second_;  // outlives the machine
  LinuxGuest guest_;
};

class LinuxDiskTest : public LinuxDriversTest {
 protected:
  LinuxDiskTest() : path_(testing::TempDir() + "/linux-disk" + std::to_string(getpid())) {
    std::ofstream(path_).close();
    EXPECT_EQ(truncate(path_.c_str(), 32 << 20), 0);
  }
  ~LinuxDiskTest() override { unlink(path_.c_str()); }

  std::unique_ptr<Device> Open(bool read_only = false) {
    Block::Options options;
    options.read_only = read_only;
    options.serial = "a-serial";
    return *Block::Open(path_, options);
  }

  const std::string path_;
};

TEST_F(LinuxDiskTest, WritesWhatTheHostReads) {
  Boot(1, Open());
  Ask("cat /sys/block/vda/serial", "a-serial");
  Ask("cat /sys/block/vda/size", "\n65536\r\n");
  Do("yes ucontrol | head -c 4096 >/p && dd if=/p of=/dev/vda bs=4k seek=3 conv=fsync");
  std::ifstream file(path_, std::ios::binary);
  file.seekg(3 * 4096);
  std::string bytes(18, '\0');
  file.read(bytes.data(), 18);
  EXPECT_EQ(bytes, "ucontrol\nucontrol\n");
}

TEST_F(LinuxDiskTest, HoldsAFileSystemThatTwoCpusFill) {
  Boot(2, Open());
  Do("mke2fs -q /dev/vda && mkdir /m && mount -t ext4 /dev/vda /m");
  Do("cp /bin/busybox /m/a; cp /m/a /m/b & cp /m/a /m/c; wait");
  Do("sync && umount /m && echo 3 >/proc/sys/vm/drop_caches && mount -t ext4 /dev/vda /m");
  Do("cmp /bin/busybox /m/b && cmp /m/a /m/c");
}

TEST_F(LinuxDiskTest, StandsBesideOthers) {
  const int file = memfd_create("disk", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(file, 8 << 20), 0);
  Block::Options options;
  options.serial = "in-memory";
  auto memory = Block::Create(file, options);
  ASSERT_TRUE(memory.ok()) << memory.status();
  Boot(2, Open(), *std::move(memory));
  // Linux names them as it finds them.
  Do("m=/dev/$(grep -l in-memory /sys/block/vd?/serial | cut -d/ -f4)");
  Do("f=/dev/$(grep -l a-serial /sys/block/vd?/serial | cut -d/ -f4)");
  Do("yes one | head -c 524288 >/p; yes other | head -c 524288 >/q");
  Do("dd if=/p of=$m bs=64k & dd if=/q of=$f bs=64k conv=fsync; wait");
  Do("sync && echo 3 >/proc/sys/vm/drop_caches");
  Do("head -c 524288 $m | cmp - /p && head -c 524288 $f | cmp - /q");
}

TEST_F(LinuxDiskTest, CannotBeWrittenIfItIsReadOnly) {
  Boot(1, Open(/*read_only=*/true));
  Ask("cat /sys/block/vda/ro", "\n1\r\n");
  Ask("dd if=/dev/zero of=/dev/vda bs=512 count=1 || echo ref''used", "refused");
}

TEST_F(LinuxDriversTest, ReachesServersOnTheHostAndServesOnAForwardedPort) {
  auto network = UserNetwork::Create({.reaches_host_loopback = true, .host_name = ""});
  ASSERT_TRUE(network.ok());
  HostSocket server(SOCK_STREAM);
  listen(server.fd(), 1);
  UserNetwork::Forward forward;
  forward.host_port = HostSocket(SOCK_STREAM).port();
  forward.guest_port = 7;
  ASSERT_TRUE((*network)->AddForward(forward).ok());
  Boot(1, std::make_unique<Net>(std::move(*network), Net::MacAddress{2, 0, 0, 0, 0, 1}));
  Do("ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up");

  std::thread served([&] {
    const int connection = accept(server.fd(), nullptr, nullptr);
    const std::string megabyte(1 << 20, 'u');
    for (size_t sent = 0; sent < megabyte.size();) {
      const ssize_t part = write(connection, &megabyte[sent], megabyte.size() - sent);
      if (part <= 0) break;
      sent += static_cast<size_t>(part);
    }
    close(connection);
  });
  Ask(absl::StrCat("nc 10.0.2.2 ", server.port(), " </dev/null | md5sum"),
      "46446b9d2859e681f74714f4a56457d4");
  served.join();

  guest_.Type("echo wel''come | nc -l -p 7\n");
  std::string text;
  // The guest's listener may not be there at first.
  for (int attempt = 0; attempt < 100 && text.empty(); ++attempt) {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    const timeval patience{2, 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const sockaddr_in address = HostSocket::Loopback(forward.host_port);
    char bytes[64];
    ssize_t length = 0;
    if (connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      while ((length = read(client, bytes, sizeof(bytes))) > 0) {
        text.append(bytes, static_cast<size_t>(length));
        if (text.ends_with("\n")) break;
      }
    }
    close(client);
    if (text.empty()) absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_EQ(text, "welcome\n") << guest_.transcript();
}

TEST_F(LinuxDriversTest, DrawsRandomBytes) {
  Boot(1, std::make_unique<Rng>());
  Ask("head -c 5000 /dev/hwrng | wc -c", "\n5000\r\n");
}

bool Holds(const Balloon& balloon, uint32_t pages) {
  const absl::Time end = absl::Now() + kCommand;
  while (balloon.actual() != pages && absl::Now() < end) absl::SleepFor(absl::Milliseconds(10));
  return balloon.actual() == pages;
}

TEST_F(LinuxDriversTest, GivesStorageBackAndTakesItAgain) {
  Balloon* balloon = nullptr;
  Boot(1, [&](Machine& machine) {
    auto made = std::make_unique<Balloon>(machine);
    balloon = made.get();
    return made;
  });
  constexpr uint32_t kPages = 64 << 8;  // 64 MiB
  Do("free() { grep MemFree /proc/meminfo | tr -dc 0-9; }; before=$(free)");
  balloon->SetTarget(kPages);
  EXPECT_TRUE(Holds(*balloon, kPages)) << balloon->actual();
  Do("test $((before - $(free))) -gt 60000");
  balloon->SetTarget(0);
  EXPECT_TRUE(Holds(*balloon, 0)) << balloon->actual();
  // What it took again is storage like any other.
  Do("dd if=/dev/zero of=/filled bs=64k count=1500");
  Ask("md5sum /filled", "36b12b279075aad00d96eadd6a559254");
}

TEST_F(LinuxDriversTest, TalksOverASecondConsole) {
  Boot(1, std::make_unique<ConsoleDevice>(second_));
  Do("echo over >/dev/hvc0");
  const auto output = second_.OpenReader(0)->Read(100, absl::Now() + kCommand);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->characters.substr(0, 4), "over");
  guest_.Type("read word </dev/hvc0; echo he''ard $word\n");
  (*second_.OpenWriter())->Write("you\n", absl::Now() + kCommand);
  EXPECT_TRUE(guest_.Await("heard you", kCommand)) << guest_.transcript();
}

}  // namespace
}  // namespace ucontrol::virtio
