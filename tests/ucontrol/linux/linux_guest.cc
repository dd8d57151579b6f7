#include "tests/ucontrol/linux/linux_guest.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "hypervisor/sie/offered_facilities.h"
#include "ucontrol/equipment/equipment.h"
#include "ucontrol/equipment/program_source.h"
#include "ucontrol/instruction/instruction_table.h"

namespace ucontrol {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::vector<uint8_t> ReadGuestFile(const std::string& name) {
  std::ifstream file(GuestFile(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string GuestFile(const std::string& name) {
  std::string folder = Variable("UCONTROL_GUEST");
  if (folder.empty()) folder = Variable("HOME") + "/.cache/ucontrol/guest";
  return folder + "/" + name;
}

bool HasGuestFile(const std::string& name) {
  return std::ifstream(GuestFile(name)).good();
}

absl::Status LinuxGuest::Start(const Options& options) {
  device_ = std::make_unique<hypervisor::SoftwareDevice>(hypervisor::SoftwareDevice::Options{
      .machine = {.facilities = hypervisor::OfferedFacilities()}});
  reader_ = console_.OpenReader(0);
  auto machine = Machine::Create(
      *device_,
      {.instructions = FindInstruction,
       .listener = this,
       .loader = LoaderOf({ReadGuestFile(options.kernel),
                           options.initramfs ? *options.initramfs : ReadGuestFile("initramfs"),
                           options.command_line, std::nullopt})});
  if (!machine.ok()) return machine.status();
  machine_ = *std::move(machine);

  Equipment equipment;
  equipment.name = options.name;
  equipment.cpu_limit = options.cpus;
  (options.line_mode ? equipment.line_mode_console : equipment.ascii_console) = &console_;
  const uint64_t size = options.mebibytes << 20;
  absl::Status status = Equip(*machine_, equipment);
  if (status.ok() && options.attach) status = options.attach(*machine_);
  if (status.ok()) status = machine_->memories().Create("storage", {.size = size});
  if (status.ok()) status = machine_->MapStorage("storage", 0, hypervisor::GuestAbsolute(0), size);
  for (uint16_t address = 0; status.ok() && address < options.cpus; ++address) {
    status = machine_->AddVcpu(address).status();
  }
  return status.ok() ? machine_->Load(LoadKind::kClear) : status;
}

LinuxGuest::~LinuxGuest() {
  console_.Close();
  machine_.reset();
}

bool LinuxGuest::Await(std::string_view text, absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (true) {
    const size_t found = transcript_.find(text, awaited_);
    if (found != std::string::npos) {
      awaited_ = found + text.size();
      return true;
    }
    auto output = reader_->Read(65536, deadline);
    if (!output) return false;
    transcript_ += output->characters;
  }
}

void LinuxGuest::Type(std::string_view text) {
  auto writer = console_.OpenWriter();
  if (writer.ok()) (*writer)->Write(text, absl::Now() + absl::Minutes(1));
}

std::optional<MachineState> LinuxGuest::AwaitEnd(absl::Duration limit) {
  const absl::MutexLock lock(&mutex_);
  const auto ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return end_.has_value(); };
  mutex_.AwaitWithTimeout(absl::Condition(&ended), limit);
  return end_;
}

std::string LinuxGuest::crash() const {
  const absl::MutexLock lock(&mutex_);
  return crash_;
}

void LinuxGuest::OnState(MachineState state) {
  const absl::MutexLock lock(&mutex_);
  if (state == MachineState::kRunning) {
    ran_ = true;
    end_.reset();
  } else if (ran_) {
    end_ = state;
  }
}

void LinuxGuest::OnCrash(const CrashReport& report) {
  const absl::MutexLock lock(&mutex_);
  crash_ = absl::StrFormat("%s, PSW 0x%016x 0x%016x", report.reason, report.cpu.psw.mask,
                           report.cpu.psw.address);
}

}  // namespace ucontrol
