// What people and programs read.
#ifndef SERVICES_CLI_OUTPUT_H_
#define SERVICES_CLI_OUTPUT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace services::cli {

// Columns as wide as they need to be, on standard output.
class Table {
 public:
  explicit Table(std::vector<std::string> titles) { rows_.push_back(std::move(titles)); }

  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void Print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// One line, or many for people; field names as the protos have them.
void PrintJson(const google::protobuf::Message& message, bool one_line);

// "ucctl: " and the message, what the details add, and what to do about it; on standard error.
void PrintError(const absl::Status& status);

// 1.5 GiB.
std::string ShowBytes(int64_t bytes);
// As 3m: the time since then; empty if there is none.
std::string ShowAge(const google::protobuf::Timestamp& time);
// What is no printable ASCII becomes '?': a guest or another client must not steer the terminal.
std::string Printable(const std::string& text);
// RUNNING for MACHINE_STATE_RUNNING and the like.
std::string WithoutPrefix(const std::string& name, const std::string& prefix);

}  // namespace services::cli

#endif  // SERVICES_CLI_OUTPUT_H_
