// load UCONTROLD IDLER TALKER HELLO: what the daemon does under load, and how much it takes.
//
// 1,000 machines are defined, 100 more run a guest that waits and 200 one that answers what is
// typed, and 200 clients with a connection each call at the same time; then a watch of everything
// by 100 clients, and the way from nothing to a guest's first output, beside qemu-system-s390x
// started by hand. The clients share the host's processors with the daemon.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/benchmarks/services/daemon.h"
#include "tests/benchmarks/services/measure.h"

extern char** environ;

namespace benchmark {
namespace {

constexpr int kClients = 200;
constexpr int kDefined = 1000;
constexpr int kAlone = 200;  // defined one by one before
constexpr int kRunning = 100;
constexpr int kTalkers = kClients;
constexpr int kWatchers = 100;
constexpr int kUpdates = 500;
constexpr int kBoots = 20;
constexpr uint64_t kStorage = 16 << 20;

using Clients = std::vector<std::unique_ptr<Client>>;

std::string Idle(int i) {
  return absl::StrCat("idle-", i % kRunning);
}

void Calls(int threads, int rounds, Clients& clients) {
  Measure("Get", threads, rounds, [&](int t, int) { clients[t]->Get(Idle(t)); });
  Measure("MapSegments", threads, rounds, [&](int t, int round) {
    clients[t]->Map(Idle(t), "memories/shared",
                    static_cast<uint64_t>(64 + round % 64 + 64 * (t / 100)) << 20);
  });
  Measure("InjectInterrupt", threads, rounds, [&](int t, int) { clients[t]->Inject(Idle(t)); });
}

void Echo(int threads, int rounds, Clients& clients) {
  std::vector<std::unique_ptr<Typist>> typists;
  for (int i = 0; i < threads; ++i) {
    typists.push_back(std::make_unique<Typist>(*clients[i], absl::StrCat("talker-", i)));
    typists.back()->Await("ready\n");
  }
  Measure("console echo", threads, rounds, [&](int t, int round) {
    const std::string text = absl::StrCat("<", t, ".", round, ">");
    typists[t]->Type(text);
    typists[t]->Await(text);
  });
}

void Watch(Clients& clients) {
  std::atomic<int> ready = 0;
  std::vector<std::thread> watchers;
  for (int i = 0; i < kWatchers; ++i) {
    watchers.emplace_back([&, i] {
      grpc::ClientContext context;
      v1::WatchEventsRequest request;
      const auto stream = clients[i]->events().WatchEvents(&context, request);
      v1::WatchEventsResponse response;
      stream->Read(&response);
      ++ready;
      for (int seen = 0; seen < kUpdates && stream->Read(&response);) seen += response.has_event();
      context.TryCancel();
      stream->Finish();
    });
  }
  while (ready < kWatchers) usleep(1000);
  const auto began = Clock::now();
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kUpdates / 4; ++i) {
        clients[kWatchers + w]->Label(absl::StrCat("defined-", w), absl::StrCat(i));
      }
    });
  }
  for (auto* threads : {&writers, &watchers}) {
    for (std::thread& thread : *threads) thread.join();
  }
  const double seconds = SecondsSince(began);
  std::printf("\n%d events to %d watchers: %.2f s, %.0f events/s made, %.0f events/s delivered\n",
              kUpdates, kWatchers, seconds, kUpdates / seconds, kUpdates * kWatchers / seconds);
}

// From the request to a guest's first output; the guest does that with its first instructions.
void FirstOutput(const std::string& hello, Client& client) {
  const v1::Image image = client.Upload("hello", hello);
  Measure("first output", 1, kBoots, [&](int, int round) {
    const std::string name = absl::StrCat("boot-", round);
    client.Create(name, kStorage, &image);
    client.Start(name);
    Typist(client, name).Await("Hello");
    client.Delete(name);
  });
}

void FirstOutputOfQemu(std::string hello) {
  Measure("qemu-system-s390x", 1, kBoots, [&](int, int) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::vector<std::string> words = {"qemu-system-s390x",
                                      "-M",
                                      "s390-ccw-virtio",
                                      "-m",
                                      "16",
                                      "-nodefaults",
                                      "-nographic",
                                      "-chardev",
                                      "stdio,id=c",
                                      "-device",
                                      "sclpconsole,chardev=c",
                                      "-kernel",
                                      hello};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int failure =
        posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    char first;
    if (failure != 0 || read(ends[0], &first, 1) != 1) std::puts("no output of qemu-system-s390x");
    close(ends[0]);
    if (failure != 0) return;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  });
}

void Run(char** arguments) {
  const Daemon daemon(arguments[1]);
  Clients clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(std::make_unique<Client>(daemon.address()));
  std::printf("%-18s %7s %10s %10s %10s\n", "call", "clients", "per s", "p50 ms", "p99 ms");

  Measure("Create", 1, kAlone,
          [&](int, int round) { clients[0]->Create(absl::StrCat("alone-", round), kStorage); });
  const uint64_t alone = daemon.ResidentBytes();
  Measure("Create", kClients, kDefined / kClients, [&](int t, int round) {
    clients[t]->Create(absl::StrCat("defined-", t + kClients * round), kStorage);
  });
  const uint64_t defined = daemon.ResidentBytes();
  const v1::Image idler = clients[0]->Upload("idler", arguments[2]);
  clients[0]->Upload("shared", arguments[2]);
  Measure("Create and Start", 1, kRunning, [&](int, int round) {
    clients[0]->Create(Idle(round), kStorage, &idler);
    clients[0]->Start(Idle(round));
  });
  sleep(1);
  const uint64_t running = daemon.ResidentBytes();
  const double before = daemon.CpuSeconds();
  sleep(5);
  const double idle = (daemon.CpuSeconds() - before) / 5;

  Calls(1, 500, clients);
  Calls(kClients, 50, clients);
  const v1::Image talker = clients[0]->Upload("talker", arguments[3]);
  for (int i = 0; i < kTalkers; ++i) {
    clients[0]->Create(absl::StrCat("talker-", i), kStorage, &talker);
    clients[0]->Start(absl::StrCat("talker-", i));
  }
  Echo(1, 200, clients);
  Echo(kTalkers, 25, clients);
  FirstOutput(arguments[4], *clients[0]);
  FirstOutputOfQemu(arguments[4]);
  Watch(clients);
  std::printf("%d defined machines: %.1f KiB each\n", kDefined,
              (defined - alone) / 1024.0 / kDefined);
  std::printf("%d idle machines of 16 MiB: %.0f KiB each, together %.1f %% of a processor\n",
              kRunning, (running - defined) / 1024.0 / kRunning, idle * 100);
}

}  // namespace
}  // namespace benchmark

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: load UCONTROLD IDLER TALKER HELLO\n");
    return 2;
  }
  benchmark::Run(argv);
  return 0;
}
