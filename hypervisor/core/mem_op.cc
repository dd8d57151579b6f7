#include "hypervisor/core/mem_op.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/arch/psw.h"
#include "hypervisor/core/absolute_access.h"
#include "hypervisor/core/atomic_user.h"
#include "hypervisor/core/interrupt_requests.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/storage/byte_order.h"
#include "hypervisor/storage/dat.h"

namespace hypervisor {
namespace {

enum : uint32_t {  // KVM_S390_MEMOP_*
  kLogicalRead = 0,
  kLogicalWrite = 1,
  kSidaRead = 2,
  kSidaWrite = 3,
  kAbsoluteRead = 4,
  kAbsoluteWrite = 5,
  kAbsoluteCmpxchg = 6,
};
constexpr uint64_t kCheckOnly = 1;        // KVM_S390_MEMOP_F_CHECK_ONLY
constexpr uint64_t kInjectException = 2;  // KVM_S390_MEMOP_F_INJECT_EXCEPTION
constexpr uint64_t kKeyProtection = 4;    // KVM_S390_MEMOP_F_SKEY_PROTECTION

int64_t Validate(const uapi::MemOp& operation, uint64_t flags) {
  if (operation.flags & ~flags || operation.size == 0) return -EINVAL;
  if (operation.size > kMemOpLimit) return -E2BIG;
  if (operation.flags & kKeyProtection && operation.key > 15) return -EINVAL;
  return 0;
}

uint8_t AccessKey(const uapi::MemOp& operation) {
  return operation.flags & kKeyProtection ? operation.key : 0;
}

int64_t Answer(PgmCode code) {
  return static_cast<int64_t>(code);
}

// Key-controlled protection (PoP: Storage, "Key-Controlled Protection").
bool KeyAllows(const Vm& vm, UserAddress user, uint8_t key, bool store) {
  if (key == 0) return true;
  const uint8_t storage_key = vm.system.keys.KeyOf(user).load();
  if (storage_key >> 4 == key) return true;
  return !store && !(storage_key & kKeyFetchProtection);
}

// 0, or the program interruption that an access to [address, address + size) would cause.
int64_t CheckAccess(const Vm& vm, GuestAbsolute address, uint64_t size, uint8_t key, bool store) {
  for (uint64_t done = 0; done < size;) {
    const GuestAbsolute at = address + done;
    const auto user = FindUserAddress(vm, at);
    if (!user) return Answer(PgmCode::kAddressing);
    if (!KeyAllows(vm, *user, key, store)) return Answer(PgmCode::kProtection);
    done += kPageSize - at.byte_in_page();
  }
  return 0;
}

int64_t Transfer(const Vm& vm, GuestAbsolute address, std::vector<uint8_t>& bytes, uint64_t buffer,
                 bool store) {
  if (store && !CopyFromUser(bytes.data(), buffer, bytes.size())) return -EFAULT;
  const AbsoluteAccess access = store ? WriteAbsolute(vm, address, bytes.data(), bytes.size())
                                      : ReadAbsolute(vm, address, bytes.data(), bytes.size());
  if (access == AbsoluteAccess::kNoSlot) return Answer(PgmCode::kAddressing);
  if (access == AbsoluteAccess::kNoMemory) return -EFAULT;
  if (!store && !CopyToUser(buffer, bytes.data(), bytes.size())) return -EFAULT;
  return 0;
}

int64_t AbsoluteTransfer(const Vm& vm, const uapi::MemOp& operation, bool store) {
  if (const int64_t bad = Validate(operation, kCheckOnly | kKeyProtection)) return bad;
  const GuestAbsolute address(operation.gaddr);
  if (const int64_t code = CheckAccess(vm, address, operation.size, AccessKey(operation), store))
    return code;
  if (operation.flags & kCheckOnly) return 0;
  std::vector<uint8_t> bytes(operation.size);
  return Transfer(vm, address, bytes, operation.buf, store);
}

bool IsCmpxchgSize(uint32_t size) {
  return size == 1 || size == 2 || size == 4 || size == 8 || size == 16;
}

int64_t AbsoluteCompareAndSwap(const Vm& vm, const uapi::MemOp& operation) {
  if (const int64_t bad = Validate(operation, kKeyProtection)) return bad;
  if (!IsCmpxchgSize(operation.size) || operation.gaddr % operation.size != 0) return -EINVAL;
  std::array<uint8_t, 16> desired;
  std::array<uint8_t, 16> expected;
  if (!CopyFromUser(desired.data(), operation.buf, operation.size)) return -EFAULT;
  if (!CopyFromUser(expected.data(), operation.old_addr, operation.size)) return -EFAULT;
  const GuestAbsolute address(operation.gaddr);
  if (const int64_t code = CheckAccess(vm, address, operation.size, AccessKey(operation), true))
    return code;
  switch (CompareAndSwapUser(*FindUserAddress(vm, address), operation.size, desired.data(),
                             expected.data())) {
    case UserSwap::kSwapped:
      return 0;
    case UserSwap::kUnequal:
      return CopyToUser(operation.old_addr, expected.data(), operation.size) ? 0 : -EFAULT;
    case UserSwap::kNoMemory:
      break;
  }
  return -EFAULT;
}

// Where a logical access goes, and what it is allowed to do there: one page of it.
class LogicalAccess {
 public:
  LogicalAccess(const Vcpu& vcpu, const uapi::MemOp& operation, bool store)
      : vcpu_(vcpu), operation_(operation), store_(store) {
    const uapi::SieBlock& block = vcpu.block();
    psw_ = {block.gpsw_mask, block.gpsw_addr};
  }

