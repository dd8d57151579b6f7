// ucontrold: s390x virtual machines as gRPC services.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "hypervisor/core/software_device.h"
#include "hypervisor/linux/linux_device.h"
#include "services/access.h"
#include "services/address_spaces_service.h"
#include "services/configuration.h"
#include "services/console_log.h"
#include "services/consoles_service.h"
#include "services/daemons_service.h"
#include "services/events_service.h"
#include "services/fleet.h"
#include "services/gate.h"
#include "services/interrupts_service.h"
#include "services/local_machine_host.h"
#include "services/log.h"
#include "services/machines_service.h"
#include "services/memories_service.h"
#include "services/memory_store.h"
#include "services/metrics.h"
#include "services/operations_service.h"
#include "services/samples.h"
#include "services/server.h"
#include "services/supervisor.h"
#include "services/timetable.h"
#include "services/vcpus_service.h"
#include "services/version.h"

ABSL_FLAG(std::string, config, "", "configuration file: ucontrol.daemon.v1.Configuration as text");
ABSL_FLAG(std::string, state_directory, "", "where the registry is; /var/lib/ucontrol by default");
ABSL_FLAG(std::string, image_directory, "", "files that disks may name");
ABSL_FLAG(
    std::vector<std::string>, listen, {},
    "unix:PATH and tcp:ADDRESS:PORT, separated by commas, besides those of the configuration");
ABSL_FLAG(std::string, tls_certificate, "", "the server's certificate, PEM");
ABSL_FLAG(std::string, tls_key, "", "its key, PEM");
ABSL_FLAG(std::string, tls_client_authorities, "", "who signs clients' certificates, PEM");
ABSL_FLAG(bool, insecure, false, "tcp without TLS: anybody who reaches it is 'anonymous'");
ABSL_FLAG(std::string, metrics_address, "", "where Prometheus finds metrics, as 127.0.0.1:9464");
ABSL_FLAG(std::string, channelz_socket, "", "a unix socket for channelz");
ABSL_FLAG(std::string, engine, "", "what guests run on: software, interpreter, translator or kvm");
ABSL_FLAG(bool, version, false, "prints the version and ends");

