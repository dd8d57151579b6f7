#include "tests/ucontrol/probe.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "ucontrol/boot/boot_image.h"
#include "ucontrol/equipment/equipment.h"
#include "ucontrol/instruction/instruction_table.h"

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;

// probe.S's.
constexpr uint64_t kLeft = 0x2000;
constexpr uint64_t kCode = 0x3000;
constexpr uint64_t kCommands = 0x100000;
constexpr uint64_t kRecords = 0x180000;
constexpr size_t kCommandSize = 144;
constexpr size_t kRecordSize = 184;
constexpr uint16_t kSupervisorCall = 0x0a00;

std::vector<uint8_t> ReadProgram() {
  std::ifstream file("tests/ucontrol/guests/probe.elf", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int LengthOf(uint64_t text) {
  const uint64_t first = text >> 56;
  return first < 0x40 ? 2 : first < 0xc0 ? 4 : 6;
}

}  // namespace

void ProbeFixture::SetUp() {
  // What a test executes once is to be translated all the same.
  setenv("UCONTROL_REGIONS", "hot", /*overwrite=*/0);
  auto made =
      Machine::Create(device_, {.instructions = &FindInstruction,
                                .listener = &listener_,
                                .loader = [this](Machine& machine, Vcpu& first) -> absl::Status {
                                  return Load(machine, first);
                                }});
  ASSERT_TRUE(made.ok()) << made.status();
  machine_ = *std::move(made);
  Equipment equipment;
  equipment.name = "probed";
  equipment.cpu_limit = 2;
  equipment.ascii_console = &console_;
  ASSERT_TRUE(Equip(*machine_, equipment).ok());
  ASSERT_TRUE(machine_->memories().Create("storage", {.size = kStorageSize}).ok());
  ASSERT_TRUE(machine_->MapStorage("storage", 0, GuestAbsolute(0), kStorageSize).ok());
  ASSERT_TRUE(machine_->AddVcpu(0).ok());
}

void ProbeFixture::TearDown() {
  console_.Close();
  machine_.reset();
}

absl::Status ProbeFixture::Load(Machine& machine, Vcpu& first) {
  const auto psw = LoadProgram(machine, {.image = ReadProgram(), .initrd = {}, .command_line = {}});
  if (!psw.ok()) return psw.status();
  std::vector<uint8_t> commands(probes_.size() * kCommandSize);
  for (size_t i = 0; i < probes_.size(); ++i) {
    uint8_t* command = &commands[i * kCommandSize];
    const Probe& probe = probes_[i];
    StoreBigEndian(command, probe.psw_mask);
    StoreBigEndian(command + 8, probe.text);
    StoreBigEndian(command + 8 + LengthOf(probe.text), kSupervisorCall);
    for (const auto& [number, value] : probe.registers)
      StoreBigEndian(command + 16 + 8 * number, value);
  }
  std::array<uint8_t, 24> head;
  StoreBigEndian<uint64_t>(&head[0], probes_.size());
  StoreBigEndian<uint64_t>(&head[8], kCommands);
  StoreBigEndian<uint64_t>(&head[16], kRecords);
  if (!machine.Write(GuestAbsolute(kLeft), head.data(), head.size()) ||
      !machine.Write(GuestAbsolute(kCommands), commands.data(), commands.size()) ||
      !machine.Write(GuestAbsolute(kOperand), given_.data(), given_.size())) {
    return absl::OutOfRangeError("the commands don't fit");
  }
  return first.SetInitialPsw(*psw);
}

std::vector<Outcome> ProbeFixture::Run(const std::vector<Probe>& probes) {
  probes_ = probes;
  listener_.Forget();
  const absl::Status loaded = machine_->Load(LoadKind::kClear);
  EXPECT_TRUE(loaded.ok()) << loaded;
  EXPECT_TRUE(listener_.AwaitState(MachineState::kStopped))
      << "the guest executes command " << probes.size() - Read<uint64_t>(kLeft);
  std::vector<Outcome> outcomes;
  for (size_t i = 0; i < probes.size(); ++i) {
    const uint64_t record = kRecords + i * kRecordSize;
    Outcome& outcome = outcomes.emplace_back();
    outcome.kind = static_cast<Outcome::Kind>(Read<uint64_t>(record));
    outcome.parameter = Read<uint32_t>(record + 8);
    outcome.cpu = Read<uint16_t>(record + 12);
    // 0x86 of an external interruption, 0x8e of a program interruption.
    outcome.code = Read<uint16_t>(record + (outcome.kind == Outcome::kExternal ? 14 : 22));
    outcome.subchannel = Read<uint64_t>(record + 24);
    outcome.psw_mask = Read<uint64_t>(record + 40);
    outcome.next = Read<uint64_t>(record + 48) - kCode;
    if (outcome.kind == Outcome::kCompleted) outcome.next -= sizeof(kSupervisorCall);
    for (int r = 0; r < 16; ++r) outcome.gpr[r] = Read<uint64_t>(record + 56 + 8 * r);
  }
  return outcomes;
}

Outcome ProbeFixture::Run(const Probe& probe) {
  return Run(std::vector{probe}).at(0);
}

void ProbeFixture::Give(uint64_t offset, const uint8_t* bytes, size_t size) {
  given_.resize(std::max<size_t>(given_.size(), offset + size));
  std::copy_n(bytes, size, given_.begin() + static_cast<ptrdiff_t>(offset));
}

}  // namespace ucontrol
