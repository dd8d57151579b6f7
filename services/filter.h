// AIP-160 filters on any message, by reflection.
#ifndef SERVICES_FILTER_H_
#define SERVICES_FILTER_H_

#include <functional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace services {

using Filter = std::function<bool(const google::protobuf::Message&)>;

// INVALID_ARGUMENT about the field "filter" if it can't be parsed, or names a field that `type`
// hasn't. An empty text matches everything.
absl::StatusOr<Filter> ParseFilter(const google::protobuf::Descriptor& type,
                                   absl::string_view text);

}  // namespace services

#endif  // SERVICES_FILTER_H_
