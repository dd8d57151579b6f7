// The interpreter and the translator execute the same random code from the same state, and must
// come to the same end: registers, storage, keys, why SIE ended, and after how many instructions.
//
// Code comes in groups, which depend on the seed and the group's number alone. A group's code is
// run many times, each from another state; a run goes on behind what interrupted it. What loops is
// ended after a while, and the interpreter is then compared after as many instructions.
//
// With an odd seed the guest uses storage keys. With an even one it doesn't: the translator may
// then say of a page that it was referenced though it wasn't, which is as good.
#ifndef TESTS_HYPERVISOR_SIE_TRANSLATOR_LOCK_STEP_H_
#define TESTS_HYPERVISOR_SIE_TRANSLATOR_LOCK_STEP_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/hypervisor/sie/guest_machine.h"
#include "tests/hypervisor/sie/translator/counted_interpreter.h"
#include "tests/hypervisor/sie/translator/random_code.h"

namespace hypervisor {

class LockStep {
 public:
  struct Counts {
    uint64_t groups = 0;
    uint64_t runs = 0;
    uint64_t steps = 0;         // entries of SIE that were compared
    uint64_t instructions = 0;  // in these
    uint64_t of_loops = 0;      // of these, in steps that had to be ended
    uint64_t faults = 0;        // steps that a program interruption ended
    uint64_t set_aside = 0;     // runs that can't be compared: of clocks, or of changed tables
  };

  // `waits_for_warm`: code that is executed for the first time isn't translated.
  explicit LockStep(uint64_t seed, bool waits_for_warm = false);
  ~LockStep();
  LockStep(const LockStep&) = delete;
  LockStep& operator=(const LockStep&) = delete;

  // False: this host has no translator.
  bool available() const { return translated_.sie != nullptr; }

  // Executes a group. False: difference() tells what differs.
  bool Execute(uint64_t group);

  // For whoever looks for the cause of a difference: storage is compared after each step.
  void CompareEachStep() { compares_each_step_ = true; }

  const std::string& difference() const { return difference_; }
  const Counts& counts() const { return counts_; }
  const CountedInterpreter& interpreter() const { return *interpreter_; }
  const Sie& translator() const { return *translated_.sie; }
  GuestMachine& translated() { return translated_; }
  GuestMachine& interpreted() { return interpreted_; }

 private:
  // What a group's storage accesses come across beside what its random addresses do.
  enum class Faults { kSome, kEachStore, kEachAccess };
  enum class End { kAlike, kSetAside, kDiffers };
  struct Start {
    CpuState cpu;
    uint64_t limit;
  };

  void Begin();           // a group
  void BeginRun();        // its CPU's state
  bool GoOn();            // behind what ended the step before; false if it can't
  uint64_t RandomMode();  // a PSW's mask
  End Run();
  End Step();
  SieExit RunOne(GuestMachine& machine);
  bool TablesChanged(GuestMachine& machine);
  // Whether the interpreter does the same each time: code that looks at a clock doesn't, though it
  // may see the same nanosecond now and then.
  bool IsRepeatable();
  End Differs(const std::string& what);
  std::string WhatDiffers(const SieExit& first, const SieExit& second);
  std::string WhereStorageDiffers(uint64_t start, uint64_t size);
  std::string WhereComparedDiffers();
  std::string WhereAllDiffers();
  std::string Describe();
  void Save(std::vector<uint8_t>& bytes);
  void Watch();

  const uint64_t seed_;
  Random random_{0};
  const bool uses_keys_ = seed_ % 2 != 0;
  RandomCode code_{random_, uses_keys_};
  GuestMachine interpreted_;
  GuestMachine translated_;
  CountedInterpreter* interpreter_;  // interpreted_'s
  Faults faults_ = Faults::kSome;
  uint64_t mode_ = 0;  // of most of the group's runs
  std::vector<uint8_t> before_;
  std::vector<uint8_t> tables_;
  std::vector<Start> starts_;  // of the run's steps
  uint64_t executed_ = 0;      // instructions in the latest step
  bool compares_each_step_ = false;
  uint64_t group_ = 0;
  uint64_t run_ = 0;
  Counts counts_;
  std::string difference_;

  std::atomic<Sie*> running_ = nullptr;
  std::atomic<uint64_t> entries_ = 0;
  std::atomic<bool> done_ = false;
  std::thread watch_;
};

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_TRANSLATOR_LOCK_STEP_H_
