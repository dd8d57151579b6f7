// Interpreter and translator in lock step for LOCK_STEP_INSTRUCTIONS guest instructions (10^9) that
// are not those of endless loops, from the seed LOCK_STEP_SEED (1) on.
//
// Each session has a seed of its own, a fresh machine, and the next of three ways to translate:
// what was executed a few times, everything at once, everything as regions. A difference is told,
// with the seed and group that show it again, and the next group goes on.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "hypervisor/isa/table.h"
#include "tests/hypervisor/sie/translator/lock_step.h"

namespace hypervisor {
namespace {

constexpr uint64_t kGroups = 64;  // of a session
constexpr auto kBetweenReports = std::chrono::seconds(15);

uint64_t Number(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

class Sessions {
 public:
  // False: this host has no translator.
  bool Execute(uint64_t seed) {
    static constexpr const char* kRegions[] = {nullptr, "hot", "always"};
    const char* regions = kRegions[sessions_++ % std::size(kRegions)];
    // A machine for tests sets it where it isn't set; what is executed seldom is interpreted then.
    setenv("UCONTROL_REGIONS", regions ? regions : "hot", 1);
    LockStep lock_step(seed, /*waits_for_warm=*/regions == nullptr);
    if (!lock_step.available()) return false;
    for (uint64_t group = 0; group < kGroups; ++group) {
      if (lock_step.Execute(group)) continue;
      ++differences_;
      std::printf("DIFFERENCE, UCONTROL_REGIONS=%s %s\n", regions ? regions : "",
                  lock_step.difference().c_str());
    }
    Add(lock_step);
    return true;
  }

  uint64_t instructions() const { return sums_.instructions - sums_.of_loops; }
  uint64_t differences() const { return differences_; }

  void Report(uint64_t seed) const {
    std::printf(
        "%12lu instructions, and %lu of endless loops, in %lu runs and %lu steps, %lu ended "
        "by program interruptions; %lu groups, %lu left early; seeds up to %lu; %lu blocks, "
        "%lu regions translated; %lu differences\n",
        instructions(), sums_.of_loops, sums_.runs, sums_.steps, sums_.faults, sums_.groups,
        sums_.set_aside, seed, blocks_, regions_, differences_);
    std::fflush(stdout);
  }

  // By the interpreter's count, which a quarter of the groups has.
  void ReportRows() const {
    uint64_t rows = 0, few = 0;
    for (RowIndex row = 0; row < Table().size(); ++row) {
      if (!IsExecutedInLockStep(Table()[row])) continue;
      ++rows;
      const uint64_t completed = row < completed_.size() ? completed_[row] : 0;
      if (completed >= 10) continue;
      ++few;
      std::printf("  %s was completed %lu times\n", Table()[row].mnemonic, completed);
    }
    std::printf("%lu rows, %lu of them completed fewer than 10 times in a quarter of the groups\n",
                rows, few);
  }

 private:
  void Add(const LockStep& lock_step) {
    const LockStep::Counts& counts = lock_step.counts();
    sums_.groups += counts.groups;
    sums_.runs += counts.runs;
    sums_.steps += counts.steps;
    sums_.instructions += counts.instructions;
    sums_.of_loops += counts.of_loops;
    sums_.faults += counts.faults;
    sums_.set_aside += counts.set_aside;
    const std::vector<uint64_t>& completed = lock_step.interpreter().completed();
    completed_.resize(completed.size());
    for (size_t row = 0; row < completed.size(); ++row) completed_[row] += completed[row];
    EngineStatistics statistics;
    lock_step.translator().AddStatistics(statistics);
    blocks_ += statistics["translated blocks"];
    regions_ += statistics["translated regions"];
  }

  uint64_t sessions_ = 0;
  uint64_t differences_ = 0;
  uint64_t blocks_ = 0;
  uint64_t regions_ = 0;
  LockStep::Counts sums_;
  std::vector<uint64_t> completed_;
};

int Main() {
  const uint64_t wanted = Number("LOCK_STEP_INSTRUCTIONS", 1'000'000'000);
  uint64_t seed = Number("LOCK_STEP_SEED", 1);
  std::printf("%lu instructions from seed %lu on\n", wanted, seed);
  Sessions sessions;
  auto reported = std::chrono::steady_clock::now();
  for (; sessions.instructions() < wanted; ++seed) {
    if (!sessions.Execute(seed)) {
      std::printf("this host has no translator\n");
      return 77;
    }
    if (std::chrono::steady_clock::now() - reported < kBetweenReports) continue;
    reported = std::chrono::steady_clock::now();
    sessions.Report(seed);
  }
  sessions.ReportRows();
  sessions.Report(seed - 1);
  return sessions.differences() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hypervisor

int main() {
  return hypervisor::Main();
}
