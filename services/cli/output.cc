#include "services/cli/output.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"

namespace services::cli {
namespace {

// What to do about an error, by its stable reason.
const char* HintFor(const std::string& reason) {
  static const auto* const kHints = new std::map<std::string, const char*>{
      {"MACHINE_NOT_ACTIVE", "start it with 'ucctl start'"},
      {"MACHINE_ACTIVE", "stop it first with 'ucctl stop', or use --force where there is one"},
      {"MACHINE_STATE", "'ucctl show' tells its state"},
      {"RESOURCE_NOT_FOUND", "'ucctl ls' and 'ucctl mem ls' show what there is"},
      {"RESOURCE_EXISTS", "choose another name, or remove that one with 'ucctl rm'"},
      {"RESOURCE_DENIED", "'ucctl version' tells who the daemon takes you for"},
      {"ROLE_INSUFFICIENT",
       "'ucctl version' tells who the daemon takes you for; its administrator "
       "grants roles in its configuration"},
      {"CONSOLE_HAS_WRITER", "--read-only watches it, --steal takes it over"},
      {"MEMORY_LOST", "write it again with 'ucctl mem write', or remove it with 'ucctl mem rm'"},
      {"MEMORY_IN_USE", "unmap it, or stop the machines that use it"},
      {"NOT_SEGMENT_ALIGNED", "addresses, offsets and sizes are multiples of 1M"},
      {"LIMIT_REACHED",
       "remove what isn't needed any more, or have the limit raised in the "
       "daemon's configuration"},
      {"ETAG_MISMATCH", "look at it again with 'ucctl show', and repeat"},
      {"REVISION_GONE", "list the resources again, and watch from now on"},
      {"NO_IMAGE_DIRECTORY", "have image_directory set in the daemon's configuration"},
  };
  const auto found = kHints->find(reason);
  return found == kHints->end() ? nullptr : found->second;
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  google::rpc::ErrorInfo info;
  if (!payload || !info.ParseFromString(std::string(*payload))) return {};
  return info.reason();
}

}  // namespace

void Table::Print() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i]);
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    std::printf("%s\n", line.c_str());
  }
}

void PrintJson(const google::protobuf::Message& message, bool one_line) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = !one_line;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return;
  std::printf("%s%s", json.c_str(), one_line ? "\n" : "");
  std::fflush(stdout);
}

void PrintError(const absl::Status& status) {
  std::fprintf(stderr, "ucctl: %s\n", Printable(std::string(status.message())).c_str());
  if (const char* hint = HintFor(ReasonOf(status))) {
    std::fprintf(stderr, "ucctl: %s\n", hint);
  } else if (absl::IsUnavailable(status)) {
    std::fprintf(stderr,
                 "ucctl: is ucontrold running there? --address or UCONTROL_ADDRESS says where\n");
  }
}

std::string ShowBytes(int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  const bool whole = value == static_cast<double>(static_cast<int64_t>(value));
  return whole ? absl::StrFormat("%d %s", static_cast<int64_t>(value), kUnits[unit])
               : absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string ShowAge(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return {};
  const int64_t seconds = std::max<int64_t>(0, absl::ToUnixSeconds(absl::Now()) - time.seconds());
  if (seconds < 120) return absl::StrCat(seconds, "s");
  if (seconds < 7200) return absl::StrCat(seconds / 60, "m");
  if (seconds < 172800) return absl::StrCat(seconds / 3600, "h");
  return absl::StrCat(seconds / 86400, "d");
}

std::string Printable(const std::string& text) {
  std::string result = text;
  for (char& c : result)
    if ((c < 0x20 || c >= 0x7f) && c != '\n') c = '?';
  return result;
}

std::string WithoutPrefix(const std::string& name, const std::string& prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

}  // namespace services::cli
