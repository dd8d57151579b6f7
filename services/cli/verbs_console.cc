#include "services/cli/verbs_console.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/cli/console_session.h"
#include "services/cli/definition_options.h"
#include "services/cli/output.h"

namespace services::cli {
namespace {

namespace v1 = ucontrol::v1;

constexpr int kInterruptedStatus = 130;
constexpr int64_t kLeaseSeconds = 300;
constexpr auto kLeaseRenewal = std::chrono::seconds(100);

// As long as it lives, the machine's time is made longer again and again; a client that dies leaves
// nothing behind.
class Lease {
 public:
  Lease(Client& client, std::string machine) : client_(client), machine_(std::move(machine)) {
    thread_ = std::thread([this] { Renew(); });
  }
  ~Lease() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void Renew() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kLeaseRenewal, [this] { return over_; })) {
      v1::UpdateMachineRequest request;
      request.mutable_machine()->set_name(machine_);
      request.mutable_machine()->mutable_ttl()->set_seconds(kLeaseSeconds);
      request.mutable_update_mask()->add_paths("ttl");
      client_.Call(request).status().IgnoreError();
    }
  }

  Client& client_;
  const std::string machine_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

void Delete(Client& client, const std::string& machine) {
  v1::DeleteMachineRequest request;
  request.set_name(machine);
  request.set_force(true);
  request.set_allow_missing(true);
  client.Call(request).status().IgnoreError();
}

// What the machine's end means for ours; says so if it was a crash.
absl::StatusOr<int> StatusOf(Client& client, const std::string& name, int reported) {
  v1::GetMachineRequest request;
  request.set_name(name);
  const auto machine = client.Call(request);
  if (!machine.ok()) return machine.status();
  const v1::StopReport& report = machine->stop_report();
  if (report.reason() == v1::StopReport::REASON_GUEST_POWERED_OFF) {
    return reported >= 0 ? reported : report.exit_status();
  }
  std::fprintf(stderr, "ucctl: %s: %s: %s\n", ShortName(name).c_str(),
               WithoutPrefix(v1::StopReport::Reason_Name(report.reason()), "REASON_").c_str(),
               Printable(report.detail()).c_str());
  if (reported > 0) return reported;
  return report.exit_status() == 0 ? kRefused : report.exit_status();
}

absl::StatusOr<int> RunMachine(Client& client, const std::string& name, bool& keep) {
  v1::StartMachineRequest start;
  start.set_name(name);
  if (const auto started = client.Call(start); !started.ok()) return started.status();
  v1::AttachConsoleRequest attach;
  attach.set_name(name + "/consoles/sclp");
  attach.set_offset(0);
  const auto ending = Converse(client, attach);
  if (!ending.ok()) return ending.status();
  switch (ending->kind) {
    case ConsoleEnding::Kind::kMachineStopped:
      return StatusOf(client, name, ending->reported_status);
    case ConsoleEnding::Kind::kDetached:
      keep = true;
      std::fprintf(stderr, "\nucctl: detached; 'ucctl console %s' attaches again\n",
                   ShortName(name).c_str());
      return 0;
    case ConsoleEnding::Kind::kTurnOff:
    case ConsoleEnding::Kind::kInterrupted:
      return kInterruptedStatus;
  }
  return kInterruptedStatus;
}

}  // namespace

absl::StatusOr<int> RunVerb(Invocation& invocation) {
  HoldSignals();
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const Arguments& arguments = invocation.arguments();
  if (!arguments.Has("kernel")) return absl::InvalidArgumentError("run needs a --kernel");
  auto definition = DefinitionOf(arguments, arguments.Value("name"));
  if (!definition.ok()) return definition.status();
  const bool detach = arguments.Has("detach");
  bool keep = arguments.Has("keep") || detach;
  if (!keep && !arguments.Has("ttl")) {
    definition->machine.mutable_ttl()->set_seconds(kLeaseSeconds);
  }
  v1::CreateMachineRequest create;
  create.set_machine_id(definition->machine_id);
  *create.mutable_machine() = definition->machine;
  const auto machine = (*client)->Call(create);
  if (!machine.ok()) return machine.status();
  const std::string name = machine->name();
  absl::StatusOr<int> result = kNotRun;
  if (absl::Status sent = SendUploads(**client, *definition); !sent.ok()) {
    result = sent;
    keep = false;
  } else if (detach) {
    v1::StartMachineRequest start;
    start.set_name(name);
    const auto started = (*client)->Call(start);
    result = started.ok() ? absl::StatusOr<int>(0) : absl::StatusOr<int>(started.status());
    keep = started.ok();
    if (started.ok()) std::printf("%s\n", ShortName(name).c_str());
  } else {
    std::unique_ptr<Lease> lease;
    if (!keep && !arguments.Has("ttl")) lease = std::make_unique<Lease>(**client, name);
    bool detached = false;
    result = RunMachine(**client, name, detached);
    if (detached) {
      keep = true;
      lease.reset();
      // Nobody renews it any more.
      v1::UpdateMachineRequest request;
      request.mutable_machine()->set_name(name);
      request.mutable_update_mask()->add_paths("expire_time");
      (*client)->Call(request).status().IgnoreError();
    }
  }
  if (!keep) Delete(**client, name);
  if (!result.ok()) {
    PrintError(result.status());
    return kNotRun;
  }
  return result;
}

absl::StatusOr<int> ConsoleVerb(Invocation& invocation) {
  HoldSignals();
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto machine = invocation.Machine();
  if (!machine.ok()) return machine.status();
  v1::AttachConsoleRequest attach;
  attach.set_name(*machine + "/consoles/sclp");
  attach.set_read_only(invocation.arguments().Has("read-only"));
  attach.set_steal(invocation.arguments().Has("steal"));
  const auto back = ParseSize(invocation.arguments().Value("scroll-back", "4K"));
  if (!back.ok()) return back.status();
  if (*back > 0) attach.set_offset(-static_cast<int64_t>(*back));
  const auto ending = Converse(**client, attach);
  if (!ending.ok()) return ending.status();
  if (ending->kind != ConsoleEnding::Kind::kTurnOff) return 0;
  v1::StopMachineRequest stop;
  stop.set_name(*machine);
  const auto stopped = (*client)->Call(stop);
  if (!stopped.ok()) return stopped.status();
  return 0;
}

absl::StatusOr<int> LogsVerb(Invocation& invocation) {
  HoldSignals();
  const auto client = invocation.client();
  if (!client.ok()) return client.status();
  const auto machine = invocation.Machine();
  if (!machine.ok()) return machine.status();
  v1::AttachConsoleRequest attach;
  attach.set_name(*machine + "/consoles/sclp");
  attach.set_read_only(true);
  attach.set_offset(0);
  attach.set_follow(invocation.arguments().Has("follow"));
  attach.set_until_end(!invocation.arguments().Has("follow"));
  const auto ending = Converse(**client, attach);
  if (!ending.ok()) return ending.status();
  return 0;
}

}  // namespace services::cli
