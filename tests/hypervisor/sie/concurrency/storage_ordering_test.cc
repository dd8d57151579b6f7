// Litmus tests: what CPUs may see of each other's storage references (PoP: Program Execution,
// "Sequence of Storage References"). Fetches are seen in their order, and so are stores; only a
// fetch may overtake an earlier store, unless the CPU serializes between them.
//
// LITMUS_ROUNDS sets how often each is tried.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/concurrency/shared_storage.h"

namespace hypervisor {
namespace {

using std::chrono::steady_clock;

constexpr uint64_t kRoundsOfBatch = 1024;
constexpr uint64_t kStride = 128;
constexpr uint64_t kCode = 0x10000;     // 0x1000 a CPU
constexpr uint64_t kTurns = 0x20000;    // 256 bytes a CPU
constexpr uint64_t kScratch = 0x28000;  // likewise
constexpr uint64_t kLocations = 0x100000;
constexpr uint64_t kSizeOfLocation = kRoundsOfBatch * kStride + 0x1000 + 64;
constexpr uint64_t kResults = 0x300000;
constexpr uint64_t kResultsOfCpu = 8 * kRoundsOfBatch;

// Fewer if each is slow: interpreted, or by the translator's rare ways.
uint64_t Rounds() {
  const char* text = std::getenv("LITMUS_ROUNDS");
  if (text) return std::strtoull(text, nullptr, 0);
  const char* engine = std::getenv("UCONTROL_ENGINE");
  const bool interprets = engine && std::string(engine) == "interpreter";
  return interprets || std::getenv("UCONTROL_CHAOS") ? 2'000 : 100'000;
}

// What a CPU does in a round, on locations x and y, which contain zeros at first, and registers a
// and b.
enum class Act {
  kStoreX1,
  kStoreX2,
  kStoreY1,
  kStoreY2,  // 1 or 2
  kFetchXToA,
  kFetchXToB,
  kFetchYToA,
  kFetchYToB,
  kBcr15,
  kBcr14,
  kCompareAndSwap,
  kCompareAndSwapDouble,
  kLoadAndAdd,
  kTestAndSet,
};
using Acts = std::vector<Act>;

// What a CPU had in its registers at a round's end.
struct Fetched {
  uint32_t a, b;
};
struct Round {
  std::array<Fetched, 4> of;
  uint32_t x, y;  // in storage, at last
};

// General register 1 has the address of x, 2 of y, 3 of the results, 6 of this CPU's turn, 7, 8
// and 14 of those of others, 13 of scratch; 4 and 5 are a and b, 9 is one, 15 two, 10 the turn, 11
// what is left, 12 and 0 come and go.
void PutAct(Code& code, Act act, int size) {
  // With a register, an opcode for each size; RXY where it has to be.
  const auto store = [&](int r, int b) {
    switch (size) {
      case 1:
        return code.Put({0x42, r << 4, b << 4, 0});  // stc
      case 2:
        return code.Put({0x40, r << 4, b << 4, 0});  // sth
      case 4:
        return code.Put({0x50, r << 4, b << 4, 0});  // st
      default:
        return code.Put({0xe3, r << 4, b << 4, 0, 0, 0x24});  // stg
    }
  };
  const auto fetch = [&](int r, int b) {
    switch (size) {
      case 1:
        return code.Put({0xe3, r << 4, b << 4, 0, 0, 0x90});  // llgc
      case 2:
        return code.Put({0xe3, r << 4, b << 4, 0, 0, 0x91});  // llgh
      case 4:
        return code.Put({0x58, r << 4, b << 4, 0});  // l
      default:
        return code.Put({0xe3, r << 4, b << 4, 0, 0, 0x04});  // lg
    }
  };
  switch (act) {
    case Act::kStoreX1:
      return store(9, 1);
    case Act::kStoreX2:
      return store(15, 1);
    case Act::kStoreY1:
      return store(9, 2);
    case Act::kStoreY2:
      return store(15, 2);
    case Act::kFetchXToA:
      return fetch(4, 1);
    case Act::kFetchXToB:
      return fetch(5, 1);
    case Act::kFetchYToA:
      return fetch(4, 2);
    case Act::kFetchYToB:
      return fetch(5, 2);
    case Act::kBcr15:
      return code.Put({0x07, 0xf0});
    case Act::kBcr14:
      return code.Put({0x07, 0xe0});
    case Act::kCompareAndSwap:
      return code.Put({0xba, 0x00, 0xd0, 0x00});  // cs 0,0
    case Act::kCompareAndSwapDouble:
      return code.Put({0xeb, 0x44, 0xd0, 0, 0, 0x3e});  // cdsg 4,4
    case Act::kLoadAndAdd:
      return code.Put({0xeb, 0x09, 0xd0, 0, 0, 0xf8});  // laa 0,9
    case Act::kTestAndSet:
      return code.Put({0x93, 0x00, 0xd0, 0x40});
  }
}

class Litmus {
 public:
  Litmus(const std::vector<Acts>& acts, int size) : size_(size), storage_(acts.size()) {
    for (size_t cpu = 0; cpu < acts.size(); ++cpu) PutCode(cpu, acts[cpu]);
  }