  // The absolute address of a byte; nothing after a program interruption or a bad table.
  std::optional<GuestAbsolute> Resolve(GuestLogical logical) {
    const uapi::SieBlock& block = vcpu_.block();
    if (store_ && IsLowAddressProtected(logical)) return Fail(PgmCode::kProtection);
    GuestReal real(logical.raw());
    if (psw_.dat()) {
      const std::optional<uint64_t> asce = Asce();
      if (!asce) return Fail(PgmCode::kAleSequence);
      const CpuModel& model = vcpu_.vm().model;
      const bool edat1 = model.Has(Facility::kEdat1) && block.gcr[0] & cr0::kEnhancedDat;
      const DatFeatures features{.edat1 = edat1,
                                 .edat2 = edat1 && model.Has(Facility::kEdat2),
                                 .iep = false,
                                 .prefix = block.prefix()};
      const DatResult walk = Translate(*asce, logical, features,
                                       [this](GuestAbsolute entry) { return ReadEntry(entry); });
      if (walk.table_unreadable) return std::nullopt;
      if (!walk.ok()) return Fail(walk.exception);
      if (store_ && walk.protection) return Fail(PgmCode::kProtection);
      real = walk.address;
    }
    const GuestAbsolute absolute = ApplyPrefix(real, block.prefix());
    const int64_t code = CheckAccess(vcpu_.vm(), absolute, 1, AccessKey(operation_), store_);
    if (code != 0) return Fail(static_cast<PgmCode>(code));
    return absolute;
  }

  // Why Resolve gave nothing: a code, or -EFAULT.
  int64_t failure() const { return failure_; }
  const Psw& psw() const { return psw_; }

 private:
  std::nullopt_t Fail(PgmCode code) {
    failure_ = Answer(code);
    return std::nullopt;
  }

  // Locations 0-511 and 4096-4607 (PoP: Storage, "Low-Address Protection").
  bool IsLowAddressProtected(GuestLogical logical) const {
    if (!(vcpu_.block().gcr[0] & cr0::kLowAddressProtection)) return false;
    if (psw_.dat() && Asce().value_or(0) & asce::kPrivateSpace) return false;
    return (logical.raw() & ~uint64_t{0x11ff}) == 0;
  }

