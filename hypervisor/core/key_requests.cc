#include "hypervisor/core/key_requests.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "hypervisor/core/absolute_access.h"
#include "hypervisor/core/user_copy.h"

namespace hypervisor {
namespace {

constexpr int64_t kNoKeys = 1;           // KVM_S390_GET_SKEYS_NONE
constexpr uint64_t kMaxKeys = 1048576;   // KVM_S390_SKEYS_MAX
constexpr uint32_t kMaxCmma = 0x200000;  // KVM_S390_CMMA_SIZE_MAX
constexpr uint32_t kCmmaPeek = 1;        // KVM_S390_CMMA_PEEK
constexpr uint8_t kUnassigned = 0x01;    // of a key
constexpr uint8_t kInsertKey = 1;        // KVM_S390_KEYOP_ISKE
constexpr uint8_t kResetReference = 2;   // KVM_S390_KEYOP_RRBE
constexpr uint8_t kSetKey = 3;           // KVM_S390_KEYOP_SSKE
constexpr uint64_t kLastPage = ~uint64_t{0} / kPageSize;

// The key of a page that is there: nothing means EFAULT.
std::optional<std::atomic<uint8_t>*> FindKey(const Vm& vm, GuestAbsolute address) {
  const auto user = FindUserAddress(vm, address);
  if (!user || !IsReadable(user->raw())) return std::nullopt;
  return &vm.system.keys.KeyOf(*user);
}

bool IsCountBad(uint64_t count) {
  return count == 0 || count > kMaxKeys;
}

GuestAbsolute PageStart(uint64_t page) {
  return GuestAbsolute(page * kPageSize);
}

}  // namespace

int64_t ReadKeys(Vm& vm, const uapi::Skeys& keys) {
  if (keys.flags) return -EINVAL;
  if (!vm.system.keys.used()) return kNoKeys;
  if (IsCountBad(keys.count)) return -EINVAL;
  std::vector<uint8_t> values(keys.count);
  for (uint64_t i = 0; i < keys.count; ++i) {
    if (keys.start_gfn > kLastPage - i) return -EFAULT;
    const auto key = FindKey(vm, PageStart(keys.start_gfn + i));
    if (!key) return -EFAULT;
    values[i] = (*key)->load();
  }
  return CopyToUser(keys.skeydata_addr, values.data(), values.size()) ? 0 : -EFAULT;
}

int64_t SetKeys(Vm& vm, const uapi::Skeys& keys) {
  if (keys.flags) return -EINVAL;
  if (IsCountBad(keys.count)) return -EINVAL;
  std::vector<uint8_t> values(keys.count);
  if (!CopyFromUser(values.data(), keys.skeydata_addr, values.size())) return -EFAULT;
  vm.system.keys.set_used();
  for (uint64_t i = 0; i < keys.count; ++i) {
    if (values[i] & kUnassigned) return -EINVAL;
    if (keys.start_gfn > kLastPage - i) return -EFAULT;
    const auto key = FindKey(vm, PageStart(keys.start_gfn + i));
    if (!key) return -EFAULT;
    (*key)->store(values[i]);
  }
  return 0;
}

int64_t KeyOperation(Vm& vm, uapi::Keyop& operation) {
  if (operation.operation < kInsertKey || operation.operation > kSetKey) return -EINVAL;
  const auto key = FindKey(vm, GuestAbsolute(operation.guest_addr));
  if (!key) return -EFAULT;
  vm.system.keys.set_used();
  uint8_t old = 0;
  switch (operation.operation) {
    case kInsertKey:
      old = (*key)->load();
      break;
    case kResetReference:
      old = (*key)->fetch_and(static_cast<uint8_t>(~kKeyReference));
      break;
    default:
      old = (*key)->exchange(operation.key & static_cast<uint8_t>(~kUnassigned));
      break;
  }
  operation.key = old;
  return 0;
}

// The usage states that guests have set by ESSA.
int64_t ReadCmmaBits(Vm& vm, uapi::CmmaLog& log) {
  if (!vm.use_cmma) return -ENXIO;
  if (log.flags & ~kCmmaPeek) return -EINVAL;
  const bool peek = (log.flags & kCmmaPeek) != 0;
  if (!peek && !vm.migrating) return -EINVAL;
  const uint32_t wanted = std::min(log.count, kMaxCmma);
  std::vector<uint8_t> values;
  while (peek && values.size() < wanted && log.start_gfn <= kLastPage - values.size()) {
    const auto user = FindUserAddress(vm, PageStart(log.start_gfn + values.size()));
    if (!user) break;
    values.push_back(vm.system.keys.Usage(*user));
  }
  log.count = static_cast<uint32_t>(values.size());
  log.remaining_or_mask = 0;
  return CopyToUser(log.values, values.data(), values.size()) ? 0 : -EFAULT;
}

int64_t SetCmmaBits(Vm& vm, const uapi::CmmaLog& log) {
  if (!vm.use_cmma) return -ENXIO;
  if (log.flags || log.count > kMaxCmma) return -EINVAL;
  // The mask names bits as they stand in a page's status-table entry, 24 left of a value's.
  const uint64_t mask = log.remaining_or_mask >> 24 & kUsageVolatile;
  std::vector<uint8_t> values(log.count);
  if (!values.empty() && !CopyFromUser(values.data(), log.values, values.size())) return -EFAULT;
  for (uint64_t i = 0; i < log.count; ++i) {
    if (log.start_gfn > kLastPage - i) return -EFAULT;
    const auto user = FindUserAddress(vm, PageStart(log.start_gfn + i));
    if (!user) return -EFAULT;
    auto& usage = vm.system.keys.UsageOf(*user);
    usage = static_cast<uint8_t>((usage & ~mask) | (values[i] & mask));
  }
  return 0;
}

}  // namespace hypervisor
