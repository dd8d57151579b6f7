// The interpreter: the oracle for every other engine, so it is plain. It decodes once per
// instruction and place, and compares the bytes before each execution: self-modifying code, stores
// by other CPUs and by devices need no invalidation.
#ifndef HYPERVISOR_SIE_INTERPRETER_INTERPRETER_H_
#define HYPERVISOR_SIE_INTERPRETER_INTERPRETER_H_

#include <array>
#include <cstdint>
#include <memory>

#include "hypervisor/sie/interpreter/computing_cpu.h"
#include "hypervisor/sie/interpreter/handlers.h"

namespace hypervisor {

class Interpreter final : public Sie, private ComputingCpu {
 public:
  explicit Interpreter(const SieEnvironment& environment);

  SieExit Run(uapi::SieBlock& block, CpuState& cpu) override;
  void Kick() override;
  void ClearKick() override;
  uint64_t instructions() const override { return executed_; }

 private:
  static constexpr uint32_t kKick = 1;
  static constexpr int32_t kPollInterval = 64;      // instructions between two polls
  static constexpr int32_t kTimePollInterval = 32;  // polls between two looks at the clock
  static constexpr size_t kDecoded = 32768;

  struct Decoded {
    uint64_t mask = 0;  // of the bytes that belong to the instruction
    Handler execute = nullptr;
    Insn insn;
  };

  // Whether SIE ends, and how.
  enum class Outcome { kGoOn, kIntercepted, kHostFault, kKicked };

  void Enter(uapi::SieBlock& block, CpuState& cpu);
  void Leave();
  bool Valid() const;
  Outcome Loop();
  Outcome Poll();
  Outcome RecognizePending();
  bool TimersDue(ExternalCode& code);
  Outcome EndInstruction();
  Outcome AfterStop();
  Outcome Present(PgmCode code);
  void RecordInterception();
  // What stands at `place`; `text` is what was fetched from there just now.
  [[gnu::always_inline]] const Decoded& Lookup(const void* place, uint64_t text) {
    Decoded& decoded = (*decoded_)[reinterpret_cast<uint64_t>(place) / 2 % kDecoded];
    if ((text ^ decoded.insn.text) & decoded.mask) [[unlikely]]
      Fill(decoded, text);
    return decoded;
  }
  void Fill(Decoded& decoded, uint64_t text) const;
  void ExecuteTarget(uint64_t address, uint8_t modifier) override;

  std::unique_ptr<std::array<Decoded, kDecoded>> decoded_;
  int32_t time_budget_ = 0;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_INTERPRETER_INTERPRETER_H_