  // How many rounds ended as `is_seen` says, of as many as there are, or of more until one does,
  // for `seconds` at most. None of those that are left: time was over.
  uint64_t Count(const std::function<bool(const Round&)>& is_seen, uint64_t rounds,
                 int seconds_for_one = 0) {
    const auto end = steady_clock::now() + std::chrono::seconds(seconds_for_one);
    uint64_t seen = 0;
    uint64_t done = 0;
    bool first = true;
    storage_.Run([&] {
      if (!first) {
        seen += static_cast<uint64_t>(CountBatch(is_seen));
        done += kRoundsOfBatch;
      }
      first = false;
      if (done >= rounds && (seen > 0 || steady_clock::now() >= end)) return false;
      Begin();
      return true;
    });
    return seen;
  }

 private:
  static uint64_t TurnOf(size_t cpu) { return kTurns + 256 * cpu; }
  static uint64_t Location(int which) {
    return kLocations + kSizeOfLocation * static_cast<uint64_t>(which);
  }
  static uint64_t ResultsOf(size_t cpu) { return kResults + kResultsOfCpu * cpu; }

  void PutCode(size_t cpu, const Acts& acts) {
    constexpr int kOthers[] = {7, 8, 14};
    Code code;
    code.Put({0x50, 0xa0, 0x60, 0x00});  // st 10,0(6): its turn
    // A round begins once the others have come to it, if that is soon.
    for (size_t other = 0; other + 1 < storage_.cpus.size(); ++other) {
      code.Put({0xa7, 0xc8, 0x01, 0x2c});  // lhi 12,300
      const size_t again = code.size();
      code.Put({0x58, 0x00, kOthers[other] << 4, 0x00});  // l 0,0(other)
      code.Put({0x15, 0x0a});                             // clr 0,10
      const size_t leaves = code.size();
      code.BranchIf(10, 0);  // equal or high
      code.BranchOnCount(12, again);
      code.ComesHere(leaves);
    }
    for (const Act act : acts) PutAct(code, act, size_);
    code.Put({0x50, 0x40, 0x30, 0x00});                       // st 4,0(3)
    code.Put({0x50, 0x50, 0x30, 0x04});                       // st 5,4(3)
    code.Put({0x41, 0x10, 0x10, static_cast<int>(kStride)});  // la 1,stride(1)
    code.Put({0x41, 0x20, 0x20, static_cast<int>(kStride)});  // la 2,stride(2)
    code.Put({0x41, 0x30, 0x30, 0x08});                       // la 3,8(3)
    code.Put({0xa7, 0xaa, 0x00, 0x01});                       // ahi 10,1
    code.BranchOnCount(11, 0);
    code.Put({0x83, 0x00, 0x00, 0x44});  // diag
    code.PutAt(storage_.machine, kCode + 0x1000 * cpu);
  }

  void Begin() {
    std::memset(storage_.machine.At(kLocations), 0, 2 * kSizeOfLocation);
    std::memset(storage_.machine.At(kTurns), 0, 0x1000);
    std::memset(storage_.machine.At(kScratch), 0, 0x1000);
    for (size_t number = 0; number < storage_.cpus.size(); ++number) {
      CpuState& state = storage_.cpus[number]->state;
      state.psw.address = kCode + 0x1000 * number;
      state.gpr = {};
      state.gpr[1] = Location(0);
      state.gpr[2] = Location(1);
      state.gpr[3] = ResultsOf(number);
      state.gpr[6] = TurnOf(number);
      size_t other = 0;
      for (const size_t r : {7, 8, 14}) {
        other += other == number;
        state.gpr[r] = TurnOf(other++ % 4);
      }
      state.gpr[9] = 1;
      state.gpr[15] = 2;
      state.gpr[10] = 1;
      state.gpr[11] = kRoundsOfBatch;
      state.gpr[13] = kScratch + 256 * number;
    }
  }

