// The options that say what a machine is: of create and run.
#ifndef SERVICES_CLI_DEFINITION_OPTIONS_H_
#define SERVICES_CLI_DEFINITION_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cli/arguments.h"
#include "services/cli/client.h"
#include "ucontrol/v1/machine.pb.h"

namespace services::cli {

// A file that is to be written to a memory before the machine starts.
struct Upload {
  std::string path;
  std::string memory_id;
  uint64_t length = 0;
};

struct Definition {
  std::string machine_id;
  ucontrol::v1::Machine machine;
  std::vector<Upload> uploads;
};

// A random id, as vm-7x3k2m.
std::string RandomName();

// Files are looked at, and not read.
absl::StatusOr<Definition> DefinitionOf(const Arguments& arguments, const std::string& machine_id);

// Makes the memories, which end with the machine, and writes the files to them.
absl::Status SendUploads(Client& client, const Definition& definition);

}  // namespace services::cli

#endif  // SERVICES_CLI_DEFINITION_OPTIONS_H_
