// The verbs of ucctl.
#include <array>

#include "absl/strings/str_cat.h"
#include "services/cli/verb.h"
#include "services/cli/verbs_console.h"
#include "services/cli/verbs_daemon.h"
#include "services/cli/verbs_machines.h"
#include "services/cli/verbs_storage.h"
#include "services/cli/verbs_vcpus.h"

namespace services::cli {
namespace {

constexpr Option kShared[] = {
    {"address", "ADDRESS", "unix:PATH or HOST:PORT of the daemon (UCONTROL_ADDRESS)"},
    {"tls-ca", "FILE", "who signs the daemon's certificate, PEM (UCONTROL_TLS_CA)"},
    {"tls-cert", "FILE", "your certificate, PEM (UCONTROL_TLS_CERT)"},
    {"tls-key", "FILE", "its key, PEM (UCONTROL_TLS_KEY)"},
    {"tls-server-name", "NAME", "what the daemon's certificate says, if not the host"},
    {"insecure", nullptr, "TCP without TLS"},
    {"output", "FORMAT", "table, json or name; -o for short"},
    {"help", nullptr, "what a verb does"},
};

#define SERVICES_DEFINITION                                                                       \
  {"kernel", "FILE", "a Linux kernel, an ELF program or an image of absolute storage"},           \
      {"initrd", "FILE", "initial RAM disk"}, {"append", "TEXT", "command line"},                 \
      {"disk", "FILE|image:NAME[,ro]",                                                            \
       "a disk: a copy of a file of yours, or an image of the daemon's"},                         \
      {"net", nullptr, "a network card with a way out"},                                          \
      {"port", "[udp:]HOST:GUEST", "a port of the daemon's host that leads to a guest's"},        \
      {"cpus", "N", "vCPUs; 1"},                                                                  \
      {"memory", "SIZE", "storage, as 512M; that is what it is if absent"},                       \
      {"name", "NAME", "the machine's; a random one if absent"},                                  \
      {"title", "TEXT", "what people, and STSI, call it"}, {"label", "KEY=VALUE", "for filters"}, \
  {                                                                                               \
    "ttl", "TIME", "deletes it after so long, as 2h"                                              \
  }

constexpr Option kRun[] = {
    SERVICES_DEFINITION,
    {"keep", nullptr, "keeps the machine when it stops"},
    {"rm", nullptr, "deletes the machine when it stops, which is usual"},
    {"detach", nullptr, "starts it, prints its name and leaves it running"},
};
constexpr Option kCreate[] = {
    SERVICES_DEFINITION,
    {"client-monitor", nullptr, "interceptions go to a client of Vcpus.Run"},
    {"request-id", "ID", "does it once, however often it is asked for"},
    {"check", nullptr, "looks whether it would work, and changes nothing"},
};
constexpr Option kStart[] = {{"paused", nullptr, "holds it before the first instruction"}};
constexpr Option kList[] = {{"filter", "FILTER", "as 'state = RUNNING AND labels.env = \"ci\"'"}};
constexpr Option kPause[] = {{"keep-clocks", nullptr, "the guest sees that time has passed"}};
constexpr Option kStop[] = {{"time", "TIME", "how long the guest may take; 30s"},
                            {"force", nullptr, "turns it off at once"}};
constexpr Option kRemove[] = {{"force", nullptr, "also if it runs"}};
constexpr Option kConsole[] = {{"read-only", nullptr, "watches"},
                               {"steal", nullptr, "takes the keyboard from whoever has it"},
                               {"scroll-back", "SIZE", "earlier output to show first; 4K"}};
constexpr Option kLogs[] = {{"follow", nullptr, "waits for more; -f for short"}};
constexpr Option kMap[] = {{"cpu", "N", "for this vCPU alone; for all if absent"},
                           {"offset", "SIZE", "where in the memory to begin; 0"}};
constexpr Option kCpu[] = {{"cpu", "N", "this vCPU"}};
constexpr Option kMemory[] = {{"offset", "SIZE", "the first byte; 0"},
                              {"length", "SIZE", "how many; to the end if absent"},
                              {"file", "FILE", "instead of standard input or output"},
                              {"hex", nullptr, "shows bytes and characters"}};
constexpr Option kEvents[] = {{"from", "REVISION", "begins with what happened then"},
                              {"filter", "FILTER", "as 'kind = MACHINE_STATE_CHANGED'"},
                              {"count", "N", "ends after so many"}};

constexpr auto kVerbs = std::to_array<Verb>({
    {"run", "--kernel FILE", "creates a machine, boots it, and puts you at its console",
     "Uploads the files, boots, and connects the terminal or the pipe with the console. When the "
     "guest has stopped the machine is deleted, and the guest's status is the exit code: what it "
     "printed as 'ucontrol.run: status N', or else 0 for a power off and 1 to 255 for a crash. "
     "Control-] is the escape key. A machine whose ucctl died is deleted five minutes later. 125 "
     "means that there was no guest to have a status.",
     "ucctl run --kernel vmlinuz --initrd initrd.img --append 'console=ttyS0' --memory 1G --cpus 2",
     kRun, RunVerb, false},
    {"create", "[NAME]", "defines a machine and uploads what it boots",
     "Nothing runs before 'ucctl start'.",
     "ucctl create web --kernel vmlinuz --initrd initrd.img --memory 2G --net --port 8080:80",
     kCreate, CreateVerb, false},
    {"start", "MACHINE...", "starts machines", "Boots them, or those that crashed, anew.",
     "ucctl start web", kStart, StartVerb, true},
    {"ls", "", "lists machines", "All that you may see.",
     "ucctl ls --filter 'state = RUNNING' -o json", kList, ListVerb, false},
    {"ps",
     "",
     "lists machines that are active",
     "As 'ls', without those that don't run.",
     "ucctl ps",
     {},
     ProcessesVerb,
     false},
    {"show",
     "MACHINE",
     "tells all about a machine",
     "Its definition, state, and how it stopped.",
     "ucctl show web -o json",
     {},
     ShowVerb,
     true},
    {"console", "MACHINE", "puts you at a machine's console",
     "Control-] is the escape key: d detaches, x turns the machine off, ? tells more.",
     "ucctl console web", kConsole, ConsoleVerb, true},
    {"pause", "MACHINE...", "holds machines between two instructions",
     "The guest's clocks stand still meanwhile.", "ucctl pause web", kPause, PauseVerb, true},
    {"resume",
     "MACHINE...",
     "lets held machines go on",
     "Also behind a breakpoint.",
     "ucctl resume web",
     {},
     ResumeVerb,
     true},
    {"reset",
     "MACHINE...",
     "resets machines, which boot again",
     "As the operator's load key.",
     "ucctl reset web",
     {},
     ResetVerb,
     true},
    {"stop", "MACHINE...", "shuts machines down, or turns them off",
     "Asks the guest first, and turns it off if it doesn't stop in time.",
     "ucctl stop web --time 2m", kStop, StopVerb, true},
    {"rm", "MACHINE...", "deletes machines", "With the memories that were uploaded for them.",
     "ucctl rm web --force", kRemove, RemoveVerb, true},
    {"map", "MACHINE MEMORY ADDRESS LENGTH", "maps 1 MiB segments of a memory (UCAS_MAP)",
     "For one vCPU or all; replaces what was mapped there.",
     "ucctl map web shared 0x40000000 16M --cpu 1", kMap, MapVerb, true},
    {"unmap", "MACHINE ADDRESS LENGTH", "takes segments away (UCAS_UNMAP)", "For one vCPU or all.",
     "ucctl unmap web 0x40000000 16M", kCpu, UnmapVerb, true},
    {"mappings", "MACHINE", "lists what a vCPU sees where", "vCPU 0 if none is named.",
     "ucctl mappings web --cpu 1", kCpu, MappingsVerb, true},
    {"inject", "MACHINE KIND [FIELD=VALUE...]", "makes an interruption pending",
     "Floating, or local to a vCPU with --cpu. Kinds and fields are those of "
     "ucontrol.v1.Interrupt.",
     "ucctl inject web external_call source_cpu_address=0 --cpu 1", kCpu, InjectVerb, true},
    {"regs", "MACHINE", "shows registers", "Of all vCPUs, or of one.", "ucctl regs web --cpu 0",
     kCpu, RegistersVerb, true},
    {"mem", "ls|create|rm|read|write [MEMORY] [SIZE]", "memories and their bytes",
     "machines/NAME stands for the storage of a machine, by absolute address.",
     "ucctl mem create shared 64M\nucctl mem write shared --file data.bin --offset 1M\n"
     "ucctl mem read machines/web --offset 0x10000 --length 64 --hex\nucctl mem rm shared",
     kMemory, MemoryVerb, false},
    {"logs", "MACHINE", "prints what a machine has printed", "As far as it is kept.",
     "ucctl logs web --follow", kLogs, LogsVerb, true},
    {"events", "[MACHINE]", "prints what happens, as it happens",
     "Each event has a revision, from which --from goes on later.",
     "ucctl events --filter 'kind = MACHINE_STATE_CHANGED' -o json", kEvents, EventsVerb, true},
    {"version",
     "",
     "versions, and who the daemon takes you for",
     "",
     "ucctl version",
     {},
     VersionVerb,
     false},
});

}  // namespace

std::span<const Verb> Verbs() {
  return kVerbs;
}

std::span<const Option> SharedOptions() {
  return kShared;
}

absl::StatusOr<Client*> Invocation::client() {
  if (!client_) {
    absl::StatusOr<std::unique_ptr<Client>> connected = Client::Connect(endpoint_);
    if (!connected.ok()) return connected.status();
    client_ = *std::move(connected);
  }
  return client_.get();
}

absl::StatusOr<std::string> Invocation::Machine(size_t word) const {
  const std::string name = arguments_.word(word);
  if (name.empty()) return absl::InvalidArgumentError("the machine's name is missing");
  return MachineName(name);
}

absl::StatusOr<std::string> Invocation::Memory(size_t word) const {
  const std::string name = arguments_.word(word);
  if (name.empty()) return absl::InvalidArgumentError("the memory's name is missing");
  return MemoryName(name);
}

std::string MachineName(const std::string& word) {
  return word.starts_with("machines/") ? word : absl::StrCat("machines/", word);
}

std::string MemoryName(const std::string& word) {
  return word.starts_with("memories/") ? word : absl::StrCat("memories/", word);
}

std::string ShortName(const std::string& name) {
  return name.substr(name.find('/') + 1);
}

}  // namespace services::cli
