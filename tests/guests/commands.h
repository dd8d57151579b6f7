// The host's side of commands.S: a machine on the software device that executes single instructions
// under any PSW, with any control registers and tables, and tells what came of them.
#ifndef TESTS_GUESTS_COMMANDS_H_
#define TESTS_GUESTS_COMMANDS_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/arch/psw.h"
#include "hypervisor/core/software_device.h"
#include "hypervisor/storage/byte_order.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {

// In the order of commands.S.
enum class Operation : uint64_t {
  kEnd,
  kLoad,            // LG 0,0(1)
  kStore,           // STG 2,0(1)
  kStoreMultiple,   // STMG 2,3,0(1)
  kMove,            // MVC 0(256,1),0(2)
  kBranch,          // BR 1
  kTestProtection,  // TPROT 0(1),0(2)
  kLoadRealAddress,
  kInsertKey,
  kSetKey,
  kResetReference,
  kInsertVirtualKey,
  kPurge,
  kMoveLong,
  kCompareLong,
  kMoveLongExtended,
  kInvalid2,
  kInvalid4,
  kInvalid6,
  kAdd,
  kDivide,
  kDivideOdd,
  kCompareAndTrap,
  kExecute,
  kExecuteRelative,
  kSetPswKey,
  kMonitorCall,
  kLoadUnaligned,
  kCompareAndSwap,
  kLoadMultiple,
  kProgramCall,
  kBranchAndStack,
  kProgramReturn,
  kStoreClock,
  kSetCpuTimer,
  kStoreCpuTimer,
  kSetClockComparator,
  kSpin,
  kAddDecimal,
  kCompare,
  kSetAddressSpace,
  kBranchAndSave,
  kStoreReal,
};

struct Command {
  Operation operation;
  std::array<uint64_t, 8> gpr{};
  uint64_t psw_mask = Psw::kExtendedAddressing | Psw::kBasicAddressing;
};

struct Record {
  enum Kind : uint64_t { kCompleted, kProgram, kExternal };
  Kind kind;
  uint16_t ilc;   // of a program interruption
  uint16_t code;  // also of an external one
  uint32_t dxc;
  uint64_t teid;
  Psw psw;  // its address less the instruction's
  uint8_t exception_access_id;
  uint8_t per_code;
  uint8_t per_atmid;
  uint64_t per_address;  // less the instruction's
  std::array<uint64_t, 8> gpr;
};

class CommandMachine {
 public:
  static constexpr uint64_t kStorageSize = 16 << 20;
  static constexpr uint64_t kUser = 0x100000;  // storage that nothing else uses, up to 8 MiB

  CommandMachine();
  ~CommandMachine();
  CommandMachine(const CommandMachine&) = delete;
  CommandMachine& operator=(const CommandMachine&) = delete;

  uint8_t* At(uint64_t address) { return storage_ + address; }
  template <typename T>
  void Put(uint64_t address, T value) {
    StoreStorage<T>(At(address), value);
  }
  template <typename T>
  T Read(uint64_t address) {
    return LoadStorage<T>(At(address));
  }

  std::array<uint64_t, 16> cr{};  // what commands find
  std::array<uint32_t, 16> ar{};
  uint64_t called_address() const { return Symbol(3); }
  uint64_t target_address() const { return Symbol(4); }
  uint64_t AddressOf(Operation operation) const {
    return LoadStorage<uint64_t>(storage_ + Symbol(5) + 8 * static_cast<uint64_t>(operation));
  }

  // One record for each.
  std::vector<Record> Do(const std::vector<Command>& commands);
  Record Do(const Command& command) { return Do(std::vector{command}).at(0); }

 private:
  uint64_t Symbol(uint64_t index) const {
    return LoadStorage<uint64_t>(storage_ + 0x10008 + 8 * index);
  }
  // Presents a program interruption that leaves SIE, as a monitor does.
  void PresentProgramInterruption();

  SoftwareDevice device_;
  int system_;
  int vm_;
  int vcpu_;
  uapi::Run* run_;
  uapi::SieBlock* block_;
  void* mapped_;
  uint8_t* storage_;
};

}  // namespace hypervisor

#endif  // TESTS_GUESTS_COMMANDS_H_
