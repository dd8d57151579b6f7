#include "hypervisor/core/cpu_model.h"

#include <algorithm>

#include "hypervisor/sie/subfunctions.h"

namespace hypervisor {
namespace {

// Version code of a CPU under KVM, in the leftmost byte of the CPU identification.
constexpr uint64_t kVersionUnderKvm = 0xff00000000000000;

// Facilities that only KVM_ENABLE_CAP gives to a VM; all else that the machine has is offered at
// once.
constexpr auto kOnRequest =
    std::to_array<int>({11, 64, 72, 129, 133, 134, 135, 148, 152, 156, 192});

// Facilities that a CPU model may name although a fresh VM lacks them.
constexpr auto kModelMayName = std::to_array<int>({12, 15, 156, 165, 170, 193, 194, 196, 197, 201});

// Where struct kvm_s390_vm_cpu_subfunc has the functions of an instruction.
struct Subfunctions {
  size_t offset;
  Facility facility;
  const FunctionMask& functions;
};
constexpr Subfunctions kSubfunctions[] = {
    {32, Facility::kTodClockSteering, subfunctions::kPtff},
    {48, Facility::kMsa, subfunctions::kKmac},
    {64, Facility::kMsa, subfunctions::kKmc},
    {80, Facility::kMsa, subfunctions::kKm},
    {96, Facility::kMsa, subfunctions::kKimd},
    {112, Facility::kMsa, subfunctions::kKlmd},
    {128, Facility::kMsa3, subfunctions::kPckmo},
    {144, Facility::kMsa4, subfunctions::kKmctr},
    {160, Facility::kMsa4, subfunctions::kKmf},
    {176, Facility::kMsa4, subfunctions::kKmo},
    {192, Facility::kMsa4, subfunctions::kPcc},
    {208, Facility::kMsa5, subfunctions::kPrno},
};

constexpr int kSthyi = 74;
constexpr int kConfigurationZArchitecture = 138;

void SetFacility(FacilityWords& words, int bit) {
  words[bit / 64] |= uint64_t{1} << (63 - bit % 64);
}

template <typename Bits>
bool Contains(const Bits& bits, int bit) {
  return std::find(bits.begin(), bits.end(), bit) != bits.end();
}

}  // namespace

bool HasFacility(const FacilityWords& words, int bit) {
  return (words[bit / 64] >> (63 - bit % 64) & 1) != 0;
}

FacilityWords MachineFacilities(const Machine& machine) {
  FacilityWords words{};
  for (int i = 0; i < FacilityList::kDoublewords; ++i) words[i] = machine.facilities.doubleword(i);
  return words;
}

CpuFeatures MachineFeatures(const Machine& machine) {
  CpuFeatures features{};
  // The other features describe nested SIE, which the engine does not interpret.
  if (machine.enhanced_suppression) features[0] |= uint64_t{1} << 63;
  return features;
}

CpuSubfunctions MachineSubfunctions(const Machine& machine) {
  CpuSubfunctions subfunctions{};
  // PERFORM LOCKED OPERATION: functions 0-23 are of the base architecture.
  std::fill_n(subfunctions.begin(), 3, uint8_t{0xff});
  for (const auto& [offset, facility, functions] : kSubfunctions) {
    if (machine.facilities.Has(facility))
      std::copy(functions.begin(), functions.end(), subfunctions.begin() + offset);
  }
  return subfunctions;
}

CpuModel::CpuModel(const Machine& machine)
    : cpuid(machine.cpuid | kVersionUnderKvm),
      ibc(static_cast<uint16_t>(machine.ibc)),
      features(MachineFeatures(machine)),
      subfunctions(MachineSubfunctions(machine)) {
  for (int bit = 0; bit < FacilityList::kDoublewords * 64; ++bit) {
    if (!machine.facilities.Has(bit)) continue;
    if (Contains(kOnRequest, bit)) {
      if (Contains(kModelMayName, bit)) SetFacility(fac_mask, bit);
      continue;
    }
    AddFacility(bit);
  }
  AddFacility(kSthyi);
  AddFacility(kConfigurationZArchitecture);
}

void CpuModel::AddFacility(int bit) {
  SetFacility(fac_mask, bit);
  SetFacility(fac_list, bit);
}

bool CpuModel::Has(Facility facility) const {
  return HasFacility(fac_list, static_cast<int>(facility));
}

FacilityList CpuModel::Facilities() const {
  FacilityList list;
  for (int i = 0; i < FacilityList::kDoublewords; ++i) list.set_doubleword(i, fac_list[i]);
  return list;
}

}  // namespace hypervisor
