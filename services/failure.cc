#include "services/failure.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace services {
namespace {

constexpr absl::string_view kDomain = "ucontrol";

std::string Copy(absl::string_view text) {
  return std::string(text.data(), text.size());
}

template <typename Detail>
void Attach(absl::Status& status, const Detail& detail) {
  status.SetPayload(absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name()),
                    absl::Cord(detail.SerializeAsString()));
}

google::rpc::ErrorInfo Info(absl::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(Copy(reason));
  info.set_domain(Copy(kDomain));
  return info;
}

absl::Status WithField(absl::StatusCode code, absl::string_view reason, absl::string_view field,
                       absl::string_view description) {
  absl::Status status(code, absl::StrCat(field, ": ", description));
  google::rpc::ErrorInfo info = Info(reason);
  (*info.mutable_metadata())["field"] = Copy(field);
  Attach(status, info);
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field(Copy(field));
  violation->set_description(Copy(description));
  Attach(status, bad);
  return status;
}

std::string TypeOf(absl::string_view name) {
  if (name.find("/vcpus/") != name.npos) return "ucontrol/Vcpu";
  if (name.find("/consoles/") != name.npos) return "ucontrol/Console";
  if (name.substr(0, 9) == "machines/") return "ucontrol/Machine";
  if (name.substr(0, 9) == "memories/") return "ucontrol/Memory";
  if (name.substr(0, 11) == "operations/") return "ucontrol/Operation";
  return "ucontrol/Resource";
}

absl::Status WithResource(absl::StatusCode code, absl::string_view reason, absl::string_view name,
                          absl::string_view description) {
  absl::Status status(code, absl::StrCat(name, " ", description));
  google::rpc::ErrorInfo info = Info(reason);
  (*info.mutable_metadata())["resource"] = Copy(name);
  Attach(status, info);
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(TypeOf(name));
  resource.set_resource_name(Copy(name));
  resource.set_description(Copy(description));
  Attach(status, resource);
  return status;
}

}  // namespace

absl::Status InvalidField(absl::string_view field, absl::string_view description,
                          absl::string_view reason) {
  return WithField(absl::StatusCode::kInvalidArgument, reason, field, description);
}

absl::Status FieldOutOfRange(absl::string_view reason, absl::string_view field,
                             absl::string_view description) {
  return WithField(absl::StatusCode::kOutOfRange, reason, field, description);
}

absl::Status NoSuchResource(absl::string_view name) {
  return WithResource(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND", name, "doesn't exist");
}

absl::Status ResourceExists(absl::string_view name) {
  return WithResource(absl::StatusCode::kAlreadyExists, "RESOURCE_EXISTS", name, "exists already");
}

absl::Status ResourceDenied(absl::string_view name) {
  return WithResource(absl::StatusCode::kPermissionDenied, "RESOURCE_DENIED", name,
                      "isn't yours, or doesn't exist");
}

absl::Status NotPermitted(absl::string_view description) {
  absl::Status status = absl::PermissionDeniedError(description);
  Attach(status, Info("ROLE_INSUFFICIENT"));
  return status;
}

absl::Status PreconditionNotMet(absl::string_view reason, absl::string_view subject,
                                absl::string_view description) {
  absl::Status status = absl::FailedPreconditionError(absl::StrCat(subject, " ", description));
  google::rpc::ErrorInfo info = Info(reason);
  (*info.mutable_metadata())["resource"] = Copy(subject);
  Attach(status, info);
  google::rpc::PreconditionFailure failure;
  auto* violation = failure.add_violations();
  violation->set_type(Copy(reason));
  violation->set_subject(Copy(subject));
  violation->set_description(Copy(description));
  Attach(status, failure);
  return status;
}

absl::Status EtagMismatch(absl::string_view name, absl::string_view given,
                          absl::string_view present) {
  absl::Status status = absl::AbortedError(
      absl::StrCat(name, " was changed meanwhile: its etag is ", present, ", not ", given));
  google::rpc::ErrorInfo info = Info("ETAG_MISMATCH");
  (*info.mutable_metadata())["resource"] = Copy(name);
  (*info.mutable_metadata())["etag"] = Copy(present);
  Attach(status, info);
  return status;
}

absl::Status LimitReached(absl::string_view limit, int64_t value, absl::string_view description) {
  absl::Status status =
      absl::ResourceExhaustedError(absl::StrCat(description, ": the limit ", limit, " is ", value));
  google::rpc::ErrorInfo info = Info("LIMIT_REACHED");
  (*info.mutable_metadata())["limit"] = Copy(limit);
  (*info.mutable_metadata())["value"] = absl::StrCat(value);
  Attach(status, info);
  google::rpc::QuotaFailure failure;
  auto* violation = failure.add_violations();
  violation->set_subject(Copy(limit));
  violation->set_description(Copy(description));
  Attach(status, failure);
  return status;
}

absl::Status RevisionGone(int64_t asked, int64_t oldest) {
  absl::Status status = absl::OutOfRangeError(
      absl::StrCat("events from revision ", asked, " on are gone; the oldest kept is ", oldest));
  google::rpc::ErrorInfo info = Info("REVISION_GONE");
  (*info.mutable_metadata())["oldest_revision"] = absl::StrCat(oldest);
  Attach(status, info);
  return status;
}

absl::Status WithReason(const absl::Status& status, absl::string_view reason) {
  if (status.ok()) return status;
  const std::string url =
      absl::StrCat("type.googleapis.com/", google::rpc::ErrorInfo::descriptor()->full_name());
  if (status.GetPayload(url).has_value()) return status;
  absl::Status result = status;
  Attach(result, Info(reason));
  return result;
}

}  // namespace services
