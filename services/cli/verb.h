// Verbs of ucctl: one row each, from which come help, completion and the manual page too.
#ifndef SERVICES_CLI_VERB_H_
#define SERVICES_CLI_VERB_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/arguments.h"
#include "services/cli/client.h"

namespace services::cli {

// Exit codes that aren't a guest's own.
inline constexpr int kRefused = 1;
inline constexpr int kMisused = 2;
inline constexpr int kNotRun = 125;  // ucctl run: there is no guest's status

enum class Format { kTable, kJson, kNames };

// One invocation.
class Invocation {
 public:
  Invocation(Arguments arguments, Format format, Endpoint endpoint)
      : arguments_(std::move(arguments)), format_(format), endpoint_(std::move(endpoint)) {}

  const Arguments& arguments() const { return arguments_; }
  Format format() const { return format_; }

  // Connects at the first call.
  absl::StatusOr<Client*> client();

  // machines/NAME for NAME; INVALID_ARGUMENT if the word isn't there.
  absl::StatusOr<std::string> Machine(size_t word = 0) const;
  absl::StatusOr<std::string> Memory(size_t word = 0) const;

 private:
  const Arguments arguments_;
  const Format format_;
  const Endpoint endpoint_;
  std::unique_ptr<Client> client_;
};

// The exit code, or what went wrong.
using Action = absl::StatusOr<int> (*)(Invocation&);

struct Verb {
  const char* name;
  const char* words;        // what follows it, as "MACHINE..."
  const char* summary;      // one line
  const char* description;  // more of it
  const char* example;      // lines, each with its own comment behind '#'
  std::span<const Option> options;
  Action act;
  bool completes_machines;
};

// All of them, in the order of the help.
std::span<const Verb> Verbs();

// What every verb takes.
std::span<const Option> SharedOptions();

// machines/NAME for NAME.
std::string MachineName(const std::string& word);
std::string MemoryName(const std::string& word);
// NAME for machines/NAME.
std::string ShortName(const std::string& name);

}  // namespace services::cli

#endif  // SERVICES_CLI_VERB_H_
