#include "services/cli/verbs_machines.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/cli/definition_options.h"
#include "services/cli/output.h"

namespace services::cli {
namespace {

namespace v1 = ucontrol::v1;

std::string StateOf(const v1::Machine& machine) {
  return WithoutPrefix(v1::MachineState_Name(machine.state()), "MACHINE_STATE_");
}

void PrintMachine(const Invocation& invocation, const v1::Machine& machine) {
  if (invocation.format() == Format::kJson) {
    PrintJson(machine, /*one_line=*/false);
  } else {
    std::printf("%s\n", ShortName(machine.name()).c_str());
  }
}

// One request for each machine that is named, and what came of it.
template <typename Request>
absl::StatusOr<int> ForEach(Invocation& invocation, void (*fill)(const Arguments&, Request&)) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  if (const auto first = invocation.Machine(); !first.ok()) return first.status();
  int result = 0;
  for (size_t i = 0; i < invocation.arguments().words().size(); ++i) {
    Request request;
    request.set_name(*invocation.Machine(i));
    fill(invocation.arguments(), request);
    const auto machine = (*client)->Call(request);
    if (machine.ok()) {
      PrintMachine(invocation, *machine);
    } else {
      PrintError(machine.status());
      result = kRefused;
    }
  }
  return result;
}

absl::StatusOr<int> ListAll(Invocation& invocation, const std::string& filter) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  Table table({"NAME", "STATE", "CPUS", "STORAGE", "AGE", "OWNER", "REASON"});
  v1::ListMachinesRequest request;
  request.set_page_size(1000);
  request.set_filter(filter);
  v1::ListMachinesResponse all;
  do {
    const auto page = (*client)->Call(request);
    if (!page.ok()) return page.status();
    all.MergeFrom(*page);
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  if (invocation.format() == Format::kJson) {
    PrintJson(all, /*one_line=*/false);
    return 0;
  }
  for (const v1::Machine& machine : all.machines()) {
    if (invocation.format() == Format::kNames) {
      std::printf("%s\n", ShortName(machine.name()).c_str());
      continue;
    }
    std::string reason;
    if (machine.has_stop_report()) {
      reason =
          WithoutPrefix(v1::StopReport::Reason_Name(machine.stop_report().reason()), "REASON_");
    }
    table.Add({ShortName(machine.name()), StateOf(machine), absl::StrCat(machine.vcpu_count()),
               ShowBytes(machine.storage_bytes()), ShowAge(machine.create_time()),
               Printable(machine.owner()), reason});
  }
  if (invocation.format() == Format::kTable) table.Print();
  return 0;
}

void PrintDetails(const v1::Machine& machine) {
  const auto line = [](const char* title, const std::string& value) {
    if (!value.empty()) std::printf("%-12s %s\n", title, Printable(value).c_str());
  };
  line("name", machine.name());
  line("state", StateOf(machine));
  line("title", machine.display_name());
  line("uid", machine.uid());
  line("owner", machine.owner());
  line("cpus", absl::StrCat(machine.vcpu_count()));
  line("storage", ShowBytes(machine.storage_bytes()));
  line("monitor", WithoutPrefix(v1::Monitor_Name(machine.monitor()), "MONITOR_"));
  line("created", ShowAge(machine.create_time()) + " ago");
  for (const auto& [key, value] : machine.labels()) line("label", absl::StrCat(key, "=", value));
  for (const v1::Device& device : machine.devices()) {
    line("device", absl::StrCat(device.id(), ": ", device.ShortDebugString()));
  }
  if (machine.has_boot()) line("boot", machine.boot().ShortDebugString());
  if (!machine.has_stop_report()) return;
  const v1::StopReport& report = machine.stop_report();
  line("stopped", WithoutPrefix(v1::StopReport::Reason_Name(report.reason()), "REASON_"));
  line("detail", report.detail());
  line("status", absl::StrCat(report.exit_status()));
  if (report.has_psw()) {
    line("psw", absl::StrFormat("%016x %016x", report.psw().mask(), report.psw().address()));
  }
}

}  // namespace

