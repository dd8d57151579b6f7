// The interpreter: the oracle for every other engine, so it is plain. It decodes once per
// instruction and place, and compares the bytes before each execution: self-modifying code, stores
// by other CPUs and by devices need no invalidation.
#ifndef HYPERVISOR_SIE_INTERPRETER_INTERPRETER_H_
#define HYPERVISOR_SIE_INTERPRETER_INTERPRETER_H_

#include <array>
#include <cstdint>
#include <vector>

#include "hypervisor/sie/host_fault_guard.h"
#include "hypervisor/sie/interpreter/computing_cpu.h"
#include "hypervisor/sie/interpreter/handlers.h"

namespace hypervisor {

class Interpreter : public Sie, protected ComputingCpu {
 public:
  explicit Interpreter(const SieEnvironment& environment);

  SieExit Run(uapi::SieBlock& block, CpuState& cpu) override;
  void Kick() override;
  void ClearKick() override;
  uint64_t instructions() const override { return executed_; }

 protected:
  // How many instructions there are between two polls, and polls between two looks at the clock.
  struct PollIntervals {
    int32_t instructions = 64;
    int32_t polls = 32;
  };
  Interpreter(const SieEnvironment& environment, PollIntervals intervals);

  // Whether SIE ends, and how.
  enum class Outcome { kGoOn, kIntercepted, kHostFault, kKicked };

  // Executes until SIE ends; between two instructions, at ia_.
  virtual Outcome Loop();
  // Executes the instruction at ia_.
  Outcome Step();
  Outcome Poll();
  Outcome EndInstruction();
  Outcome AfterStop();
  // Whether a timer's interruption is pending that control register 0 allows, or will be `within`
  // this time: bits of the TOD clock.
  bool TimersDue(ExternalCode& code, uint64_t within = 0);
  // The row of an instruction, or kInvalidRow if the machine doesn't offer its facility.
  RowIndex OfferedRow(const Insn& insn) const;
  // Code that can go on after a fault of the host, if this engine has any.
  virtual HostFaultGuard::Recovery* recovery() { return nullptr; }

  // A stay that comes after a short one begins with the interpreter, who may end it before another
  // engine has got ready.
  bool interprets_short_stays_ = false;

  struct Decoded {
    uint64_t mask = 0;  // of the bytes that belong to the instruction
    Handler execute = nullptr;
    Insn insn;
  };
  // What stands at `address`; `text` is what was fetched from there just now.
  [[gnu::always_inline]] const Decoded& Lookup(uint64_t address, uint64_t text) {
    const Decoded& decoded = decoded_[address / 2 & decoded_mask_];
    if ((text ^ decoded.insn.text) & decoded.mask) [[unlikely]]
      return Miss(address, text);
    return decoded;
  }

 private:
  static constexpr uint32_t kKick = 1;
  // Places for decoded instructions: few for a guest that does little, more while it misses many.
  static constexpr size_t kFewDecoded = 128;
  static constexpr size_t kMostDecoded = 32768;

  Outcome StepInline(uint64_t& ia);
  Outcome InterpretShortStay();
  // Of stay.cc alone.
  inline void Enter(uapi::SieBlock& block, CpuState& cpu);
  inline void Leave();
  inline bool Valid() const;
  inline void BeginTimer(uint64_t value);
  inline uint64_t EndTimer();
  inline bool ControlIsAsRemembered(const CpuState& cpu) const;
  inline void RememberControl();
  Outcome RecognizePending();
  Outcome Present(PgmCode code);
  void RecordInterception();
  const Decoded& Miss(uint64_t address, uint64_t text);
  void MakePlaces(size_t count);
  void Fill(Decoded& decoded, uint64_t text) const;
  void ExecuteTarget(uint64_t address, uint8_t modifier) override;

  const PollIntervals intervals_;
  std::vector<Decoded> decoded_;  // its size is a power of 2
  uint64_t decoded_mask_ = kFewDecoded - 1;
  size_t misses_ = 0;
  int32_t time_budget_ = 0;
  bool was_short_ = false;  // the stay before this
  static constexpr uint64_t kShortStay = 8;
  static constexpr uint32_t kNoPrefix = 1;
  uint32_t remembered_prefix_ = kNoPrefix;
  std::array<uint64_t, 16> remembered_cr_{};
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_INTERPRETER_INTERPRETER_H_
