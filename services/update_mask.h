// Which fields an update takes over (AIP-161).
#ifndef SERVICES_UPDATE_MASK_H_
#define SERVICES_UPDATE_MASK_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace services {

// Copies from `source` to `target`, of the same type, what `mask` names: every field that is set in
// `source` if it is empty, all of `writable` if it is "*". INVALID_ARGUMENT about `update_mask` for
// a path that isn't one of a field in `writable`.
absl::Status ApplyUpdate(const google::protobuf::Message& source,
                         const google::protobuf::FieldMask& mask,
                         const std::set<std::string>& writable, google::protobuf::Message& target);

}  // namespace services

#endif  // SERVICES_UPDATE_MASK_H_