namespace services {
namespace {

constexpr char kUsualState[] = "/var/lib/ucontrol";
constexpr char kUsualSocket[] = "/run/ucontrol/ucontrol.sock";
constexpr int kUsualDrainSeconds = 5;
constexpr int kTimetableThreads = 4;

int Fail(const absl::Status& status) {
  Log(Severity::kError, "ucontrold doesn't start", {{"detail", std::string(status.message())}});
  std::fprintf(stderr, "ucontrold: %s\n", std::string(status.message()).c_str());
  return 1;
}

absl::StatusOr<Configuration> EffectiveConfiguration() {
  Configuration configuration;
  if (const std::string path = absl::GetFlag(FLAGS_config); !path.empty()) {
    absl::StatusOr<Configuration> read = ReadConfiguration(path);
    if (!read.ok()) return read;
    configuration = *std::move(read);
  }
  const auto take = [](const std::string& flag, std::string* field) {
    if (!flag.empty()) *field = flag;
  };
  take(absl::GetFlag(FLAGS_state_directory), configuration.mutable_state_directory());
  take(absl::GetFlag(FLAGS_image_directory), configuration.mutable_image_directory());
  take(absl::GetFlag(FLAGS_metrics_address), configuration.mutable_metrics_address());
  take(absl::GetFlag(FLAGS_channelz_socket), configuration.mutable_channelz_socket());
  if (configuration.state_directory().empty()) configuration.set_state_directory(kUsualState);
  ucontrol::daemon::v1::Tls tls;
  tls.set_certificate_file(absl::GetFlag(FLAGS_tls_certificate));
  tls.set_key_file(absl::GetFlag(FLAGS_tls_key));
  tls.set_client_authorities_file(absl::GetFlag(FLAGS_tls_client_authorities));
  for (const std::string& text : absl::GetFlag(FLAGS_listen)) {
    auto listener = ParseListener(text, tls, absl::GetFlag(FLAGS_insecure));
    if (!listener.ok()) return listener.status();
    *configuration.add_listeners() = *std::move(listener);
  }
  if (const std::string name = absl::GetFlag(FLAGS_engine); !name.empty()) {
    ucontrol::daemon::v1::Engine engine;
    if (!ucontrol::daemon::v1::Engine_Parse("ENGINE_" + absl::AsciiStrToUpper(name), &engine)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--engine=", name, ": there are software, interpreter, translator and kvm"));
    }
    configuration.set_engine(engine);
  }
  if (configuration.listeners().empty()) {
    configuration.add_listeners()->mutable_unix()->set_path(kUsualSocket);
  }
  if (absl::Status checked = CheckConfiguration(configuration); !checked.ok()) return checked;
  return configuration;
}

absl::Status PrepareStateDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
}

// Each connection, memory and disk takes one.
void RaiseDescriptorLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<std::unique_ptr<MachineHost>> MakeHost(const Configuration& configuration) {
  hypervisor::SoftwareDevice::Options options;
  const char* name = "software";
  switch (configuration.engine()) {
    case ucontrol::daemon::v1::ENGINE_KVM:
      return std::make_unique<LocalMachineHost>(std::make_unique<hypervisor::LinuxDevice>(), "kvm");
    case ucontrol::daemon::v1::ENGINE_INTERPRETER:
      options.engine = hypervisor::MakeInterpreter;
      name = "interpreter";
      break;
    case ucontrol::daemon::v1::ENGINE_TRANSLATOR:
      options.engine = hypervisor::MakeTranslator;
      name = "translator";
      break;
    default:
      break;
  }
  return std::make_unique<LocalMachineHost>(std::make_unique<hypervisor::SoftwareDevice>(options),
                                            name);
}

void Apply(const Configuration& configuration, const Limits& limits, Access& access, Gate& gate,
           Fleet& fleet) {
  SetLogThreshold(LogThresholdOf(configuration));
  access.Replace(configuration.grants());
  gate.SetLimits(limits);
  fleet.SetLimits(limits);
}

// Until SIGTERM or SIGINT. SIGHUP reads the configuration again; once a second what is past its
// time is looked for.
void AwaitEnd(const sigset_t& signals, absl::FunctionRef<void()> reload,
              absl::FunctionRef<void()> tick) {
  while (true) {
    const timespec second = {1, 0};
    switch (sigtimedwait(&signals, nullptr, &second)) {
      case SIGTERM:
      case SIGINT:
        return;
      case SIGHUP:
        reload();
        break;
      default:
        tick();
    }
  }
}

int Serve(const sigset_t& signals) {
  absl::StatusOr<Configuration> configuration = EffectiveConfiguration();
  if (!configuration.ok()) return Fail(configuration.status());
  const Limits limits = LimitsOf(configuration->limits());
  absl::Status prepared = PrepareStateDirectory(configuration->state_directory());
  if (!prepared.ok()) return Fail(prepared);
  auto registry =
      Registry::Open(configuration->state_directory() + "/registry.sqlite", limits.events);
  if (!registry.ok()) return Fail(registry.status());
  auto host = MakeHost(*configuration);
  if (!host.ok()) return Fail(host.status());

  Metrics metrics;
  Budget budget;
  Access access;
  UnixPeers peers;
  std::atomic<bool> draining = false;
  ConsoleLogs consoles(static_cast<size_t>(limits.console_bytes));
  Operations operations(**registry);
  Timetable timetable(kTimetableThreads);
  Gate gate(access, peers, **registry, metrics);
  Fleet fleet({**registry, **host, budget, consoles, operations, timetable, metrics,
               configuration->image_directory()});
  MemoryStore store(**registry, **host, budget, fleet);
  (*host)->SetListener(&fleet);
  Apply(*configuration, limits, access, gate, fleet);

  MachinesService machines(gate, **registry, fleet);
  MemoriesService memories(gate, **registry, store);
  VcpusService vcpus(gate, **registry, **host, store, fleet, draining);
  AddressSpacesService address_spaces(gate, **registry, **host, store);
  InterruptsService interrupts(gate, **registry, **host);
  ConsolesService consoles_service(gate, **registry, **host, consoles, draining);
  EventsService events(gate, (*registry)->events(), draining);
  OperationsService operations_service(gate, **registry, operations);
  DaemonsService daemons(gate, fleet, **host);

  metrics.SetSampler([&] { return TakeSamples(**registry, **host, budget); });
  if (!configuration->metrics_address().empty()) {
    absl::Status serving = metrics.Serve(configuration->metrics_address());
    if (!serving.ok()) return Fail(serving);
  }
  namespace v1 = ucontrol::v1;
  const std::vector<OfferedService> offered = {
      {v1::Machines::service_full_name(), &machines},
      {v1::Memories::service_full_name(), &memories},
      {v1::Vcpus::service_full_name(), &vcpus},
      {v1::AddressSpaces::service_full_name(), &address_spaces},
      {v1::Interrupts::service_full_name(), &interrupts},
      {v1::Consoles::service_full_name(), &consoles_service},
      {v1::Events::service_full_name(), &events},
      {google::longrunning::Operations::service_full_name(), &operations_service},
      {v1::Daemons::service_full_name(), &daemons},
  };
  auto server = Server::Start(*configuration, limits, offered, peers);
  if (!server.ok()) return Fail(server.status());
  Log(Severity::kInfo, "serving",
      {{"version", kVersion},
       {"engine", (*host)->engine()},
       {"machines", static_cast<int64_t>((*registry)->Count<Registry::Machine>())},
       {"port", (*server)->port()}});
  TellSupervisor("READY=1");

  std::atomic<bool> sweeping = false;
  AwaitEnd(
      signals,
      [&] {
        TellSupervisor("RELOADING=1");
        absl::StatusOr<Configuration> changed = EffectiveConfiguration();
        if (changed.ok()) {
          Apply(*changed, LimitsOf(changed->limits()), access, gate, fleet);
          Log(Severity::kInfo, "configuration reloaded");
        } else {
          Log(Severity::kError, "configuration not reloaded",
              {{"detail", std::string(changed.status().message())}});
        }
        TellSupervisor("READY=1");
      },
      [&] {
        if (sweeping.exchange(true)) return;
        timetable.Soon([&] {
          fleet.Expire();
          store.Expire();
          operations.Trim();
          sweeping = false;
        });
      });

  TellSupervisor("STOPPING=1");
  Log(Severity::kInfo, "draining");
  draining = true;
  (*registry)->events().Interrupt();
  const int patience = configuration->drain_seconds();
  (*server)->Drain(std::chrono::seconds(patience > 0 ? patience : kUsualDrainSeconds),
                   [&gate] { return gate.idle(); });
  timetable.Stop();
  fleet.TurnAllOff();
  metrics.SetSampler(nullptr);
  Log(Severity::kInfo, "ended");
  return 0;
}

}  // namespace
}  // namespace services

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("s390x virtual machines as gRPC services");
  absl::ParseCommandLine(argc, argv);
  if (absl::GetFlag(FLAGS_version)) {
    std::printf("ucontrold %s\n", services::kVersion);
    return 0;
  }
  signal(SIGPIPE, SIG_IGN);
  // Blocked before there is any other thread, so that only AwaitEnd takes them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  services::RaiseDescriptorLimit();
  return services::Serve(signals);
}
