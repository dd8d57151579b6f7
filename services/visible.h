// Resources as a caller may see or change them: permission is decided before existence (AIP-211).
#ifndef SERVICES_VISIBLE_H_
#define SERVICES_VISIBLE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/access.h"
#include "services/failure.h"
#include "services/registry.h"

namespace services {

// PERMISSION_DENIED both for what isn't the operator's and for what doesn't exist; NOT_FOUND for
// those who may see everything.
template <typename Resource>
absl::StatusOr<Registry::Ptr<Resource>> FindVisible(const Registry& registry, const Caller& caller,
                                                    absl::string_view name) {
  Registry::Ptr<Resource> resource = registry.Find<Resource>(name);
  if (resource && caller.MaySee(resource->owner())) return resource;
  if (caller.role == ucontrol::v1::ROLE_OPERATOR) return ResourceDenied(name);
  return NoSuchResource(name);
}

template <typename Resource>
absl::StatusOr<Registry::Ptr<Resource>> FindChangeable(const Registry& registry,
                                                       const Caller& caller,
                                                       absl::string_view name) {
  Registry::Ptr<Resource> resource = registry.Find<Resource>(name);
  if (resource && caller.MayChange(resource->owner())) return resource;
  if (caller.role != ucontrol::v1::ROLE_ADMIN) return ResourceDenied(name);
  return NoSuchResource(name);
}

inline absl::Status CheckEtag(absl::string_view name, absl::string_view given,
                              absl::string_view present) {
  if (given.empty() || given == present) return absl::OkStatus();
  return EtagMismatch(name, given, present);
}

}  // namespace services

#endif  // SERVICES_VISIBLE_H_
