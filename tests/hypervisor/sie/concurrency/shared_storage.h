// CPUs that share one storage, each run by a thread of its own.
#ifndef TESTS_HYPERVISOR_SIE_CONCURRENCY_SHARED_STORAGE_H_
#define TESTS_HYPERVISOR_SIE_CONCURRENCY_SHARED_STORAGE_H_

#include <barrier>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {

class SharedStorage {
 public:
  struct Cpu {
    AddressSpace space;
    uapi::SieBlock block{};
    CpuState state;
    std::unique_ptr<Sie> sie;
  };

  explicit SharedStorage(size_t count) {
    for (size_t number = 0; number < count; ++number) {
      auto cpu = std::make_unique<Cpu>();
      cpu->space.Map(UserAddress(reinterpret_cast<uint64_t>(machine.At(0))), VcpuAddress(0),
                     GuestMachine::kStorageSize);
      cpu->block = machine.block;
      cpu->block.ictl = uapi::kIctlPint;
      cpu->state = machine.cpu;
      cpu->sie =
          MakeEngine({cpu->space, machine.keys, machine.broadcast, machine.facilities_, &code});
      cpus.push_back(std::move(cpu));
    }
  }

  // Runs all CPUs at once, again and again until `between`, which is called before each time while
  // none of them runs, says that it is enough.
  void Run(const std::function<bool()>& between) {
    bool goes_on = true;
    std::barrier ready(static_cast<std::ptrdiff_t>(cpus.size()),
                       [&]() noexcept { goes_on = between(); });
    std::vector<std::thread> threads;
    for (const auto& cpu : cpus) {
      threads.emplace_back([&ready, &goes_on, &cpu = *cpu] {
        for (;;) {
          ready.arrive_and_wait();
          if (!goes_on) return;
          cpu.sie->Run(cpu.block, cpu.state);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  GuestMachine machine;  // whose storage, keys and broadcast domain they share
  CodeOfVm code;
  std::vector<std::unique_ptr<Cpu>> cpus;
};

// Code as it is assembled.
class Code {
 public:
  void Put(std::initializer_list<int> bytes) {
    for (const int byte : bytes) bytes_.push_back(static_cast<uint8_t>(byte));
  }
  size_t size() const { return bytes_.size(); }
  // A relative branch of four bytes to an offset: BRC under a mask, BRCT of a register.
  void BranchIf(int mask, size_t to) { Branch(0xa7, mask << 4 | 4, to); }
  void BranchOnCount(int r1, size_t to) { Branch(0xa7, r1 << 4 | 6, to); }
  // What a branch ahead, put with any target, goes to: the code's end as it is now.
  void ComesHere(size_t branch) { SetTarget(branch, size()); }
  void PutAt(GuestMachine& machine, uint64_t address) const {
    std::memcpy(machine.At(address), bytes_.data(), bytes_.size());
  }

 private:
  void Branch(int first, int second, size_t to) {
    Put({first, second, 0, 0});
    SetTarget(size() - 4, to);
  }
  void SetTarget(size_t branch, size_t to) {
    const auto halfwords = (static_cast<int64_t>(to) - static_cast<int64_t>(branch)) / 2;
    StoreStorage<uint16_t>(&bytes_[branch + 2], static_cast<uint16_t>(halfwords));
  }

  std::vector<uint8_t> bytes_;
};

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_CONCURRENCY_SHARED_STORAGE_H_
