// The words behind a verb: options and the rest.
#ifndef SERVICES_CLI_ARGUMENTS_H_
#define SERVICES_CLI_ARGUMENTS_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace services::cli {

// --NAME VALUE or --NAME=VALUE; without a value name, a switch.
struct Option {
  const char* name;
  const char* value;  // how the help calls it; null for a switch
  const char* help;
};

class Arguments {
 public:
  // INVALID_ARGUMENT for an option that isn't one of these, or lacks its value. What stands behind
  // "--" are words, whatever they look like.
  static absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words,
                                         std::span<const Option> options);

  const std::vector<std::string>& words() const { return words_; }
  std::string word(size_t index) const { return index < words_.size() ? words_[index] : ""; }

  bool Has(const std::string& option) const { return options_.contains(option); }
  // The last one given; `fallback` if there is none.
  std::string Value(const std::string& option, const std::string& fallback = "") const;
  std::vector<std::string> Values(const std::string& option) const;

  // INVALID_ARGUMENT unless it is a number in [least, most].
  absl::StatusOr<int64_t> Number(const std::string& option, int64_t fallback, int64_t least,
                                 int64_t most) const;

 private:
  std::vector<std::string> words_;
  std::map<std::string, std::vector<std::string>> options_;
};

// 4096, 0x1000, 512K, 512M, 2G, 1T: bytes.
absl::StatusOr<uint64_t> ParseSize(const std::string& text);

// 30, 30s, 5m, 2h, 1d: seconds.
absl::StatusOr<int64_t> ParseSeconds(const std::string& text);

}  // namespace services::cli

#endif  // SERVICES_CLI_ARGUMENTS_H_
