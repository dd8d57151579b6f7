// One guest CPU on the engine that UCONTROL_ENGINE names, with storage of its own, for tests of the
// engine.
#ifndef TESTS_HYPERVISOR_SIE_GUEST_MACHINE_H_
#define TESTS_HYPERVISOR_SIE_GUEST_MACHINE_H_

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "hypervisor/sie/broadcast_domain.h"
#include "hypervisor/sie/offered_facilities.h"
#include "hypervisor/sie/sie.h"
#include "hypervisor/storage/byte_order.h"

namespace hypervisor {

// Storage starts at absolute 0; the CPU in z/Architecture supervisor state, DAT off, 64-bit mode.
class GuestMachine {
 public:
  static constexpr uint64_t kStorageSize = 4 * kSegmentSize;
  static constexpr uint64_t kProgram = 0x10000;

  explicit GuestMachine(FacilityList facilities = OfferedFacilities()) : facilities_(facilities) {
    // Aligned to a segment; whoever touches what is beside it ends the test.
    mapped_ = mmap(nullptr, kMapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    const auto raw = reinterpret_cast<uint64_t>(mapped_);
    storage_ = reinterpret_cast<uint8_t*>((raw + 2 * kSegmentSize - 1) & ~(kSegmentSize - 1));
    mprotect(storage_, kStorageSize, PROT_READ | PROT_WRITE);
    space.Map(UserAddress(reinterpret_cast<uint64_t>(storage_)), VcpuAddress(0), kStorageSize);
    block.cpuflags = uapi::kCpuZarch | uapi::kCpuSm;
    block.eca = uapi::kEcaMvpgi | uapi::kEcaProtexci | uapi::kEcaCei;
    block.ecb2 = uapi::kEcb2Pfmfi;
    block.cputm = uint64_t{1} << 60;
    cpu.psw = Psw{Psw::kExtendedAddressing | Psw::kBasicAddressing, kProgram};
    cpu.cr[0] = 0xe0 | cr0_afp;
    cpu.cr[14] = 0xc2000000;
    // What a test executes once is to be translated all the same.
    setenv("UCONTROL_REGIONS", "hot", /*overwrite=*/0);
    sie = MakeEngine({space, keys, broadcast, facilities_});
  }
  ~GuestMachine() {
    sie.reset();
    munmap(mapped_, kMapped);
  }

  uint8_t* At(uint64_t address) { return storage_ + address; }
  template <typename T>
  void Put(uint64_t address, T value) {
    StoreStorage<T>(At(address), value);
  }
  template <typename T>
  T Read(uint64_t address) {
    return LoadStorage<T>(At(address));
  }
  // Code as it stands in storage.
  void PutCode(uint64_t address, std::initializer_list<uint8_t> code) {
    std::memcpy(At(address), code.begin(), code.size());
  }

  SieExit Run() { return sie->Run(block, cpu); }

  static constexpr uint64_t cr0_afp = 0x40000;
  FacilityList facilities_;
  AddressSpace space;
  StorageKeys keys;
  BroadcastDomain broadcast;
  uapi::SieBlock block{};
  CpuState cpu;
  std::unique_ptr<Sie> sie;

 private:
  static constexpr uint64_t kMapped = kStorageSize + 3 * kSegmentSize;

  void* mapped_;
  uint8_t* storage_;
};

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_GUEST_MACHINE_H_