  std::optional<uint64_t> Asce() const {
    const uint64_t* cr = vcpu_.block().gcr;
    switch (psw_.address_space_control()) {
      case AddressSpaceControl::kPrimary:
        return cr[kPrimaryAsce];
      case AddressSpaceControl::kSecondary:
        return cr[kSecondaryAsce];
      case AddressSpaceControl::kHome:
        return cr[kHomeAsce];
      case AddressSpaceControl::kAccessRegister:
        break;
    }
    // ALETs 0 and 1 name the primary and the secondary space; no access lists are walked here.
    switch (operation_.ar ? vcpu_.run().s.regs.acrs[operation_.ar] : 0) {
      case 0:
        return cr[kPrimaryAsce];
      case 1:
        return cr[kSecondaryAsce];
      default:
        return std::nullopt;
    }
  }

  std::optional<uint64_t> ReadEntry(GuestAbsolute entry) {
    std::array<uint8_t, 8> bytes;
    switch (ReadAbsolute(vcpu_.vm(), entry, bytes.data(), bytes.size())) {
      case AbsoluteAccess::kDone:
        break;
      case AbsoluteAccess::kNoSlot:
        failure_ = Answer(PgmCode::kAddressing);
        return std::nullopt;
      case AbsoluteAccess::kNoMemory:
        failure_ = -EFAULT;
        return std::nullopt;
    }
    return LoadStorage<uint64_t>(bytes.data());
  }

  const Vcpu& vcpu_;
  const uapi::MemOp& operation_;
  const bool store_;
  Psw psw_;
  int64_t failure_ = 0;
};

struct Part {
  GuestAbsolute address;
  size_t offset;
  size_t size;
};

int64_t LogicalTransfer(Vcpu& vcpu, const uapi::MemOp& operation, bool store) {
  LogicalAccess access(vcpu, operation, store);
  std::vector<Part> parts;
  for (uint64_t done = 0; done < operation.size;) {
    const GuestLogical logical((operation.gaddr + done) & access.psw().address_mask());
    const size_t step =
        std::min<uint64_t>(operation.size - done, kPageSize - logical.byte_in_page());
    const auto absolute = access.Resolve(logical);
    if (!absolute) return access.failure();
    parts.push_back({*absolute, done, step});
    done += step;
  }
  if (operation.flags & kCheckOnly) return 0;
  for (const Part& part : parts) {
    std::vector<uint8_t> bytes(part.size);
    const int64_t result =
        Transfer(vcpu.vm(), part.address, bytes, operation.buf + part.offset, store);
    if (result != 0) return result;
  }
  return 0;
}

int64_t LogicalOperation(Vcpu& vcpu, const uapi::MemOp& operation, bool store) {
  if (const int64_t bad = Validate(operation, kCheckOnly | kInjectException | kKeyProtection))
    return bad;
  if (operation.ar > 15) return -EINVAL;
  const int64_t result = LogicalTransfer(vcpu, operation, store);
  if (result > 0 && operation.flags & kInjectException) {
    uapi::Irq irq{};
    irq.type = uapi::kProgramInt;
    irq.pgm.code = static_cast<uint16_t>(result);
    if (const int64_t refused = InjectIrq(vcpu, irq)) return refused;
  }
  return result;
}

// Only protected guests have the data area that these name.
int64_t SidaOperation(const uapi::MemOp& operation) {
  if (operation.flags || operation.size == 0) return -EINVAL;
  if (operation.sida_offset + uint64_t{operation.size} > UINT32_MAX) return -EINVAL;
  if (operation.sida_offset + operation.size > kPageSize) return -E2BIG;
  return -EINVAL;
}

}  // namespace

int64_t VmMemOp(Vm& vm, const uapi::MemOp& operation) {
  switch (operation.op) {
    case kAbsoluteRead:
      return AbsoluteTransfer(vm, operation, false);
    case kAbsoluteWrite:
      return AbsoluteTransfer(vm, operation, true);
    case kAbsoluteCmpxchg:
      return AbsoluteCompareAndSwap(vm, operation);
    default:
      return -EINVAL;
  }
}

int64_t VcpuMemOp(Vcpu& vcpu, const uapi::MemOp& operation) {
  switch (operation.op) {
    case kLogicalRead:
      return LogicalOperation(vcpu, operation, false);
    case kLogicalWrite:
      return LogicalOperation(vcpu, operation, true);
    case kSidaRead:
    case kSidaWrite:
      return SidaOperation(operation);
    default:
      return -EINVAL;
  }
}

}  // namespace hypervisor