  int64_t CountBatch(const std::function<bool(const Round&)>& is_seen) {
    GuestMachine& machine = storage_.machine;
    for (const auto& cpu : storage_.cpus) {
      EXPECT_EQ(cpu->block.ipa, 0x8300) << std::hex << cpu->block.iprcc;
    }
    int64_t seen = 0;
    for (uint64_t number = 0; number < kRoundsOfBatch; ++number) {
      Round round{};
      for (size_t cpu = 0; cpu < storage_.cpus.size(); ++cpu) {
        const uint64_t at = ResultsOf(cpu) + 8 * number;
        round.of[cpu] = {machine.Read<uint32_t>(at), machine.Read<uint32_t>(at + 4)};
      }
      round.x = Last(Location(0) + kStride * number);
      round.y = Last(Location(1) + kStride * number);
      seen += is_seen(round);
    }
    return seen;
  }
  uint32_t Last(uint64_t at) {
    GuestMachine& machine = storage_.machine;
    return size_ == 1   ? machine.Read<uint8_t>(at)
           : size_ == 2 ? machine.Read<uint16_t>(at)
           : size_ == 4 ? machine.Read<uint32_t>(at)
                        : static_cast<uint32_t>(machine.Read<uint64_t>(at));
  }

  int size_;
  SharedStorage storage_;
};

class StorageOrderingTest : public testing::TestWithParam<int> {
 protected:
  // Never as `is_seen` says, whatever the size of the operands.
  void ExpectNone(const std::vector<Acts>& acts, const std::function<bool(const Round&)>& is_seen) {
    EXPECT_EQ(Litmus(acts, GetParam()).Count(is_seen, Rounds()), 0u);
  }
};

Acts Between(Act first, Act between, Act last) {
  return {first, between, last};
}
bool BothFetchedZero(const Round& round) {
  return round.of[0].a == 0 && round.of[1].a == 0;
}

// The same on the host: whether it overtakes, and often enough for a guest to be seen to.
uint64_t HostOvertakes(uint64_t rounds, int seconds_for_one) {
  struct alignas(128) Word {
    std::atomic<uint32_t> value = 0;
  };
  std::vector<Word> x(kRoundsOfBatch), y(kRoundsOfBatch);
  std::array<std::vector<uint32_t>, 2> fetched;
  for (auto& results : fetched) results.resize(kRoundsOfBatch);
  std::array<Word, 2> turns;
  uint64_t seen = 0, done = 0;
  bool goes_on = true, first = true;
  const auto end = steady_clock::now() + std::chrono::seconds(seconds_for_one);
  std::barrier ready(2, [&]() noexcept {
    for (size_t i = 0; i < kRoundsOfBatch && !first; ++i)
      seen += fetched[0][i] == 0 && fetched[1][i] == 0;
    if (!first) done += kRoundsOfBatch;
    first = false;
    goes_on = done < rounds || (seen == 0 && steady_clock::now() < end);
    for (size_t i = 0; i < kRoundsOfBatch; ++i) x[i].value = y[i].value = 0;
    turns[0].value = turns[1].value = 0;
  });
  const auto run = [&](size_t self, std::vector<Word>& mine, std::vector<Word>& others) {
    for (;;) {
      ready.arrive_and_wait();
      if (!goes_on) return;
      for (uint32_t i = 0; i < kRoundsOfBatch; ++i) {
        turns[self].value.store(i + 1, std::memory_order_relaxed);
        for (int n = 0; n < 300 && turns[1 - self].value.load(std::memory_order_relaxed) <= i;
             ++n) {
        }
        mine[i].value.store(1, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        fetched[self][i] = others[i].value.load(std::memory_order_relaxed);
      }
    }
  };
  std::thread other([&] { run(1, y, x); });
  run(0, x, y);
  other.join();
  return seen;
}

// It shows that these tests see what they look for.
TEST_P(StorageOrderingTest, AFetchOvertakesAStore) {
  const char* engine = std::getenv("UCONTROL_ENGINE");
  const char* chaos = std::getenv("UCONTROL_CHAOS");
  if ((engine && std::string(engine) == "interpreter") || chaos)
    GTEST_SKIP() << "its instructions take so long that the store is over";
  if (HostOvertakes(Rounds(), 20) < 10) GTEST_SKIP() << "the host hardly shows it";
  EXPECT_GT(Litmus({{Act::kStoreX1, Act::kFetchYToA}, {Act::kStoreY1, Act::kFetchXToA}}, GetParam())
                .Count(BothFetchedZero, Rounds(), /*seconds_for_one=*/30),
            0u);
}

TEST_P(StorageOrderingTest, AFetchOvertakesNoStoreIfTheCpuSerializes) {
  for (const Act act : {Act::kBcr15, Act::kBcr14, Act::kCompareAndSwap, Act::kCompareAndSwapDouble,
                        Act::kLoadAndAdd, Act::kTestAndSet}) {
    SCOPED_TRACE(static_cast<int>(act));
    ExpectNone({Between(Act::kStoreX1, act, Act::kFetchYToA),
                Between(Act::kStoreY1, act, Act::kFetchXToA)},
               BothFetchedZero);
  }
}

TEST_P(StorageOrderingTest, AStoreOvertakesNoStore) {
  ExpectNone({{Act::kStoreX1, Act::kStoreY1}, {Act::kFetchYToA, Act::kFetchXToB}},
             [](const Round& round) { return round.of[1].a == 1 && round.of[1].b == 0; });
}

TEST_P(StorageOrderingTest, StoresOfTwoCpusToTwoLocationsAreNotTurnedRound) {
  ExpectNone({{Act::kStoreX1, Act::kStoreY2}, {Act::kStoreY1, Act::kStoreX2}},
             [](const Round& round) { return round.x == 1 && round.y == 1; });
}

TEST_P(StorageOrderingTest, AStoreOvertakesNoFetch) {
  ExpectNone({{Act::kFetchXToA, Act::kStoreY1}, {Act::kFetchYToA, Act::kStoreX1}},
             [](const Round& round) { return round.of[0].a == 1 && round.of[1].a == 1; });
  ExpectNone({{Act::kStoreX2, Act::kStoreY1}, {Act::kFetchYToA, Act::kStoreX1}},
             [](const Round& round) { return round.x == 2 && round.of[1].a == 1; });
}

TEST_P(StorageOrderingTest, FetchesOfOneLocationSeeItsStoresInTheirOrder) {
  ExpectNone({{Act::kStoreX1, Act::kStoreX2}, {Act::kFetchXToA, Act::kFetchXToB}},
             [](const Round& round) { return round.of[1].a > round.of[1].b; });
}

TEST_P(StorageOrderingTest, ACpuSeesItsOwnStoreFirst) {
  ExpectNone({{Act::kStoreX1, Act::kFetchXToA}, {Act::kStoreX2, Act::kFetchXToA}},
             [](const Round& round) {
               return round.of[0].a == 0 || round.of[1].a == 0 ||
                      (round.of[0].a == 2 && round.of[1].a == 1);
             });
}

TEST_P(StorageOrderingTest, FourCpusSeeIndependentStoresInOneOrder) {
  ExpectNone({{Act::kStoreX1},
              {Act::kStoreY1},
              {Act::kFetchXToA, Act::kFetchYToB},
              {Act::kFetchYToA, Act::kFetchXToB}},
             [](const Round& round) {
               return round.of[2].a == 1 && round.of[2].b == 0 && round.of[3].a == 1 &&
                      round.of[3].b == 0;
             });
}

// What the first stores, and the second has seen when it stores, the third sees too.
TEST_P(StorageOrderingTest, WhatWasSeenBeforeAStoreIsSeenWithIt) {
  ExpectNone(
      {{Act::kStoreX1}, {Act::kFetchXToA, Act::kStoreY1}, {Act::kFetchYToA, Act::kFetchXToB}},
      [](const Round& round) {
        return round.of[1].a == 1 && round.of[2].a == 1 && round.of[2].b == 0;
      });
}

INSTANTIATE_TEST_SUITE_P(Sizes, StorageOrderingTest, testing::Values(1, 2, 4, 8));

}  // namespace
}  // namespace hypervisor
