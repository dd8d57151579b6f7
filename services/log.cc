#include "services/log.h"

#include <unistd.h>

#include <atomic>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace services {
namespace {

std::atomic<Severity> threshold = Severity::kInfo;

absl::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "debug";
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c >= 0x20 && c < 0x7f) {
      result += c;
    } else {
      absl::StrAppendFormat(&result, "\\u%04x", static_cast<unsigned char>(c));
    }
  }
  return result += '"';
}

void Log(Severity severity, absl::string_view message, std::initializer_list<LogField> fields) {
  if (severity < threshold.load(std::memory_order_relaxed)) return;
  std::string line = absl::StrCat(
      "{\"time\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone()),
      "\",\"severity\":\"", NameOf(severity), "\",\"message\":", JsonString(message));
  for (const LogField& field : fields) {
    absl::StrAppend(&line, ",\"", field.key,
                    "\":", field.is_number ? field.value : JsonString(field.value));
  }
  line += "}\n";
  // A log that can't be written is nothing that anybody could be told.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

void SetLogThreshold(Severity severity) {
  threshold.store(severity, std::memory_order_relaxed);
}

}  // namespace services
