// boot_guest --kernel FILE [--initrd FILE] [--append TEXT] [--memory MIB] [--cpus N] [--disk
// FILE,...] [--net], and more devices: tools/guest_devices.cc
//
// Runs one machine on the software device, its console on this terminal, until it stops: the
// monitor without the daemon. Exit status: 0 the guest stopped all its CPUs, 1 it crashed, 2 it
// couldn't start, 124 --seconds passed. Control-A x ends it from a terminal.
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "hypervisor/core/software_device.h"
#include "hypervisor/core/system.h"
#include "hypervisor/sie/offered_facilities.h"
#include "hypervisor/sie/sie.h"
#include "tools/counted_engine.h"
#include "tools/guest_devices.h"
#include "ucontrol/console.h"
#include "ucontrol/equipment/equipment.h"
#include "ucontrol/equipment/program_source.h"
#include "ucontrol/instruction/instruction_table.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

ABSL_FLAG(std::string, kernel, "", "Linux kernel image, ELF, or flat image with a PSW at 0");
ABSL_FLAG(std::string, initrd, "", "initial RAM disk");
ABSL_FLAG(std::string, append, "", "command line");
ABSL_FLAG(uint32_t, memory, 512, "storage in MiB");
ABSL_FLAG(uint16_t, cpus, 1, "number of CPUs");
ABSL_FLAG(uint16_t, cpu_limit, 0, "number of CPUs the machine could have; 0: --cpus");
ABSL_FLAG(std::string, name, "guest", "the machine's name");
ABSL_FLAG(std::string, uuid, "", "the machine's UUID, 32 hexadecimal digits and hyphens");
ABSL_FLAG(bool, line_mode, false, "offer the line-mode console as well");
ABSL_FLAG(std::vector<std::string>, without, {}, "facility bits that the CPUs shall not have");
ABSL_FLAG(uint32_t, seconds, 0, "give up after this time; 0: never");
ABSL_FLAG(std::string, engine, "", "interpreter or translator; empty: the default");
ABSL_FLAG(bool, statistics, false,
          "say at the end what the engine counted: instructions, translations, exits");
ABSL_FLAG(std::string, expect, "", "exit with status 0 as soon as the console shows this");

namespace {

using ucontrol::Console;
using ucontrol::Machine;
using ucontrol::MachineState;

constexpr int kCrashed = 1;
constexpr int kNotStarted = 2;
constexpr int kTimedOut = 124;

absl::StatusOr<std::vector<uint8_t>> ReadFile(const std::string& path) {
  if (path.empty()) return std::vector<uint8_t>();
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<uint8_t> bytes(file ? static_cast<size_t>(file.tellg()) : 0);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) return absl::NotFoundError(path + " can't be read");
  return bytes;
}

// Notifies how the machine ended.
class Ending : public ucontrol::MachineListener {
 public:
  void OnState(MachineState state) override {
    if (state == MachineState::kRunning) started_ = true;
    if (state == MachineState::kStopped && started_) End(0);
  }
  void OnCrash(const ucontrol::CrashReport& report) override {
    absl::FPrintF(stderr, "\r\ncrash: %s\r\n", report.reason);
    Print(report.cpu);
    End(kCrashed);
  }
  void OnBreakpoint(const ucontrol::CpuReport& report) override {
    absl::FPrintF(stderr, "\r\nbreakpoint\r\n");
    Print(report);
    End(kCrashed);
  }
  void End(int status) {
    if (ended_.exchange(true)) return;
    status_ = status;
    end_.Notify();
  }
  int Await(absl::Time deadline) {
    return end_.WaitForNotificationWithDeadline(deadline) ? status_ : kTimedOut;
  }

  static void Print(const ucontrol::CpuReport& cpu) {
    absl::FPrintF(stderr, "CPU %d psw %016x %016x prefix %08x icpt %02x ipa %04x ipb %08x\r\n",
                  cpu.cpu_address, cpu.psw.mask, cpu.psw.address, cpu.prefix, cpu.icptcode, cpu.ipa,
                  cpu.ipb);
    for (int i = 0; i < 16; ++i) {
      absl::FPrintF(stderr, "r%-2d %016x c%-2d %016x\r\n", i, cpu.gpr[i], i, cpu.cr[i]);
    }
  }

 private:
  std::atomic<bool> started_ = false;
  std::atomic<bool> ended_ = false;
  int status_ = 0;
  absl::Notification end_;
};

// Every key goes to the guest.
class RawTerminal {
 public:
  RawTerminal() : is_terminal_(isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!is_terminal_) return;
    termios raw = before_;
    cfmakeraw(&raw);
    raw.c_oflag |= OPOST | ONLCR;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  }
  ~RawTerminal() {
    if (is_terminal_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
  }
  bool is_terminal() const { return is_terminal_; }

 private:
  termios before_{};
  const bool is_terminal_;
};

// Between this process's standard streams and a console.
class Streams {
 public:
  Streams(Console& console, Ending& ending, bool is_terminal)
      : console_(console),
        ending_(ending),
        is_terminal_(is_terminal),
        reader_(console.OpenReader(0)),
        output_([this] { Output(); }),
        input_([this] { Input(); }) {}

  // Shows what the guest wrote until now, and ends.
  ~Streams() {
    stop_ = true;
    console_.Close();
    input_.join();
    output_.join();
  }

 private:
  void Output() {
    const std::string expected = absl::GetFlag(FLAGS_expect);
    std::string seen;
    while (auto output = reader_->Read(65536, absl::InfiniteFuture())) {
      std::fwrite(output->characters.data(), 1, output->characters.size(), stdout);
      std::fflush(stdout);
      if (expected.empty()) continue;
      seen += output->characters;
      if (seen.find(expected) != std::string::npos) ending_.End(0);
      if (seen.size() > expected.size()) seen.erase(0, seen.size() - expected.size());
    }
  }

