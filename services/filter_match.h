// One comparison of a filter, and whether a message passes it.
#ifndef SERVICES_FILTER_MATCH_H_
#define SERVICES_FILTER_MATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace services {

enum class Comparison { kEqual, kUnequal, kLess, kAtMost, kGreater, kAtLeast, kHas };

// A value of the kind that the field has, so that a wrong one is refused while parsing.
struct Wanted {
  std::string text;
  int64_t integer = 0;  // also enumerators and booleans, and nanoseconds of times and durations
  double real = 0;
};

struct Restriction {
  std::vector<const google::protobuf::FieldDescriptor*> path;
  std::string key;  // of the map that the path ends in
  Comparison comparison = Comparison::kHas;
  Wanted wanted;
};

bool Matches(const Restriction& restriction, const google::protobuf::Message& message);

}  // namespace services

#endif  // SERVICES_FILTER_MATCH_H_
