#include "services/cli/verbs_vcpus.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/text_format.h"
#include "services/cli/output.h"

namespace services::cli {
namespace {

namespace v1 = ucontrol::v1;

void PrintRow(const char* name, int first, const google::protobuf::RepeatedField<uint64_t>& list) {
  for (int i = 0; i < list.size(); ++i) {
    std::printf("%s%s%-2d %016llx", i % 4 == 0 ? "" : "  ", name, first + i,
                static_cast<unsigned long long>(list[i]));
    if (i % 4 == 3) std::printf("\n");
  }
}

void PrintRegisters(const v1::Registers& registers) {
  std::printf("psw %016llx %016llx\n", static_cast<unsigned long long>(registers.psw().mask()),
              static_cast<unsigned long long>(registers.psw().address()));
  PrintRow("r", 0, registers.general());
  PrintRow("c", 0, registers.control());
  PrintRow("f", 0, registers.floating_point());
  for (int i = 0; i < registers.access_size(); ++i) {
    std::printf("%sa%-2d %08x", i % 8 == 0 ? "" : "  ", i, registers.access(i));
    if (i % 8 == 7) std::printf("\n");
  }
  std::printf("prefix %08x  fpc %08x  timer %016llx  comparator %016llx\n", registers.prefix(),
              registers.floating_point_control(),
              static_cast<unsigned long long>(registers.cpu_timer()),
              static_cast<unsigned long long>(registers.clock_comparator()));
}

}  // namespace

absl::StatusOr<int> RegistersVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto machine = invocation.Machine();
  if (!machine.ok()) return machine.status();
  std::vector<std::string> vcpus;
  if (invocation.arguments().Has("cpu")) {
    vcpus.push_back(absl::StrCat(*machine, "/vcpus/", invocation.arguments().Value("cpu")));
  } else {
    v1::ListVcpusRequest list;
    list.set_parent(*machine);
    list.set_page_size(1000);
    const auto listed = (*client)->Call(list);
    if (!listed.ok()) return listed.status();
    for (const v1::Vcpu& vcpu : listed->vcpus()) vcpus.push_back(vcpu.name());
  }
  for (const std::string& vcpu : vcpus) {
    v1::GetRegistersRequest request;
    request.set_vcpu(vcpu);
    const auto registers = (*client)->Call(request);
    if (!registers.ok()) return registers.status();
    if (invocation.format() == Format::kJson) {
      PrintJson(*registers, /*one_line=*/true);
      continue;
    }
    std::printf("%s\n", vcpu.c_str());
    PrintRegisters(*registers);
  }
  return 0;
}

absl::StatusOr<int> InjectVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto machine = invocation.Machine();
  if (!machine.ok()) return machine.status();
  v1::InjectInterruptRequest request;
  request.set_target(*machine);
  if (invocation.arguments().Has("cpu")) {
    request.set_target(absl::StrCat(*machine, "/vcpus/", invocation.arguments().Value("cpu")));
  }
  // KIND FIELD=VALUE... is the text format of the message, nearly.
  const std::string kind = invocation.arguments().word(1);
  const auto* field = v1::Interrupt::descriptor()->FindFieldByName(kind);
  if (field == nullptr) {
    std::string kinds;
    for (int i = 0; i < v1::Interrupt::descriptor()->field_count(); ++i) {
      absl::StrAppend(&kinds, i == 0 ? "" : ", ", v1::Interrupt::descriptor()->field(i)->name());
    }
    return absl::InvalidArgumentError(absl::StrCat("an interruption is one of ", kinds));
  }
  std::string text = kind + " {";
  for (size_t i = 2; i < invocation.arguments().words().size(); ++i) {
    std::string part = invocation.arguments().word(i);
    const size_t equals = part.find('=');
    if (equals == part.npos) {
      return absl::InvalidArgumentError(absl::StrCat("'", part, "' isn't FIELD=VALUE"));
    }
    part[equals] = ':';
    absl::StrAppend(&text, " ", part);
  }
  text += " }";
  if (!google::protobuf::TextFormat::ParseFromString(text, request.mutable_interrupt())) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' isn't an interruption; its fields are those of ",
                     field->message_type()->full_name()));
  }
  const auto injected = (*client)->Call(request);
  if (!injected.ok()) return injected.status();
  return 0;
}

}  // namespace services::cli
