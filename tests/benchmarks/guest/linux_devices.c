// /init of a Linux guest that moves data through its disk and its network card, each way for some
// seconds. For each way it prints a name, how much (bytes, or operations), and the microseconds of
// the guest's clock; then it ends the machine. Its argument is the host's TCP port.
//
// Each block of the disk begins with its number, and whoever reads it checks that.
#define _GNU_SOURCE  // O_DIRECT
#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { kBlock = 4096, kPiece = 1 << 20, kBlocksInPiece = kPiece / kBlock };

static const long kLongEnough = 3000000;  // microseconds
static char* piece;                       // aligned, kPiece bytes
static int disk, connection;
static uint64_t blocks;
static const char* port;

static void Fail(const char* what) {
  perror(what);
  reboot(RB_POWER_OFF);
  _exit(1);
}

static long Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void WriteBlocks(uint64_t first, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) memcpy(piece + i * kBlock, &(uint64_t){first + i}, 8);
  const ssize_t length = (ssize_t)(count * kBlock);
  if (pwrite(disk, piece, count * kBlock, (off_t)(first * kBlock)) != length) Fail("pwrite");
}

static void ReadBlocks(uint64_t first, uint64_t count) {
  const ssize_t length = (ssize_t)(count * kBlock);
  for (uint64_t i = 0; i < count; ++i) memset(piece + i * kBlock, 0xff, 8);
  if (pread(disk, piece, count * kBlock, (off_t)(first * kBlock)) != length) Fail("pread");
  for (uint64_t i = 0; i < count; ++i) {
    if (memcmp(piece + i * kBlock, &(uint64_t){first + i}, 8) != 0) Fail("another block");
  }
}

static uint64_t NextPiece(void) {
  static uint64_t next;
  const uint64_t at = next;
  next = (next + kBlocksInPiece) % blocks;
  return at;
}

static uint64_t RandomBlock(void) {
  static uint64_t state = 88172645463325252;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % blocks;
}

// What the disk has been given is on it, and nothing of that is left to be done.
static void Settle(void) {
  if (fsync(disk)) Fail("fsync");
}

static uint64_t WritePiece(void) {
  WriteBlocks(NextPiece(), kBlocksInPiece);
  return kPiece;
}

static uint64_t ReadPiece(void) {
  ReadBlocks(NextPiece(), kBlocksInPiece);
  return kPiece;
}

static uint64_t WriteDurably(void) {
  WriteBlocks(RandomBlock(), 1);
  Settle();
  return 1;
}

static uint64_t ReadAnywhere(void) {
  ReadBlocks(RandomBlock(), 1);
  return 1;
}

// The first byte says what the host shall do: send, or receive and then say how much.
static void Connect(char wish) {
  struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  inet_pton(AF_INET, "10.0.2.2", &host.sin_addr);
  connection = socket(AF_INET, SOCK_STREAM, 0);
  if (connection < 0 || connect(connection, (struct sockaddr*)&host, sizeof(host))) Fail("connect");
  if (write(connection, &wish, 1) != 1) Fail("write");
}

static void ConnectToSend(void) {
  Connect('r');
}

static void ConnectToReceive(void) {
  Connect('s');
}

static uint64_t Send(void) {
  const ssize_t sent = write(connection, piece, kPiece);
  if (sent <= 0) Fail("write");
  return (uint64_t)sent;
}

static uint64_t Receive(void) {
  const ssize_t received = read(connection, piece, kPiece);
  if (received <= 0) Fail("read");
  return (uint64_t)received;
}

// Waits until the host has all of it.
static void Deliver(uint64_t sent) {
  uint64_t received;
  shutdown(connection, SHUT_WR);
  if (recv(connection, &received, sizeof(received), MSG_WAITALL) != sizeof(received)) Fail("recv");
  if (be64toh(received) != sent) Fail("less than was sent");
  close(connection);
}

struct Way {
  const char* name;
  void (*begin)(void);       // not measured
  uint64_t (*step)(void);    // how much it moved
  void (*finish)(uint64_t);  // measured; of how much
  uint64_t least;
};

static void Measure(const struct Way* way) {
  if (way->begin) way->begin();
  uint64_t amount = 0;
  const long start = Now();
  while (Now() - start < kLongEnough || amount < way->least) amount += way->step();
  if (way->finish) way->finish(amount);
  printf("path %s %llu %ld\n", way->name, (unsigned long long)amount, Now() - start);
  fflush(stdout);
}

static void OpenDisk(void) {
  mkdir("/dev", 0700);
  if (mount("dev", "/dev", "devtmpfs", 0, NULL)) Fail("devtmpfs");
  disk = open("/dev/vda", O_RDWR | O_DIRECT);
  if (disk < 0) Fail("/dev/vda");
  const off_t size = lseek(disk, 0, SEEK_END);
  if (size < kPiece || size % kPiece != 0) Fail("the disk's size");
  blocks = (uint64_t)size / kBlock;
}

static void StartNetwork(void) {
  const int control = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq card = {.ifr_name = "eth0"};
  struct sockaddr_in* address = (struct sockaddr_in*)&card.ifr_addr;
  address->sin_family = AF_INET;
  inet_pton(AF_INET, "10.0.2.15", &address->sin_addr);
  if (control < 0 || ioctl(control, SIOCSIFADDR, &card)) Fail("the card's address");
  inet_pton(AF_INET, "255.255.255.0", &address->sin_addr);
  if (ioctl(control, SIOCSIFNETMASK, &card)) Fail("the card's netmask");
  card.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(control, SIOCSIFFLAGS, &card)) Fail("the card's flags");
  close(control);
}

int main(int argc, char** argv) {
  if (argc != 2) Fail("the argument");
  port = argv[1];
  if (posix_memalign((void**)&piece, kBlock, kPiece)) Fail("memory");
  memset(piece, 0x5a, kPiece);
  OpenDisk();
  StartNetwork();
  // The first one writes all that the others read.
  const struct Way kWays[] = {{"disk-write", NULL, WritePiece, NULL, blocks * kBlock},
                              {"disk-read", Settle, ReadPiece, NULL, 0},
                              {"disk-random-read", NULL, ReadAnywhere, NULL, 0},
                              {"disk-random-write", NULL, WriteDurably, NULL, 0},
                              {"net-send", ConnectToSend, Send, Deliver, 0},
                              {"net-receive", ConnectToReceive, Receive, NULL, 0}};
  for (size_t i = 0; i < sizeof(kWays) / sizeof(kWays[0]); ++i) Measure(&kWays[i]);
  reboot(RB_POWER_OFF);
  return 0;
}
