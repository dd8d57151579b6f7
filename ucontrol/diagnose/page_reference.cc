#include "ucontrol/diagnose/page_reference.h"

#include <array>
#include <cstdint>

#include "ucontrol/big_endian.h"
#include "ucontrol/diagnose/functions.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;
using hypervisor::GuestReal;
using hypervisor::PgmCode;

// The parameter block in real storage.
struct Parameters {
  uint16_t code;
  uint16_t subcode;
  uint16_t length;  // in doublewords
  uint16_t version;
  uint64_t token_address;
  uint64_t select_mask;
  uint64_t compare_mask;
  uint64_t architecture;

  using Bytes = std::array<uint8_t, 40>;
  static Parameters Parse(const Bytes& bytes) {
    return {LoadBigEndian<uint16_t>(&bytes[0]),  LoadBigEndian<uint16_t>(&bytes[2]),
            LoadBigEndian<uint16_t>(&bytes[4]),  LoadBigEndian<uint16_t>(&bytes[6]),
            LoadBigEndian<uint64_t>(&bytes[8]),  LoadBigEndian<uint64_t>(&bytes[16]),
            LoadBigEndian<uint64_t>(&bytes[24]), LoadBigEndian<uint64_t>(&bytes[32])};
  }
};

constexpr uint16_t kCode = 0x258;
constexpr uint16_t kVersion = 2;
constexpr uint16_t kShortest = 5;
constexpr uint16_t kToken = 0;
constexpr uint16_t kCancel = 1;
constexpr uint64_t kZArchitecture = 0x8000000000000000;

constexpr uint64_t kDone = 0;
constexpr uint64_t kNotEstablished = 4;
constexpr uint64_t kAlreadyEstablished = 8;

}  // namespace

Disposition ReferencePages(Vcpu& vcpu) {
  auto* references = vcpu.machine().FindPart<PageReferences>();
  if (references == nullptr) return Disposition::Interrupt(PgmCode::kSpecification);
  Cpu& cpu = vcpu.cpu();
  const GuestReal block(cpu.gpr(R1OfRs(vcpu.ipa())));
  if (!block.IsAligned(8)) return Disposition::Interrupt(PgmCode::kSpecification);
  Parameters::Bytes bytes;
  if (!vcpu.storage().ReadReal(block, bytes.data(), bytes.size())) return vcpu.storage().Fault();
  const Parameters parameters = Parameters::Parse(bytes);
  if (parameters.version != kVersion || parameters.length < kShortest || parameters.code != kCode) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  const auto end = [&](uint64_t result) {
    cpu.set_gpr(R3OfRs(vcpu.ipa()), result);
    return Disposition::Resume();
  };
  switch (parameters.subcode) {
    case kToken:
      if (references->established(vcpu.address())) return end(kAlreadyEstablished);
      if ((parameters.compare_mask & ~parameters.select_mask) != 0 ||
          parameters.token_address % 8 != 0 || parameters.architecture != kZArchitecture) {
        return Disposition::Interrupt(PgmCode::kSpecification);
      }
      if (vcpu.machine().Find(GuestAbsolute(parameters.token_address), 1) == nullptr) {
        return Disposition::Interrupt(PgmCode::kAddressing);
      }
      references->Establish(vcpu.address());
      return end(kDone);
    case kCancel:
      if (parameters.token_address != 0 || parameters.select_mask != 0 ||
          parameters.compare_mask != 0 || parameters.architecture != 0) {
        return Disposition::Interrupt(PgmCode::kSpecification);
      }
      return end(references->Cancel(vcpu.address()) ? kDone : kNotEstablished);
    default:
      return Disposition::Interrupt(PgmCode::kSpecification);
  }
}

}  // namespace ucontrol
