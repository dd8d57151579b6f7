#include "services/update_mask.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/field_mask_util.h"
#include "services/failure.h"

namespace services {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::util::FieldMaskUtil;

constexpr int kMostPaths = 100;

// FieldMaskUtil knows fields, not types of messages, at run time.
bool IsPath(const google::protobuf::Descriptor* type, absl::string_view path) {
  while (type) {
    const size_t dot = std::min(path.find('.'), path.size());
    const FieldDescriptor* field = type->FindFieldByName(std::string(path.data(), dot));
    if (!field) return false;
    if (dot == path.size()) return true;
    if (field->is_repeated()) return false;
    path.remove_prefix(dot + 1);
    type = field->message_type();
  }
  return false;
}

}  // namespace

absl::Status ApplyUpdate(const Message& source, const FieldMask& mask,
                         const std::set<std::string>& writable, Message& target) {
  FieldMask chosen;
  if (mask.paths_size() == 1 && mask.paths(0) == "*") {
    for (const std::string& name : writable) chosen.add_paths(name);
  } else if (mask.paths_size() == 0) {
    std::vector<const FieldDescriptor*> present;
    source.GetReflection()->ListFields(source, &present);
    for (const FieldDescriptor* field : present) {
      if (writable.contains(field->name())) chosen.add_paths(field->name());
    }
  } else if (mask.paths_size() > kMostPaths) {
    return InvalidField("update_mask", "has more than 100 paths");
  } else {
    for (const std::string& path : mask.paths()) {
      if (!writable.contains(path.substr(0, path.find('.'))) ||
          !IsPath(source.GetDescriptor(), path)) {
        return InvalidField("update_mask",
                            absl::StrCat("'", path, "' can't be updated; these can: ",
                                         absl::StrJoin(writable, ", ")));
      }
      chosen.add_paths(path);
    }
  }
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(source, chosen, options, &target);
  return absl::OkStatus();
}

}  // namespace services
