#include "services/cli/arguments.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace services::cli {
namespace {

std::optional<uint64_t> ParseWhole(const std::string& text) {
  uint64_t value = 0;
  if (absl::StartsWith(text, "0x")) {
    if (absl::SimpleHexAtoi(text, &value)) return value;
    return std::nullopt;
  }
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (digits && absl::SimpleAtoi(text, &value)) return value;
  return std::nullopt;
}

absl::StatusOr<uint64_t> ParseWithUnit(const std::string& text, const char* what,
                                       const std::map<char, uint64_t>& units) {
  std::string number = text;
  uint64_t unit = 1;
  if (!text.empty()) {
    const auto found = units.find(text.back());
    // The last digit of 0x1d is no unit.
    if (found != units.end() && !absl::StartsWith(text, "0x")) {
      unit = found->second;
      number.pop_back();
    }
  }
  const std::optional<uint64_t> value = ParseWhole(number);
  if (!value || *value > std::numeric_limits<int64_t>::max() / unit) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no ", what));
  }
  return *value * unit;
}

}  // namespace

absl::StatusOr<Arguments> Arguments::Parse(const std::vector<std::string>& words,
                                           std::span<const Option> options) {
  Arguments arguments;
  for (size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i];
    if (word == "--") {
      arguments.words_.insert(arguments.words_.end(), words.begin() + static_cast<ptrdiff_t>(i) + 1,
                              words.end());
      break;
    }
    if (word == "-o") word = "--output";
    if (word == "-f") word = "--follow";
    if (word == "-h") word = "--help";
    if (!absl::StartsWith(word, "--")) {
      arguments.words_.push_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const Option& known) { return name == known.name; });
    if (option == options.end()) {
      return absl::InvalidArgumentError(absl::StrCat("there is no option --", name));
    }
    std::string value;
    if (option->value == nullptr) {
      if (equals != word.npos) {
        return absl::InvalidArgumentError(absl::StrCat("--", name, " takes no value"));
      }
    } else if (equals != word.npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " needs a ", option->value));
    }
    arguments.options_[name].push_back(value);
  }
  return arguments;
}

std::string Arguments::Value(const std::string& option, const std::string& fallback) const {
  const auto found = options_.find(option);
  return found == options_.end() ? fallback : found->second.back();
}

std::vector<std::string> Arguments::Values(const std::string& option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::vector<std::string>() : found->second;
}

absl::StatusOr<int64_t> Arguments::Number(const std::string& option, int64_t fallback,
                                          int64_t least, int64_t most) const {
  if (!Has(option)) return fallback;
  const std::optional<uint64_t> value = ParseWhole(Value(option));
  if (!value || *value > static_cast<uint64_t>(most) || static_cast<int64_t>(*value) < least) {
    return absl::InvalidArgumentError(absl::StrCat("--", option, " is a number from ", least,
                                                   " to ", most, ", not '", Value(option), "'"));
  }
  return static_cast<int64_t>(*value);
}

absl::StatusOr<uint64_t> ParseSize(const std::string& text) {
  static const auto* const kUnits = new std::map<char, uint64_t>{
      {'K', uint64_t{1} << 10}, {'M', uint64_t{1} << 20}, {'G', uint64_t{1} << 30},
      {'T', uint64_t{1} << 40}, {'k', uint64_t{1} << 10}, {'m', uint64_t{1} << 20},
      {'g', uint64_t{1} << 30}, {'t', uint64_t{1} << 40}};
  return ParseWithUnit(text, "size: write bytes, or a number with K, M, G or T", *kUnits);
}

absl::StatusOr<int64_t> ParseSeconds(const std::string& text) {
  static const auto* const kUnits =
      new std::map<char, uint64_t>{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
  const auto seconds =
      ParseWithUnit(text, "time: write seconds, or a number with s, m, h or d", *kUnits);
  if (!seconds.ok()) return seconds.status();
  return static_cast<int64_t>(*seconds);
}

}  // namespace services::cli