absl::StatusOr<int> CreateVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto definition =
      DefinitionOf(invocation.arguments(), invocation.arguments().word(0).empty()
                                               ? invocation.arguments().Value("name")
                                               : invocation.arguments().word(0));
  if (!definition.ok()) return definition.status();
  v1::CreateMachineRequest request;
  request.set_machine_id(definition->machine_id);
  *request.mutable_machine() = definition->machine;
  request.set_request_id(invocation.arguments().Value("request-id"));
  request.set_validate_only(invocation.arguments().Has("check"));
  const auto machine = (*client)->Call(request);
  if (!machine.ok()) return machine.status();
  if (!request.validate_only()) {
    if (absl::Status sent = SendUploads(**client, *definition); !sent.ok()) return sent;
  }
  PrintMachine(invocation, *machine);
  return 0;
}

absl::StatusOr<int> StartVerb(Invocation& invocation) {
  return ForEach<v1::StartMachineRequest>(
      invocation, [](const Arguments& arguments, v1::StartMachineRequest& request) {
        request.set_paused(arguments.Has("paused"));
      });
}

absl::StatusOr<int> ListVerb(Invocation& invocation) {
  return ListAll(invocation, invocation.arguments().Value("filter"));
}

absl::StatusOr<int> ProcessesVerb(Invocation& invocation) {
  return ListAll(invocation, "state = RUNNING OR state = PAUSED OR state = STOPPING");
}

absl::StatusOr<int> ShowVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto name = invocation.Machine();
  if (!name.ok()) return name.status();
  v1::GetMachineRequest request;
  request.set_name(*name);
  const auto machine = (*client)->Call(request);
  if (!machine.ok()) return machine.status();
  if (invocation.format() == Format::kTable) {
    PrintDetails(*machine);
  } else {
    PrintMachine(invocation, *machine);
  }
  return 0;
}

absl::StatusOr<int> PauseVerb(Invocation& invocation) {
  return ForEach<v1::PauseMachineRequest>(
      invocation, [](const Arguments& arguments, v1::PauseMachineRequest& request) {
        request.set_keep_clocks_running(arguments.Has("keep-clocks"));
      });
}

absl::StatusOr<int> ResumeVerb(Invocation& invocation) {
  return ForEach<v1::ResumeMachineRequest>(invocation,
                                           [](const Arguments&, v1::ResumeMachineRequest&) {});
}

absl::StatusOr<int> ResetVerb(Invocation& invocation) {
  return ForEach<v1::ResetMachineRequest>(invocation,
                                          [](const Arguments&, v1::ResetMachineRequest&) {});
}

absl::StatusOr<int> StopVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  if (const auto first = invocation.Machine(); !first.ok()) return first.status();
  const auto grace = ParseSeconds(invocation.arguments().Value("time", "30"));
  if (!grace.ok()) return grace.status();
  int result = 0;
  for (size_t i = 0; i < invocation.arguments().words().size(); ++i) {
    v1::StopMachineRequest request;
    request.set_name(*invocation.Machine(i));
    if (!invocation.arguments().Has("force")) request.mutable_grace_period()->set_seconds(*grace);
    auto operation = (*client)->Call(request);
    while (operation.ok() && !operation->done()) {
      google::longrunning::WaitOperationRequest wait;
      wait.set_name(operation->name());
      operation = (*client)->Call(wait);
    }
    if (operation.ok() && operation->has_error()) {
      operation = absl::Status(static_cast<absl::StatusCode>(operation->error().code()),
                               operation->error().message());
    }
    v1::Machine machine;
    if (!operation.ok()) {
      PrintError(operation.status());
      result = kRefused;
    } else if (operation->response().UnpackTo(&machine)) {
      PrintMachine(invocation, machine);
    }
  }
  return result;
}

absl::StatusOr<int> RemoveVerb(Invocation& invocation) {
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  if (const auto first = invocation.Machine(); !first.ok()) return first.status();
  int result = 0;
  for (size_t i = 0; i < invocation.arguments().words().size(); ++i) {
    v1::DeleteMachineRequest request;
    request.set_name(*invocation.Machine(i));
    request.set_force(invocation.arguments().Has("force"));
    const auto deleted = (*client)->Call(request);
    if (deleted.ok()) {
      std::printf("%s\n", ShortName(request.name()).c_str());
    } else {
      PrintError(deleted.status());
      result = kRefused;
    }
  }
  return result;
}

}  // namespace services::cli
