// Registers between the API and the host.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/failure.h"
#include "services/wire.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;

constexpr uint32_t kPrefixBits = 0x7fffe000;

template <size_t kCount, typename Value, typename List>
absl::Status Take(absl::string_view field, const char* name, const List& list,
                  std::optional<std::array<Value, kCount>>& values) {
  if (list.empty()) return absl::OkStatus();
  if (static_cast<size_t>(list.size()) != kCount) {
    return InvalidField(absl::StrCat(field, ".", name),
                        absl::StrCat("has ", list.size(), " values, not ", kCount));
  }
  values.emplace();
  std::copy(list.begin(), list.end(), values->begin());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RegisterValues> FromWire(absl::string_view field, const v1::Registers& registers) {
  RegisterValues values;
  if (registers.has_psw()) values.psw = FromWire(registers.psw());
  absl::Status status = Take<16>(field, "general", registers.general(), values.general);
  if (status.ok()) status = Take<16>(field, "access", registers.access(), values.access);
  if (status.ok()) status = Take<16>(field, "control", registers.control(), values.control);
  if (status.ok()) {
    status = Take<16>(field, "floating_point", registers.floating_point(), values.floating_point);
  }
  if (!status.ok()) return status;
  if (registers.vector_size() != 0) {
    if (registers.vector_size() != 32) {
      return InvalidField(absl::StrCat(field, ".vector"),
                          absl::StrCat("has ", registers.vector_size(), " values, not 32"));
    }
    if (values.floating_point) {
      return InvalidField(absl::StrCat(field, ".floating_point"),
                          "is a part of vector: only one of them can be set");
    }
    values.vector.emplace();
    for (int i = 0; i < 32; ++i) {
      (*values.vector)[static_cast<size_t>(i)] = {registers.vector(i).high(),
                                                  registers.vector(i).low()};
    }
  }
  if (registers.has_floating_point_control()) {
    values.floating_point_control = registers.floating_point_control();
  }
  if (registers.has_prefix()) {
    if (registers.prefix() & ~kPrefixBits) {
      return InvalidField(
          absl::StrCat(field, ".prefix"),
          absl::StrFormat("0x%x isn't a multiple of 8 KiB below 2 GiB", registers.prefix()));
    }
    values.prefix = registers.prefix();
  }
  if (registers.has_tod_programmable()) {
    if (registers.tod_programmable() > 0xffff) {
      return InvalidField(absl::StrCat(field, ".tod_programmable"), "has more than 16 bits");
    }
    values.tod_programmable = registers.tod_programmable();
  }
  if (registers.has_cpu_timer()) values.cpu_timer = registers.cpu_timer();
  if (registers.has_clock_comparator()) values.clock_comparator = registers.clock_comparator();
  if (registers.has_breaking_event_address()) {
    values.breaking_event_address = registers.breaking_event_address();
  }
  if (registers.has_program_parameter()) values.program_parameter = registers.program_parameter();
  return values;
}

absl::Status CheckRegisterMask(const google::protobuf::FieldMask& mask) {
  for (const std::string& path : mask.paths()) {
    if (path == "*" || v1::Registers::descriptor()->FindFieldByName(path)) continue;
    return InvalidField("read_mask", "has a path that is no field of Registers");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Registers> ToWire(const RegisterValues& values,
                                     const google::protobuf::FieldMask& mask) {
  if (absl::Status checked = CheckRegisterMask(mask); !checked.ok()) return checked;
  const std::set<std::string> paths(mask.paths().begin(), mask.paths().end());
  const auto wanted = [&paths](const char* name) {
    return paths.empty() || paths.contains(name) || paths.contains("*");
  };
  v1::Registers wire;
  if (values.psw && wanted("psw")) *wire.mutable_psw() = ToWire(*values.psw);
  if (values.general && wanted("general")) {
    wire.mutable_general()->Add(values.general->begin(), values.general->end());
  }
  if (values.access && wanted("access")) {
    wire.mutable_access()->Add(values.access->begin(), values.access->end());
  }
  if (values.control && wanted("control")) {
    wire.mutable_control()->Add(values.control->begin(), values.control->end());
  }
  if (values.floating_point && wanted("floating_point")) {
    wire.mutable_floating_point()->Add(values.floating_point->begin(),
                                       values.floating_point->end());
  }
  if (values.vector && wanted("vector")) {
    for (const auto& [high, low] : *values.vector) {
      v1::VectorRegister& added = *wire.add_vector();
      added.set_high(high);
      added.set_low(low);
    }
  }
  if (values.floating_point_control && wanted("floating_point_control")) {
    wire.set_floating_point_control(*values.floating_point_control);
  }
  if (values.prefix && wanted("prefix")) wire.set_prefix(*values.prefix);
  if (values.tod_programmable && wanted("tod_programmable")) {
    wire.set_tod_programmable(*values.tod_programmable);
  }
  if (values.cpu_timer && wanted("cpu_timer")) wire.set_cpu_timer(*values.cpu_timer);
  if (values.clock_comparator && wanted("clock_comparator")) {
    wire.set_clock_comparator(*values.clock_comparator);
  }
  if (values.breaking_event_address && wanted("breaking_event_address")) {
    wire.set_breaking_event_address(*values.breaking_event_address);
  }
  if (values.program_parameter && wanted("program_parameter")) {
    wire.set_program_parameter(*values.program_parameter);
  }
  return wire;
}

}  // namespace services
