// Errors with the details that clients program against (AIP-193). They travel as payloads of an
// absl::Status, so that what lies below the gRPC methods needs no gRPC.
#ifndef SERVICES_FAILURE_H_
#define SERVICES_FAILURE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace services {

// `reason` in all of these is UPPER_SNAKE_CASE and never changes once released.

// INVALID_ARGUMENT with a BadRequest. `field` is a path, as machine.storage_bytes.
absl::Status InvalidField(absl::string_view field, absl::string_view description,
                          absl::string_view reason = "INVALID_FIELD");

// OUT_OF_RANGE with a BadRequest.
absl::Status FieldOutOfRange(absl::string_view reason, absl::string_view field,
                             absl::string_view description);

// NOT_FOUND and ALREADY_EXISTS with a ResourceInfo whose type follows from the name.
absl::Status NoSuchResource(absl::string_view name);
absl::Status ResourceExists(absl::string_view name);

// PERMISSION_DENIED that doesn't tell whether the resource exists (AIP-211).
absl::Status ResourceDenied(absl::string_view name);
absl::Status NotPermitted(absl::string_view description);

// FAILED_PRECONDITION with a PreconditionFailure about `subject`, a resource's name.
absl::Status PreconditionNotMet(absl::string_view reason, absl::string_view subject,
                                absl::string_view description);

// ABORTED: somebody else changed the resource (AIP-154).
absl::Status EtagMismatch(absl::string_view name, absl::string_view given,
                          absl::string_view present);

// RESOURCE_EXHAUSTED with a QuotaFailure; `limit` is the field's name in the configuration.
absl::Status LimitReached(absl::string_view limit, int64_t value, absl::string_view description);

// OUT_OF_RANGE: events behind `oldest` are gone.
absl::Status RevisionGone(int64_t asked, int64_t oldest);

// The same error about `field`, or with a reason, unless it has one already.
absl::Status WithReason(const absl::Status& status, absl::string_view reason);

}  // namespace services

#endif  // SERVICES_FAILURE_H_
