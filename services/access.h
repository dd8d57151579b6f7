// Who calls, and what they may do.
#ifndef SERVICES_ACCESS_H_
#define SERVICES_ACCESS_H_

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/registry.h"
#include "ucontrol/daemon/v1/configuration.pb.h"

namespace services {

// Who is at the other end of a unix socket (SO_PEERCRED).
struct UnixPeer {
  uint32_t uid = 0;
  uint32_t gid = 0;
};

// A caller as the gate let it in.
struct Caller {
  std::string principal;  // unix:USER, tls:NAME or anonymous
  ucontrol::v1::Role role = ucontrol::v1::ROLE_UNSPECIFIED;
  // The request it named, if it did.
  IdentifiedRequest* request = nullptr;

  Author author() const { return {principal, request}; }

  bool IsAdministrator() const { return role == ucontrol::v1::ROLE_ADMIN; }

  // Whether resources of this owner exist for the caller at all, and may be changed by it.
  bool MaySee(absl::string_view owner) const;
  bool MayChange(absl::string_view owner) const;
};

// The grants of the configuration. Any thread.
class Access {
 public:
  using Grants = google::protobuf::RepeatedPtrField<ucontrol::daemon::v1::Grant>;

  // Takes the place of all grants there were.
  void Replace(const Grants& grants);

  Caller Identify(const UnixPeer& peer) const;
  // `name` is what the certificate says.
  Caller IdentifyTls(absl::string_view name) const;
  Caller IdentifyAnonymous() const;

 private:
  ucontrol::v1::Role RoleOf(const std::vector<std::string>& principals) const;

  mutable std::mutex mutex_;
  Grants grants_;
};

}  // namespace services

#endif  // SERVICES_ACCESS_H_
