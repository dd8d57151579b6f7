#include "services/filter_match.h"

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"

namespace services {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool Ordered(Comparison comparison, int order) {
  switch (comparison) {
    case Comparison::kEqual:
    case Comparison::kHas:
      return order == 0;
    case Comparison::kUnequal:
      return order != 0;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kAtMost:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kAtLeast:
      return order >= 0;
  }
  return false;
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// '*' at the start or the end stands for anything, in = and !=; `:` looks for a part.
bool MatchText(Comparison comparison, const std::string& value, const std::string& wanted) {
  const absl::string_view text = wanted;
  if (comparison == Comparison::kHas) {
    return wanted == "*" ? !value.empty() : absl::StrContains(value, wanted);
  }
  if (comparison == Comparison::kEqual || comparison == Comparison::kUnequal) {
    bool equal = value == wanted;
    if (wanted.size() > 1 && wanted.back() == '*') {
      equal = absl::StartsWith(value, text.substr(0, text.size() - 1));
    } else if (wanted.size() > 1 && wanted.front() == '*') {
      equal = absl::EndsWith(value, text.substr(1));
    }
    return equal == (comparison == Comparison::kEqual);
  }
  return Ordered(comparison, Order(value, wanted));
}

// `index` is -1 for a field that isn't repeated.
bool MatchScalar(const Restriction& r, const Message& message, const FieldDescriptor& field,
                 int index) {
  const auto& reflection = *message.GetReflection();
  const auto integer = [&](int64_t value) {
    return Ordered(r.comparison, Order(value, r.wanted.integer));
  };
#define SERVICES_VALUE(Type)                         \
  (index < 0 ? reflection.Get##Type(message, &field) \
             : reflection.GetRepeated##Type(message, &field, index))
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return MatchText(r.comparison, SERVICES_VALUE(String), r.wanted.text);
    case FieldDescriptor::CPPTYPE_BOOL:
      return integer(SERVICES_VALUE(Bool));
    case FieldDescriptor::CPPTYPE_ENUM:
      return integer(SERVICES_VALUE(EnumValue));
    case FieldDescriptor::CPPTYPE_INT32:
      return integer(SERVICES_VALUE(Int32));
    case FieldDescriptor::CPPTYPE_UINT32:
      return integer(SERVICES_VALUE(UInt32));
    case FieldDescriptor::CPPTYPE_INT64:
      return integer(SERVICES_VALUE(Int64));
    case FieldDescriptor::CPPTYPE_UINT64:
      return integer(static_cast<int64_t>(SERVICES_VALUE(UInt64)));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Ordered(r.comparison, Order<double>(SERVICES_VALUE(Float), r.wanted.real));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Ordered(r.comparison, Order<double>(SERVICES_VALUE(Double), r.wanted.real));
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      using google::protobuf::util::TimeUtil;
      const Message& value = SERVICES_VALUE(Message);
      if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&value)) {
        if (r.wanted.text != "*") return integer(TimeUtil::TimestampToNanoseconds(*time));
      }
      if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&value)) {
        if (r.wanted.text != "*") return integer(TimeUtil::DurationToNanoseconds(*duration));
      }
      return r.wanted.text == "*";
    }
  }
#undef SERVICES_VALUE
  return false;
}

bool MatchMap(const Restriction& r, const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    const auto* key = entry.GetDescriptor()->map_key();
    const auto* value = entry.GetDescriptor()->map_value();
    const std::string name = entry.GetReflection()->GetString(entry, key);
    // labels:env asks for the key; labels.env = "ci" for the value behind it.
    if (r.key.empty()) {
      if (name == r.wanted.text || r.wanted.text == "*") return true;
    } else if (name == r.key) {
      return MatchScalar(r, entry, *value, -1);
    }
  }
  return r.comparison == Comparison::kUnequal;
}

bool MatchPath(const Restriction& r, const Message& message, size_t depth) {
  const FieldDescriptor& field = *r.path[depth];
  const auto& reflection = *message.GetReflection();
  if (field.is_map()) return MatchMap(r, message, field);
  const bool last = depth + 1 == r.path.size();
  if (field.is_repeated()) {
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      if (last ? MatchScalar(r, message, field, i)
               : MatchPath(r, reflection.GetRepeatedMessage(message, &field, i), depth + 1)) {
        return true;
      }
    }
    return false;
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
      !reflection.HasField(message, &field)) {
    return r.comparison == Comparison::kUnequal;
  }
  if (!last) return MatchPath(r, reflection.GetMessage(message, &field), depth + 1);
  return MatchScalar(r, message, field, -1);
}

}  // namespace

bool Matches(const Restriction& restriction, const Message& message) {
  return MatchPath(restriction, message, 0);
}

}  // namespace services
