// The translator: executes guest code as host code that it made of the same semantics. The
// interpreter underneath does what is rare: recording of program events, and all that happens
// between two instructions.
//
// The CPUs of a VM translate for each other (SharedCode); each sees for itself that what a block
// was made from is what the guest has there: see docs/translator.md.
#ifndef HYPERVISOR_SIE_TRANSLATOR_TRANSLATOR_H_
#define HYPERVISOR_SIE_TRANSLATOR_TRANSLATOR_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "hypervisor/sie/interpreter/interpreter.h"
#include "hypervisor/sie/translator/cache/code_cache.h"
#include "hypervisor/sie/translator/cache/page_tables.h"
#include "hypervisor/sie/translator/cache/shared_code.h"
#include "hypervisor/sie/translator/chaos.h"
#include "hypervisor/sie/translator/guest_block.h"
#include "hypervisor/sie/translator/sought_code.h"
#include "hypervisor/sie/translator/x86/frame.h"

namespace hypervisor {

class Translator final : public Interpreter, private HostFaultGuard::Recovery {
 public:
  // Null: the host lacks instructions that the code needs, or refuses memory for it.
  static std::unique_ptr<Translator> Make(const SieEnvironment& environment);
  ~Translator() override;

 private:
  using Key = CodeCache::Key;

  static constexpr int kMostRenewals = 16;         // then the interpreter is quicker
  static constexpr size_t kMostInstructions = 64;  // of one block
  static constexpr size_t kMostInRegion = 160;     // of one that is translated again
  static constexpr uint64_t kSkip = 64;            // bytes that a branch passes over in a region
  static constexpr int kStoresOfBusy = 128;  // into a page of code, then they are watched no more
  static constexpr uint8_t kVisitsOfWarm = 64;
  static constexpr uint8_t kVisitsOfLook = 8;      // in which another CPU's code is looked for once
  static constexpr size_t kMostInterpreted = 512;  // of what is cold, at once
  static constexpr size_t kVisitCounts = 1 << 18;
  static constexpr uint64_t kSeenOnce = 1;  // an epoch before all others
  static constexpr int kSamplesOfHot = 2;   // polls that found a block being executed

  Translator(const SieEnvironment& environment, const Chaos& chaos);

  void AddStatistics(EngineStatistics& sums) const override;

  Outcome Loop() override;
  bool IsCode(const uint8_t* page) override;
  void LowPageStored(uint64_t address, uint8_t* page) override;
  void PurgePages(uint64_t origin, uint8_t index) override;
  HostFaultGuard::Recovery* recovery() override { return this; }
  uint64_t ContinueAt(uint64_t instruction) override;

  void LookAhead();
  Outcome InterpretOne();
  Outcome InterpretRun();
  // How often code was come to, up to kVisitsOfWarm: then it is worth a translation. Until then it
  // is for the interpreter, which goes on while what it comes to is cold too.
  uint8_t& VisitsOf(const Key& key) {
    return visits_[reinterpret_cast<uint64_t>(key.host) / 2 % kVisitCounts];
  }
  bool IsColdToo();
  Outcome Execute(const uint8_t* code);
  uint16_t CurrentMode() const;
  // Makes page tables, mode and salt those of the CPU's state; false if there is no page table.
  bool Synchronize();
  // Where the instruction at ia_ stands; false if the TLB doesn't know.
  bool Locate(Key& key);
  // The code of what stands at ia_ as branches know it; null if they don't.
  const uint8_t* KnownCode() const;
  // Likewise of who looks for it, or translates it; null if it is for the interpreter.
  const uint8_t* FindCode();
  // Forgets what has to be before. Not below translated code.
  const uint8_t* FindCodeOrMakeRoom();
  // The block that is entered has changed.
  const uint8_t* Renew(const x86::Block& block);
  // Another CPU has translated the block that is entered.
  const uint8_t* EnterFirst(const x86::Block& block);
  const x86::Block& BlockAt(uint32_t number) const;
  // Null: it can't be; or nothing can before there is room. `stale` is what isn't good any more.
  x86::Block* Translate(const Key& key, const x86::Block* stale = nullptr);
  // Whoever is interrupted often is hot: its loop is translated as one.
  void Sample();
  void TranslateAgain(const Key& key, x86::Block& first);
  class PageReader;
  void ReadBlock(const Key& key);   // into guest_
  void ReadRegion(const Key& key);  // likewise
  // Of guest_: how often each value is used.
  std::vector<uint16_t> PrepareIr();
  // What guest_ is translated to, or has been meanwhile.
  x86::Block* Add(const Key& key, const std::vector<uint16_t>& uses, const x86::Block* stale);
  void SetSeen(uint32_t number, uint64_t epoch) {
    page_tables_.seen()[number] = epoch;
    seen_count_ = std::max(seen_count_, size_t{number} + 1);
  }
  x86::EngineOffsets Offsets() const;
  static const uint8_t* PageOf(const uint8_t* host) {
    return host - reinterpret_cast<uint64_t>(host) % kPageSize;
  }
  // Whether what this CPU stores into this page of ours is watched.
  bool MarkAsCode(const uint8_t* host);
  void LeaveUnwatched(const uint8_t* page);
  void Forget();
  // To a cache of which this CPU has seen nothing yet.
  void BeginCache(CodeCache* cache);

