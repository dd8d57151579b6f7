#include "ucontrol/service_call/configuration.h"

#include <algorithm>

#include "hypervisor/arch/address.h"
#include "ucontrol/ebcdic.h"

namespace ucontrol {
namespace {

using hypervisor::Facility;

constexpr size_t kCpuEntry = 16;
constexpr size_t kScpEntries = 128;
constexpr size_t kScpEntriesExtended = 144;  // with the extended-length SCCB
constexpr size_t kCpuEntries = 24;

constexpr uint64_t kHasCpuInfo = 0x0800000000000000;
constexpr uint8_t kHasDiagnose318 = 0x80;
// Machines that tell fetches from stores in a translation-exception identification (75) have the
// older parts of suppression on protection as well.
constexpr uint8_t kSuppressionOnProtection = 0x20;
constexpr uint8_t kEnhancedSuppressionOnProtection = 0x02;

// Each says which CPU it is and no more: none of its features is offered.
void StoreCpuEntries(const MachineDescription& machine, size_t offset, Sccb& sccb) {
  for (uint16_t address : machine.cpu_addresses) {
    sccb.Store<uint8_t>(offset, static_cast<uint8_t>(address));
    offset += kCpuEntry;
  }
}

// False if the response is already complete: the SCCB is too short for `needed` bytes.
bool HasRoom(size_t needed, Sccb& sccb) {
  if (sccb.size() >= needed) return true;
  if (sccb.variable_length_response()) sccb.Store<uint16_t>(0, static_cast<uint16_t>(needed));
  sccb.set_response(Response::kInsufficientLength);
  return false;
}

}  // namespace

StorageIncrements StorageIncrements::Of(uint64_t storage_size) {
  StorageIncrements increments{storage_size / hypervisor::kSegmentSize, 1};
  while (increments.count % 2 == 0 && increments.count >= 1024 && increments.mebibytes < 128) {
    increments.count /= 2;
    increments.mebibytes *= 2;
  }
  return increments;
}

bool OffersDiagnose318(const MachineDescription& machine) {
  return machine.facilities.Has(Facility::kExtendedLengthSccb);
}

void ReadScpInfo(const MachineDescription& machine, Sccb& sccb) {
  const bool extended = machine.facilities.Has(Facility::kExtendedLengthSccb);
  const size_t entries = extended ? kScpEntriesExtended : kScpEntries;
  const size_t needed = entries + machine.cpu_addresses.size() * kCpuEntry;
  if (!HasRoom(needed, sccb)) return;

  std::ranges::fill(sccb.rest(), uint8_t{0});
  const auto increments = StorageIncrements::Of(machine.storage_size);
  if (increments.count <= 0xffff) {
    sccb.Store<uint16_t>(8, static_cast<uint16_t>(increments.count));
  } else {
    sccb.Store<uint64_t>(104, increments.count);
  }
  sccb.Store<uint8_t>(10, static_cast<uint8_t>(increments.mebibytes));
  sccb.Store<uint16_t>(16, static_cast<uint16_t>(machine.cpu_addresses.size()));
  sccb.Store<uint16_t>(18, static_cast<uint16_t>(entries));
  StoreEbcdic(machine.load_parameter, &sccb.rest()[24 - Sccb::kHeader], 8);
  sccb.Store<uint64_t>(48, kHasCpuInfo);
  if (machine.facilities.Has(Facility::kAccessExceptionIndication)) {
    sccb.Store<uint8_t>(80, kSuppressionOnProtection);
    sccb.Store<uint8_t>(85, kEnhancedSuppressionOnProtection);
  }
  sccb.Store<uint16_t>(120, static_cast<uint16_t>(machine.cpu_limit - 1));
  if (OffersDiagnose318(machine)) sccb.Store<uint8_t>(134, kHasDiagnose318);
  StoreCpuEntries(machine, entries, sccb);
  sccb.set_response(Response::kNormalReadCompletion);
}

void ReadCpuInfo(const MachineDescription& machine, Sccb& sccb) {
  const size_t needed = kCpuEntries + machine.cpu_addresses.size() * kCpuEntry;
  if (!HasRoom(needed, sccb)) return;

  std::ranges::fill(sccb.rest(), uint8_t{0});
  sccb.Store<uint16_t>(8, static_cast<uint16_t>(machine.cpu_addresses.size()));
  sccb.Store<uint16_t>(10, static_cast<uint16_t>(kCpuEntries));
  sccb.Store<uint16_t>(14, static_cast<uint16_t>(needed));  // no standby CPUs follow
  StoreCpuEntries(machine, kCpuEntries, sccb);
  sccb.set_response(Response::kNormalReadCompletion);
}

}  // namespace ucontrol