  void Input() {
    constexpr char kEscape = 1;  // Control-A
    auto writer = console_.OpenWriter();
    bool escaped = false;
    std::array<char, 512> keys;
    while (!stop_) {
      pollfd ready{STDIN_FILENO, POLLIN, 0};
      if (poll(&ready, 1, /*timeout=*/100) <= 0) continue;
      const ssize_t length = read(STDIN_FILENO, keys.data(), keys.size());
      if (length <= 0) return;
      std::string input;
      for (char key : std::string_view(keys.data(), static_cast<size_t>(length))) {
        if (is_terminal_ && escaped && key == 'x') return ending_.End(0);
        escaped = is_terminal_ && !escaped && key == kEscape;
        if (!escaped) input += key;
      }
      (*writer)->Write(input, absl::InfiniteFuture());
    }
  }

  Console& console_;
  Ending& ending_;
  const bool is_terminal_;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<Console::Reader> reader_;
  std::thread output_;
  std::thread input_;
};

hypervisor::FacilityList Facilities() {
  hypervisor::FacilityList facilities = hypervisor::OfferedFacilities();
  for (const std::string& text : absl::GetFlag(FLAGS_without)) {
    int bit;
    if (absl::SimpleAtoi(text, &bit) && bit >= 0 && bit < 256) facilities.Set(bit, false);
  }
  return facilities;
}

absl::StatusOr<std::unique_ptr<Machine>> MakeMachine(hypervisor::Device& device, Console& console,
                                                     Ending& ending) {
  ucontrol::ProgramSource source;
  for (auto [bytes, path] : {std::pair{&source.image, absl::GetFlag(FLAGS_kernel)},
                             std::pair{&source.initrd, absl::GetFlag(FLAGS_initrd)}}) {
    auto file = ReadFile(path);
    if (!file.ok()) return file.status();
    *bytes = *std::move(file);
  }
  source.command_line = absl::GetFlag(FLAGS_append);

  auto machine = Machine::Create(device, {.instructions = ucontrol::FindInstruction,
                                          .listener = &ending,
                                          .loader = ucontrol::LoaderOf(std::move(source))});
  if (!machine.ok()) return machine.status();
  const uint16_t cpus = absl::GetFlag(FLAGS_cpus);
  ucontrol::Equipment equipment;
  equipment.name = absl::GetFlag(FLAGS_name);
  equipment.cpu_limit = std::max(cpus, absl::GetFlag(FLAGS_cpu_limit));
  const std::string uuid =
      absl::HexStringToBytes(absl::StrReplaceAll(absl::GetFlag(FLAGS_uuid), {{"-", ""}}));
  std::copy_n(uuid.begin(), std::min(uuid.size(), equipment.uuid.size()), equipment.uuid.begin());
  equipment.ascii_console = &console;
  if (absl::GetFlag(FLAGS_line_mode)) equipment.line_mode_console = &console;
  absl::Status status = Equip(**machine, equipment);

  if (status.ok()) status = AttachGuestDevices(**machine, console);

  const uint64_t size = uint64_t{absl::GetFlag(FLAGS_memory)} << 20;
  if (status.ok()) {
    status = (*machine)->memories().Create("storage",
                                           {.size = size, .huge_pages = true, .shared = false});
  }
  if (status.ok()) {
    status = (*machine)->MapStorage("storage", 0, hypervisor::GuestAbsolute(0), size);
  }
  for (uint16_t address = 0; status.ok() && address < cpus; ++address) {
    status = (*machine)->AddVcpu(address).status();
  }
  if (status.ok()) status = (*machine)->Load(ucontrol::LoadKind::kClear);
  if (!status.ok()) return status;
  return machine;
}

}  // namespace

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const RawTerminal terminal;
  Console console;
  Ending ending;
  const std::string engine = absl::GetFlag(FLAGS_engine);
  if (!engine.empty() && engine != "interpreter" && engine != "translator") {
    absl::FPrintF(stderr, "--engine=%s: there are interpreter and translator\n", engine);
    return kNotStarted;
  }
  hypervisor::EngineFactory factory = engine == "interpreter"  ? hypervisor::MakeInterpreter
                                      : engine == "translator" ? hypervisor::MakeTranslator
                                                               : hypervisor::MakeEngine;
  EngineCounts counts;
  const bool statistics = absl::GetFlag(FLAGS_statistics);
  if (statistics) factory = Counted(std::move(factory), counts);
  hypervisor::SoftwareDevice device(
      {.engine = std::move(factory), .machine = {.facilities = Facilities()}});
  absl::StatusOr<std::unique_ptr<Machine>> machine;
  int status = kNotStarted;
  {
    const Streams streams(console, ending, terminal.is_terminal());
    machine = MakeMachine(device, console, ending);
    if (machine.ok()) {
      const uint32_t seconds = absl::GetFlag(FLAGS_seconds);
      status =
          ending.Await(seconds ? absl::Now() + absl::Seconds(seconds) : absl::InfiniteFuture());
    }
  }
  if (status == kTimedOut) {
    for (ucontrol::Vcpu* vcpu : (*machine)->vcpus()) {
      vcpu->Call([vcpu] {
            Ending::Print(vcpu->Report());
            return absl::OkStatus();
          })
          .IgnoreError();
    }
  }
  if (!machine.ok()) {
    absl::FPrintF(stderr, "%s\n", machine.status().ToString());
    return status;
  }
  machine->reset();
  for (const auto& [name, count] : counts.sums) absl::FPrintF(stderr, "%s %d\n", name, count);
  return status;
}
