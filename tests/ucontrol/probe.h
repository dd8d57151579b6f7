// The host's side of guests/probe.S: a machine on the software device, with everything that a
// machine has, whose guest executes instructions that a test gives it.
#ifndef TESTS_UCONTROL_PROBE_H_
#define TESTS_UCONTROL_PROBE_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hypervisor/arch/interruption.h"
#include "hypervisor/arch/psw.h"
#include "hypervisor/core/software_device.h"
#include "tests/ucontrol/machine_fixture.h"
#include "ucontrol/console.h"

namespace ucontrol {

// An instruction, and the guest that executes it.
struct Probe {
  static constexpr uint64_t k64Bit =
      hypervisor::Psw::kExtendedAddressing | hypervisor::Psw::kBasicAddressing;
  uint64_t text = 0;                       // left-justified
  std::map<int, uint64_t> registers = {};  // general registers; the others are zero
  uint64_t psw_mask = k64Bit;
};

// Instructions by format, with their operand at base register 1, displacement 0.
constexpr uint64_t InstructionS(uint16_t opcode, int base = 1) {
  return uint64_t{opcode} << 48 | static_cast<uint64_t>(base) << 44;
}
constexpr uint64_t InstructionRre(uint16_t opcode, int r1, int r2) {
  return uint64_t{opcode} << 48 | static_cast<uint64_t>(r1) << 36 | static_cast<uint64_t>(r2) << 32;
}
constexpr uint64_t InstructionRs(uint8_t opcode, int r1, int r3, int base, int displacement = 0) {
  return uint64_t{opcode} << 56 | static_cast<uint64_t>(r1) << 52 |
         static_cast<uint64_t>(r3) << 48 | static_cast<uint64_t>(base) << 44 |
         static_cast<uint64_t>(displacement) << 32;
}

// What came of it.
struct Outcome {
  enum Kind : uint64_t { kExternal, kCompleted, kProgram, kInputOutput };
  Kind kind;
  uint32_t parameter;   // of an external interruption
  uint16_t cpu;         // likewise
  uint16_t code;        // of an external or program interruption
  uint64_t subchannel;  // identification and number, and the parameter, of an I/O interruption
  uint64_t psw_mask;    // when it ended
  uint64_t next;        // address of the instruction that would have been next, less this one's
  std::array<uint64_t, 16> gpr;

  int cc() const { return static_cast<int>(psw_mask >> 44 & 3); }
  bool Completed() const { return kind == kCompleted; }
  // The program interruption, kNone if it completed.
  hypervisor::PgmCode program() const {
    return kind == kProgram ? static_cast<hypervisor::PgmCode>(code) : hypervisor::PgmCode::kNone;
  }
};

class ProbeFixture : public testing::Test {
 protected:
  static constexpr uint64_t kStorageSize = 4 * hypervisor::kSegmentSize;
  static constexpr uint64_t kOperand = 0x200000;     // storage for operands: a segment that is zero
  static constexpr uint64_t kOtherPrefix = 0x40000;  // where the prefix may be set to
  static constexpr uint64_t kProblemState = uint64_t{1} << 48;
  static constexpr uint64_t k64Bit = Probe::k64Bit;

  void SetUp() override;
  void TearDown() override;

  // One guest program, on a cleared machine with one CPU. Storage stays as it left it.
  std::vector<Outcome> Run(const std::vector<Probe>& probes);
  Outcome Run(const Probe& probe);

  // In the guest's storage before the next program, from kOperand on.
  template <typename T>
  void Give(uint64_t offset, T value) {
    std::array<uint8_t, sizeof(T)> bytes;
    StoreBigEndian(bytes.data(), value);
    Give(offset, bytes.data(), bytes.size());
  }
  void Give(uint64_t offset, const uint8_t* bytes, size_t size);
  // Afterwards.
  template <typename T>
  T Read(uint64_t absolute) {
    std::array<uint8_t, sizeof(T)> bytes{};
    EXPECT_TRUE(machine_->Read(hypervisor::GuestAbsolute(absolute), bytes.data(), bytes.size()));
    return LoadBigEndian<T>(bytes.data());
  }

  hypervisor::SoftwareDevice device_;
  Console console_{{.scroll_back = 65536, .input = 4096}};
  RecordingListener listener_;
  std::unique_ptr<Machine> machine_;

 private:
  absl::Status Load(Machine& machine, Vcpu& first);

  std::vector<Probe> probes_;
  std::vector<uint8_t> given_;
};

}  // namespace ucontrol

#endif  // TESTS_UCONTROL_PROBE_H_
