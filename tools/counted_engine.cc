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
  CountedSie(std::unique_ptr<Sie> sie, std::atomic<uint64_t>& total)
      : sie_(std::move(sie)), total_(total) {}
  CountedSie(const CountedSie&) = delete;
  CountedSie& operator=(const CountedSie&) = delete;
  ~CountedSie() override { total_ += sie_->instructions(); }

  hypervisor::SieExit Run(hypervisor::uapi::SieBlock& block, hypervisor::CpuState& cpu) override {
    return sie_->Run(block, cpu);
  }
  void Kick() override { sie_->Kick(); }
  void ClearKick() override { sie_->ClearKick(); }
  uint64_t instructions() const override { return sie_->instructions(); }

 private:
  const std::unique_ptr<Sie> sie_;
  std::atomic<uint64_t>& total_;
};

}  // namespace

hypervisor::EngineFactory Counted(hypervisor::EngineFactory engine, std::atomic<uint64_t>& total) {
  return [engine = std::move(engine),
          &total](const hypervisor::SieEnvironment& environment) -> std::unique_ptr<Sie> {
    auto sie = engine(environment);
    if (!sie) return nullptr;
    return std::make_unique<CountedSie>(std::move(sie), total);
  };
}
