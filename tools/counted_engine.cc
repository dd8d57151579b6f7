#include "tools/counted_engine.h"

#include <memory>
#include <utility>

#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/sie/sie.h"
#include "hypervisor/uapi/sie_block.h"

namespace {

using hypervisor::Sie;

class CountedSie final : public Sie {
 public:
  CountedSie(std::unique_ptr<Sie> sie, EngineCounts& counts)
      : sie_(std::move(sie)), counts_(counts) {}
  CountedSie(const CountedSie&) = delete;
  CountedSie& operator=(const CountedSie&) = delete;
  ~CountedSie() override {
    const std::lock_guard lock(counts_.mutex);
    sie_->AddStatistics(counts_.sums);
  }

  hypervisor::SieExit Run(hypervisor::uapi::SieBlock& block, hypervisor::CpuState& cpu) override {
    return sie_->Run(block, cpu);
  }
  void Kick() override { sie_->Kick(); }
  void ClearKick() override { sie_->ClearKick(); }
  uint64_t instructions() const override { return sie_->instructions(); }

 private:
  const std::unique_ptr<Sie> sie_;
  EngineCounts& counts_;
};

}  // namespace

hypervisor::EngineFactory Counted(hypervisor::EngineFactory engine, EngineCounts& counts) {
  return [engine = std::move(engine),
          &counts](const hypervisor::SieEnvironment& environment) -> std::unique_ptr<Sie> {
    auto sie = engine(environment);
    if (!sie) return nullptr;
    return std::make_unique<CountedSie>(std::move(sie), counts);
  };
}
