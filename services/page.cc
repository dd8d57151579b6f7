#include "services/page.h"

#include <algorithm>
#include <functional>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/failure.h"

namespace services {
namespace {

constexpr int32_t kUsualSize = 50;
constexpr int32_t kLargestSize = 1000;

// Enough to notice that a client mixes lists up.
uint32_t Fingerprint(absl::string_view text) {
  uint32_t hash = 2166136261;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return hash;
}

}  // namespace

absl::StatusOr<PageStart> PageStart::Parse(int32_t size, absl::string_view token,
                                           absl::string_view filter) {
  if (size < 0) return InvalidField("page_size", absl::StrCat(size, " is negative"));
  PageStart start;
  start.size = static_cast<size_t>(size == 0 ? kUsualSize : std::min(size, kLargestSize));
  start.filter = std::string(filter.data(), filter.size());
  if (token.empty()) return start;
  std::string decoded;
  uint32_t fingerprint = 0;
  const bool ours = absl::WebSafeBase64Unescape(token, &decoded) && decoded.find(' ') != 0 &&
                    decoded.find(' ') != decoded.npos &&
                    absl::SimpleAtoi(decoded.substr(0, decoded.find(' ')), &fingerprint);
  if (!ours) return InvalidField("page_token", "isn't a next_page_token", "INVALID_PAGE_TOKEN");
  if (fingerprint != Fingerprint(filter)) {
    return InvalidField("page_token", "belongs to a request with another filter",
                        "INVALID_PAGE_TOKEN");
  }
  start.after = decoded.substr(decoded.find(' ') + 1);
  return start;
}

std::string PageStart::TokenAfter(absl::string_view key) const {
  return absl::WebSafeBase64Escape(absl::StrCat(Fingerprint(filter), " ", key));
}

}  // namespace services
