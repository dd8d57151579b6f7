#include "services/access.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace services {
namespace {

constexpr size_t kMostGroups = 256;

// Empty if there is no such user.
std::string UserName(uid_t uid) {
  passwd entry;
  passwd* found = nullptr;
  std::vector<char> buffer(4096);
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return {};
  return found->pw_name;
}

std::string GroupName(gid_t gid) {
  group entry;
  group* found = nullptr;
  std::vector<char> buffer(16384);
  if (getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return {};
  return found->gr_name;
}

std::vector<gid_t> GroupsOf(const std::string& user, gid_t own) {
  std::vector<gid_t> groups(kMostGroups);
  int count = static_cast<int>(groups.size());
  if (user.empty() || getgrouplist(user.c_str(), own, groups.data(), &count) < 0) return {own};
  groups.resize(std::max(count, 0));
  return groups;
}

}  // namespace

bool Caller::MaySee(absl::string_view owner) const {
  return role == ucontrol::v1::ROLE_ADMIN || role == ucontrol::v1::ROLE_VIEWER ||
         (role == ucontrol::v1::ROLE_OPERATOR && owner == absl::string_view(principal));
}

bool Caller::MayChange(absl::string_view owner) const {
  return role != ucontrol::v1::ROLE_VIEWER && MaySee(owner);
}

void Access::Replace(const Grants& grants) {
  std::lock_guard lock(mutex_);
  grants_ = grants;
}

ucontrol::v1::Role Access::RoleOf(const std::vector<std::string>& principals) const {
  std::lock_guard lock(mutex_);
  for (const auto& grant : grants_) {
    if (std::find(principals.begin(), principals.end(), grant.principal()) != principals.end()) {
      return grant.role();
    }
  }
  return ucontrol::v1::ROLE_UNSPECIFIED;
}

Caller Access::Identify(const UnixPeer& peer) const {
  const std::string user = UserName(peer.uid);
  Caller caller;
  caller.principal = absl::StrCat("unix:", user.empty() ? absl::StrCat(peer.uid) : user);
  if (peer.uid == 0 || peer.uid == geteuid()) {
    caller.role = ucontrol::v1::ROLE_ADMIN;
    return caller;
  }
  std::vector<std::string> principals = {caller.principal, absl::StrCat("unix:", peer.uid)};
  for (const gid_t gid : GroupsOf(user, peer.gid)) {
    principals.push_back(absl::StrCat("unix-group:", gid));
    if (const std::string name = GroupName(gid); !name.empty()) {
      principals.push_back(absl::StrCat("unix-group:", name));
    }
  }
  caller.role = RoleOf(principals);
  return caller;
}

Caller Access::IdentifyTls(absl::string_view name) const {
  Caller caller;
  caller.principal = absl::StrCat("tls:", name);
  caller.role = RoleOf({caller.principal, "tls:*"});
  return caller;
}

Caller Access::IdentifyAnonymous() const {
  Caller caller;
  caller.principal = "anonymous";
  caller.role = RoleOf({caller.principal});
  return caller;
}

}  // namespace services
