#include "ucontrol/diagnose/program_loading.h"

#include <algorithm>

#include "hypervisor/arch/address.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/diagnose/functions.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;
using hypervisor::PgmCode;

enum class Subcode : uint64_t {
  kLoadModifiedClear = 0,
  kLoadNormal = 1,
  kLoadClear = 3,
  kLoadWithoutClear = 4,
  kSetParameters = 5,
  kStoreParameters = 6,
};

// What R1 + 1 says of subcodes 5 and 6.
constexpr uint64_t kDone = 0x0001;
constexpr uint64_t kNoConfiguration = 0x0102;
constexpr uint64_t kInvalidBlock = 0x0402;

// Types of parameter block, and how long a block of each is at least.
constexpr uint8_t kCcw = 0x02;
constexpr uint8_t kFcp = 0x00;
constexpr uint8_t kScsi = 0xff;
constexpr uint32_t kCcwLength = 200;
constexpr uint32_t kFcpLength = 384;

uint32_t ShortestOf(uint8_t type) {
  switch (type) {
    case kCcw:
      return kCcwLength;
    case kFcp:
    case kScsi:
      return kFcpLength;
    default:
      return UINT32_MAX;
  }
}

Disposition ExchangeParameters(Vcpu& vcpu, Subcode subcode) {
  Cpu& cpu = vcpu.cpu();
  const int r1 = R1OfRs(vcpu.ipa());
  const GuestAbsolute address(cpu.gpr(r1));
  if (r1 % 2 != 0 || !address.IsAligned(hypervisor::kPageSize)) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  if (vcpu.storage().FindPage(address) == nullptr) return vcpu.storage().Fault();
  const auto end = [&](uint64_t result) {
    cpu.set_gpr(r1 + 1, result);
    return Disposition::Resume();
  };
  auto* parameters = vcpu.machine().FindPart<IplParameters>();
  if (parameters == nullptr) return end(kNoConfiguration);
  if (subcode == Subcode::kSetParameters) {
    IplParameters::Block block;
    if (!vcpu.storage().ReadAbsolute(address, block.data(), block.size())) {
      return vcpu.storage().Fault();
    }
    return end(parameters->Set(block) ? kDone : kInvalidBlock);
  }
  const auto block = parameters->block();
  if (!block) return end(kNoConfiguration);
  if (!vcpu.storage().WriteAbsolute(address, block->data(), block->size())) {
    return vcpu.storage().Fault();
  }
  return end(kDone);
}

}  // namespace

bool IplParameters::Set(const Block& block) {
  const auto length = LoadBigEndian<uint32_t>(&block[0]);
  if (length > block.size() || length < ShortestOf(block[12])) return false;
  const std::lock_guard lock(mutex_);
  Block& kept = block_.emplace();
  std::copy_n(block.begin(), length, kept.begin());
  return true;
}

std::optional<IplParameters::Block> IplParameters::block() const {
  const std::lock_guard lock(mutex_);
  return block_;
}

Disposition ControlProgramLoading(Vcpu& vcpu) {
  const auto subcode = static_cast<Subcode>(vcpu.cpu().gpr(R3OfRs(vcpu.ipa())));
  switch (subcode) {
    case Subcode::kLoadModifiedClear:
      return Disposition::Load(LoadKind::kModifiedClear);
    case Subcode::kLoadNormal:
      return Disposition::Load(LoadKind::kNormal);
    case Subcode::kLoadClear:
    case Subcode::kLoadWithoutClear:
      return Disposition::Load(LoadKind::kClear);
    case Subcode::kSetParameters:
    case Subcode::kStoreParameters:
      return ExchangeParameters(vcpu, subcode);
  }
  return Disposition::Interrupt(PgmCode::kSpecification);
}

}  // namespace ucontrol
