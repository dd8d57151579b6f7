// Structured logs: one JSON object a line on standard error, where journald and containers find it.
#ifndef SERVICES_LOG_H_
#define SERVICES_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace services {

enum class Severity { kDebug, kInfo, kWarning, kError };

// A name and its value, which numbers give without quotes.
struct LogField {
  LogField(absl::string_view name, absl::string_view text)
      : key(name), value(text.data(), text.size()) {}
  LogField(absl::string_view name, const std::string& text) : key(name), value(text) {}
  LogField(absl::string_view name, const char* text) : key(name), value(text) {}
  LogField(absl::string_view name, int64_t number)
      : key(name), value(absl::StrCat(number)), is_number(true) {}

  absl::string_view key;
  std::string value;
  bool is_number = false;
};

// Any thread; a line is written at once and never mixed with another.
void Log(Severity severity, absl::string_view message, std::initializer_list<LogField> fields = {});

// What is less severe isn't written. Any thread.
void SetLogThreshold(Severity severity);

// As a JSON string, with its quotes; bytes that aren't ASCII become \u00XX.
std::string JsonString(absl::string_view text);

}  // namespace services

#endif  // SERVICES_LOG_H_
