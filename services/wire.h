// The one place where messages of the API become plain values of the host, and back.
//
// What comes from a client was not necessarily checked: these conversions refuse what doesn't fit.
#ifndef SERVICES_WIRE_H_
#define SERVICES_WIRE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "services/machine_host.h"
#include "ucontrol/v1/address_space.pb.h"
#include "ucontrol/v1/interrupt.pb.h"
#include "ucontrol/v1/machine.pb.h"
#include "ucontrol/v1/vcpu.pb.h"

namespace services {

// aa:bb:cc:dd:ee:ff.
std::optional<std::array<uint8_t, 6>> ParseMacAddress(absl::string_view text);

hypervisor::Psw FromWire(const ucontrol::v1::Psw& psw);
ucontrol::v1::Psw ToWire(const hypervisor::Psw& psw);

// A machine whose definition was checked. `image_directory` is where disk images are; empty if
// there are none.
absl::StatusOr<MachinePlan> PlanOf(const ucontrol::v1::Machine& machine,
                                   const std::string& image_directory);

ucontrol::v1::StopReport ToWire(const GuestEnd& end);

// INVALID_ARGUMENT about `field` for a list of the wrong length or a value out of its range.
absl::StatusOr<RegisterValues> FromWire(absl::string_view field,
                                        const ucontrol::v1::Registers& registers);
// What the mask names; everything if it is empty.
absl::StatusOr<ucontrol::v1::Registers> ToWire(const RegisterValues& registers,
                                               const google::protobuf::FieldMask& mask);
// INVALID_ARGUMENT unless every path is a field of Registers.
absl::Status CheckRegisterMask(const google::protobuf::FieldMask& mask);

ucontrol::v1::SieBlock ToWire(const hypervisor::uapi::SieBlock& block);
ucontrol::v1::Vcpu ToWire(const std::string& machine, const VcpuReport& report);

absl::StatusOr<hypervisor::uapi::Irq> FromWire(absl::string_view field,
                                               const ucontrol::v1::Interrupt& interrupt);
ucontrol::v1::Interrupt ToWire(const hypervisor::uapi::Irq& irq);

// INVALID_ARGUMENT with reason NOT_SEGMENT_ALIGNED, and OUT_OF_RANGE if the range wraps. `Message`
// has memory_offset, vcpu_address and length.
template <typename Message>
absl::StatusOr<SegmentRange> RangeOf(const std::string& prefix, const Message& message);
absl::Status CheckSegments(const std::string& prefix, const SegmentRange& range);

absl::StatusOr<RunTurn> FromWire(const ucontrol::v1::RunRequest& request);
void ToWire(const RunExit& exit, ucontrol::v1::RunResponse& response);

template <typename Message>
absl::StatusOr<SegmentRange> RangeOf(const std::string& prefix, const Message& message) {
  SegmentRange range;
  if constexpr (requires { message.memory(); }) range.memory = message.memory();
  if constexpr (requires { message.memory_offset(); }) {
    range.memory_offset = static_cast<uint64_t>(message.memory_offset());
  }
  range.vcpu_address = message.vcpu_address();
  range.length = static_cast<uint64_t>(message.length());
  if (absl::Status checked = CheckSegments(prefix, range); !checked.ok()) return checked;
  return range;
}

}  // namespace services

#endif  // SERVICES_WIRE_H_
