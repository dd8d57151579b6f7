// ucctl: the command line of a ucontrold.
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cli/arguments.h"
#include "services/cli/help.h"
#include "services/cli/output.h"
#include "services/cli/verb.h"

namespace services::cli {
namespace {

std::string Environment(const char* name, const std::string& fallback = "") {
  const char* const value = getenv(name);
  return value == nullptr || value[0] == '\0' ? fallback : value;
}

// The user's own daemon, if it runs, or else the host's.
std::string UsualAddress() {
  const std::string own = Environment("XDG_RUNTIME_DIR") + "/ucontrol/ucontrol.sock";
  struct stat status;
  if (stat(own.c_str(), &status) == 0) return "unix:" + own;
  return "unix:/run/ucontrol/ucontrol.sock";
}

Endpoint EndpointOf(const Arguments& arguments) {
  Endpoint endpoint;
  endpoint.address = arguments.Value("address", Environment("UCONTROL_ADDRESS", UsualAddress()));
  endpoint.authorities_file = arguments.Value("tls-ca", Environment("UCONTROL_TLS_CA"));
  endpoint.certificate_file = arguments.Value("tls-cert", Environment("UCONTROL_TLS_CERT"));
  endpoint.key_file = arguments.Value("tls-key", Environment("UCONTROL_TLS_KEY"));
  endpoint.server_name = arguments.Value("tls-server-name");
  endpoint.insecure = arguments.Has("insecure");
  return endpoint;
}

absl::StatusOr<Format> FormatOf(const Arguments& arguments) {
  const std::string name = arguments.Value("output", "table");
  if (name == "table") return Format::kTable;
  if (name == "json") return Format::kJson;
  if (name == "name") return Format::kNames;
  return absl::InvalidArgumentError(absl::StrCat("--output is table, json or name, not ", name));
}

int Misused(const absl::Status& status, const std::string& verb) {
  std::fprintf(stderr, "ucctl: %s\nucctl: 'ucctl help%s%s' explains it\n",
               Printable(std::string(status.message())).c_str(), verb.empty() ? "" : " ",
               verb.c_str());
  return kMisused;
}

const Verb* FindVerb(const std::string& name) {
  for (const Verb& verb : Verbs())
    if (name == verb.name) return &verb;
  return nullptr;
}

int Help(const std::string& about) {
  if (about.empty()) {
    std::fputs(Overview().c_str(), stdout);
    return 0;
  }
  const Verb* const verb = FindVerb(about);
  if (verb == nullptr) return Misused(absl::NotFoundError("there is no verb " + about), "");
  std::fputs(HelpFor(*verb).c_str(), stdout);
  return 0;
}

int Run(const Verb& verb, const std::vector<std::string>& words) {
  std::vector<Option> options(verb.options.begin(), verb.options.end());
  options.insert(options.end(), SharedOptions().begin(), SharedOptions().end());
  absl::StatusOr<Arguments> arguments = Arguments::Parse(words, options);
  if (!arguments.ok()) return Misused(arguments.status(), verb.name);
  if (arguments->Has("help")) return Help(verb.name);
  const absl::StatusOr<Format> format = FormatOf(*arguments);
  if (!format.ok()) return Misused(format.status(), verb.name);
  const Endpoint endpoint = EndpointOf(*arguments);
  Invocation invocation(*std::move(arguments), *format, endpoint);
  const absl::StatusOr<int> result = verb.act(invocation);
  if (result.ok()) return *result;
  // Ours have no details; the daemon's always have.
  bool from_daemon = false;
  result.status().ForEachPayload([&](absl::string_view, const absl::Cord&) { from_daemon = true; });
  if (absl::IsInvalidArgument(result.status()) && !from_daemon) {
    return Misused(result.status(), verb.name);
  }
  PrintError(result.status());
  return kRefused;
}

int Main(const std::vector<std::string>& words) {
  const std::string name = words.empty() ? "help" : words[0];
  const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
  if (name == "help" || name == "--help" || name == "-h") {
    return Help(rest.empty() ? "" : rest[0]);
  }
  if (name == "manual") {
    std::fputs(ManualPage().c_str(), stdout);
    return 0;
  }
  if (name == "completion") {
    const absl::StatusOr<std::string> script = CompletionScript(rest.empty() ? "" : rest[0]);
    if (!script.ok()) return Misused(script.status(), "");
    std::fputs(script->c_str(), stdout);
    return 0;
  }
  const Verb* const verb = FindVerb(name == "--version" ? "version" : name);
  if (verb == nullptr) return Misused(absl::NotFoundError("there is no verb '" + name + "'"), "");
  return Run(*verb, rest);
}

}  // namespace
}  // namespace services::cli

int main(int argc, char** argv) {
  return services::cli::Main(std::vector<std::string>(argv + 1, argv + argc));
}
