// Pages of a list (AIP-158).
#ifndef SERVICES_PAGE_H_
#define SERVICES_PAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/filter.h"

namespace services {

// Where a page begins: behind this key, in a list that this filter chose.
struct PageStart {
  std::string after;
  size_t size = 0;
  std::string filter;

  // INVALID_ARGUMENT for a negative size, and for a token that isn't one of ours for this filter.
  static absl::StatusOr<PageStart> Parse(int32_t size, absl::string_view token,
                                         absl::string_view filter);

  // The token of the page behind `key`.
  std::string TokenAfter(absl::string_view key) const;
};

template <typename Item>
struct Page {
  std::vector<Item> items;
  std::string next_token;
};

// `items` are ordered by `key_of`, which is a string; `matches` chooses.
template <typename Item, typename KeyOf, typename Matches>
Page<Item> PageOf(const std::vector<Item>& items, const PageStart& start, KeyOf key_of,
                  Matches matches) {
  Page<Item> page;
  for (const Item& item : items) {
    if (!start.after.empty() && key_of(item) <= start.after) continue;
    if (!matches(item)) continue;
    if (page.items.size() == start.size) {
      page.next_token = start.TokenAfter(key_of(page.items.back()));
      break;
    }
    page.items.push_back(item);
  }
  return page;
}

}  // namespace services

#endif  // SERVICES_PAGE_H_