  // ---- called_by_code.cc ----
  static x86::Helpers CalledByCode();
  // Each is called by way of this, which gives the host's arithmetic to C++.
  template <int (*kHelper)(x86::Frame*)>
  static int Call(x86::Frame* frame);
  static int Load(x86::Frame* frame);
  static int Store(x86::Frame* frame);
  static int ExecuteSite(x86::Frame* frame);
  const x86::Site& Arrive(x86::Frame* frame);
  // The instruction at ia_, which goes on in the next page; null if it can't be fetched at once.
  const Decoded* FetchAcross();
  // What stands at the beginning of the page behind an address; false if it can't be fetched at
  // once.
  bool FetchNextPage(uint64_t address, size_t size, uint8_t* text);
  uint64_t NextPage(uint64_t address) const { return Wrap((address & ~kPageMask) + kPageSize); }
  // After an instruction that asked for a poll: whether there is something to be seen by it. If
  // not, what remains until the next one is `budget` as before.
  bool IsPollDue();
  void TakeBackPoll(int32_t budget);
  // Goes on at ia_, without a poll.
  int GoElsewhere(x86::Frame* frame);
  // Lets branches to ia_, which `key` is of, find its code.
  void Remember(const Key& key, const uint8_t* code);
  void ShowJump(uint64_t address, const uint8_t* code) {
    jumps_[(address >> 1) % x86::kJumpEntries] = {address, salt_, code, 0};
  }
  // Code of ia_, which `key` is of, that was looked for before, perhaps in another space; null:
  // none.
  const uint8_t* SoughtBefore(const Key& key);
  void FillPage(uint64_t address);
  // Makes the window of loads wider, if an address that stands not far behind it is asked for.
  void WidenWindow(uint64_t address);
  // By what stands at its end and is in our memory as the rest of it: 1 MiB at most. False if
  // nothing is.
  bool Widen(PageTables::Window& window, uint64_t asce, bool dat_on);
  void MarkReferenced(UserAddress first, UserAddress end);
  int Ended(const Insn& insn);
  bool StoredIntoBlock(uint64_t address, uint32_t length, const x86::Block& block);

  std::shared_ptr<SharedCode> shared_;
  CodeCache* code_ = nullptr;  // changes only while this CPU is outside of it
  size_t seen_count_ = 0;      // of page_tables_.seen(): zeros only from here on
  absl::flat_hash_map<const uint8_t*, int> code_pages_;  // ours, and this CPU's stores into them
  const uint8_t* busy_page_ = nullptr;  // has just been found to be often stored into
  // Zeros, which take no memory until they are used.
  std::unique_ptr<x86::JumpEntry[], decltype(&std::free)> jumps_;
  SoughtCode sought_;
  PageTables page_tables_;
  // What windows have marked as referenced.
  UserAddress referenced_first_;
  UserAddress referenced_end_;
  x86::PageEntry* table_ = nullptr;
  uint64_t table_context_ = ~uint64_t{0};
  uint64_t flushes_ = ~uint64_t{0};
  uint64_t salt_ = 0;
  uint64_t epoch_ = 0;  // see Frame; 0 is none
  uint16_t mode_ = 0;
  uint64_t forgotten_ = 0;    // how often everything was
  bool code_stored_ = false;  // into a page of code, since this was last made false
  bool purged_here_ = false;  // the page of the instruction was purged by it
  bool ended_ = false;        // an instruction needs EndInstruction
  // For tests: no code waits until it is hot, and whatever it branches to is of its region.
  bool regions_always_ = false;
  bool waits_for_warm_ = true;  // likewise: or all code is translated at once
  const Chaos chaos_;
  bool is_cold_ = false;       // what stands at ia_
  bool ran_for_long_ = false;  // until the poll that is due
  // To what isn't translated yet. Zeros likewise.
  std::unique_ptr<uint8_t[], decltype(&std::free)> visits_;

  GuestBlock guest_;

  // What AddStatistics tells.
  struct Counts {
    uint64_t blocks = 0;
    uint64_t regions = 0;
    uint64_t nanoseconds = 0;  // spent on these
    uint64_t renewals = 0;
    std::array<uint64_t, 6> exits{};  // by Leave
    uint64_t interpreted_runs = 0;
    uint64_t refused = 0;        // blocks of which the emitter could make no code
    uint64_t lookup_misses = 0;  // branches whose target no table of the code's own knew
    uint64_t handler_calls = 0;
    uint64_t slow_loads = 0;
    uint64_t slow_stores = 0;
    uint64_t widest_window = 0;
  };
  Counts counts_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_TRANSLATOR_H_
