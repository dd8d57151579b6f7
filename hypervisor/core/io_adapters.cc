#include <cerrno>

#include "hypervisor/arch/address.h"
#include "hypervisor/core/absolute_access.h"
#include "hypervisor/core/flic.h"
#include "hypervisor/core/user_copy.h"

namespace hypervisor {
namespace {

constexpr uint8_t kSubclasses = 8;

// Subclass n is bit 0x80 >> n of the mode masks. An adapter may have been registered with any byte.
uint8_t ModeBit(uint8_t isc) {
  return static_cast<uint8_t>(0x80 >> (isc % kSubclasses));
}

}  // namespace

int IoAdapters::Register(const uapi::IoAdapter& adapter) {
  const std::lock_guard lock(mutex_);
  if (adapter.id >= kAdapters || adapters_[adapter.id]) return EINVAL;
  adapters_[adapter.id].emplace(Adapter{.properties = adapter, .masked = false, .mapped = {}});
  return 0;
}

bool IoAdapters::exists(uint32_t id) const {
  const std::lock_guard lock(mutex_);
  return id < kAdapters && adapters_[id];
}

int IoAdapters::SetMasked(uint32_t id, bool masked) {
  const std::lock_guard lock(mutex_);
  if (id >= kAdapters || !adapters_[id] || !adapters_[id]->properties.maskable) return EINVAL;
  adapters_[id]->masked = masked;
  return 0;
}

int IoAdapters::Map(const Vm& vm, uint32_t id, uint64_t address) {
  const std::lock_guard lock(mutex_);
  if (id >= kAdapters || !adapters_[id] || address == 0) return EINVAL;
  const auto user = FindUserAddress(vm, GuestAbsolute(address));
  if (!user) return EFAULT;
  if (!IsReadable(user->raw())) return EINVAL;
  auto& mapped = adapters_[id]->mapped;
  const uint64_t page = address / kPageSize;
  if (!mapped.contains(page) && mapped.size() >= kMaxMappings) return EINVAL;
  ++mapped[page];
  return 0;
}

int IoAdapters::Unmap(uint32_t id, uint64_t address) {
  const std::lock_guard lock(mutex_);
  if (id >= kAdapters || !adapters_[id] || address == 0) return EINVAL;
  auto& mapped = adapters_[id]->mapped;
  const auto page = mapped.find(address / kPageSize);
  if (page == mapped.end()) return ENOENT;
  if (--page->second == 0) mapped.erase(page);
  return 0;
}

std::optional<uint8_t> IoAdapters::TakeInterruption(uint32_t id, bool suppression) {
  const std::lock_guard lock(mutex_);
  const uapi::IoAdapter& adapter = adapters_[id]->properties;
  if (!suppression || !(adapter.flags & uapi::kAdapterSuppressible)) return adapter.isc;
  const uint8_t bit = ModeBit(adapter.isc);
  if (modes_.nimm & bit) return std::nullopt;
  if (modes_.simm & bit) modes_.nimm |= bit;
  return adapter.isc;
}

int IoAdapters::SetMode(const uapi::AisRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.isc >= kSubclasses) return EINVAL;
  const uint8_t bit = ModeBit(request.isc);
  switch (request.mode) {
    case uapi::kAisModeAll:
      modes_.simm &= static_cast<uint8_t>(~bit);
      modes_.nimm &= static_cast<uint8_t>(~bit);
      return 0;
    case uapi::kAisModeSingle:
      modes_.simm |= bit;
      modes_.nimm &= static_cast<uint8_t>(~bit);
      return 0;
    default:
      return EINVAL;
  }
}

uapi::AisAll IoAdapters::modes() const {
  const std::lock_guard lock(mutex_);
  return modes_;
}

void IoAdapters::SetModes(const uapi::AisAll& modes) {
  const std::lock_guard lock(mutex_);
  modes_ = modes;
}

}  // namespace hypervisor
