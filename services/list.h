// Lists of resources, as a caller may see them: filtered, and a page at a time.
#ifndef SERVICES_LIST_H_
#define SERVICES_LIST_H_

#include "absl/status/statusor.h"
#include "services/access.h"
#include "services/filter.h"
#include "services/page.h"
#include "services/registry.h"

namespace services {

template <typename Resource, typename Request>
absl::StatusOr<Page<Registry::Ptr<Resource>>> ListVisible(const Registry& registry,
                                                          const Caller& caller,
                                                          const Request& request) {
  const absl::StatusOr<PageStart> start =
      PageStart::Parse(request.page_size(), request.page_token(), request.filter());
  if (!start.ok()) return start.status();
  const absl::StatusOr<Filter> filter = ParseFilter(*Resource::descriptor(), request.filter());
  if (!filter.ok()) return filter.status();
  return PageOf(
      registry.List<Resource>(), *start, [](const auto& resource) { return resource->name(); },
      [&](const auto& resource) {
        return caller.MaySee(resource->owner()) && (*filter)(*resource);
      });
}

}  // namespace services

#endif  // SERVICES_LIST_H_
