#include "identity/access.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "model/tag.h"

namespace lineshaft::identity {
namespace {

Error denied(const Principal& who, Permission what) {
  if (who.factor_missing) {
    return {ErrorId::kFactorMissing, "this account must have a second factor to go on"};
  }
  return {ErrorId::kDenied, "this needs the permission " + std::string(permission_name(what))};
}

// Somebody, of an organisation that can hold `what` at all.
bool can_hold(const Principal& who, Permission what) {
  const bool somebody = who.kind == PrincipalKind::kUser || who.kind == PrincipalKind::kToken;
  if (!somebody || who.tenant == TenantId{} || who.factor_missing) return false;
  return who.tenant == kFirstTenant || !kOfServer.has(what);
}

PermissionSet that_can_be_held(const Principal& who, PermissionSet held) {
  PermissionSet rest;
  for (Permission each : kPermissions) {
    if (held.has(each) && can_hold(who, each)) rest = rest.with({each});
  }
  return rest;
}

}  // namespace

bool holds_place(std::string_view place, std::string_view path) {
  if (place == kEverywhere) return true;
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

PermissionSet permissions_of(const Grant& grant) {
  const PermissionSet all = permissions_of(grant.role);
  return grant.place == kEverywhere ? all : all.within(kOfPlaces);
}

std::string grant_text(const Grant& grant) {
  return std::string(role_name(grant.role)) + (grant.place == kEverywhere ? "" : "@" + grant.place);
}

Result<Grant> parse_grant(std::string_view text) {
  const std::size_t at = text.find('@');
  const Result<Role> role = parse_role(text.substr(0, at));
  if (!role) return role.error();
  Grant grant{*role, std::string(at == text.npos ? kEverywhere : text.substr(at + 1))};
  if (grant.place == kEverywhere) return grant;
  // A place is a level above tags, so it may have one level less than their paths.
  if (Status path = check_tag_path(grant.place + "/x"); !path) {
    return Error{path.error().id, "place: " + path.error().what};
  }
  return grant;
}

struct Access::Compiled {
  struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::vector<Grant> grants;
  PermissionSet withheld;
  PermissionSet everywhere;
  PermissionSet somewhere;
  std::unordered_map<std::string, PermissionSet, PathHash, std::equal_to<>> at;
};

Access::Access(std::vector<Grant> grants, PermissionSet withheld) {
  auto compiled = std::make_shared<Compiled>();
  std::ranges::sort(grants);
  grants.erase(std::unique(grants.begin(), grants.end()), grants.end());
  for (const Grant& grant : grants) {
    PermissionSet holds = permissions_of(grant);
    if (grant.role != Role::kAuditor) holds = holds.without(withheld);
    compiled->somewhere = compiled->somewhere.with(holds);
    PermissionSet& sum =
        grant.place == kEverywhere ? compiled->everywhere : compiled->at[grant.place];
    sum = sum.with(holds);
  }
  compiled->grants = std::move(grants);
  compiled->withheld = withheld;
  compiled_ = std::move(compiled);
}

const std::vector<Grant>& Access::grants() const {
  static const std::vector<Grant> none;
  return compiled_ ? compiled_->grants : none;
}

bool Access::has_role(Role role) const {
  return std::ranges::any_of(grants(), [&](const Grant& grant) { return grant.role == role; });
}

PermissionSet Access::withheld() const { return compiled_ ? compiled_->withheld : PermissionSet{}; }

PermissionSet Access::everywhere() const {
  return compiled_ ? compiled_->everywhere : PermissionSet{};
}

PermissionSet Access::somewhere() const {
  return compiled_ ? compiled_->somewhere : PermissionSet{};
}

bool Access::at(Permission what, std::string_view path) const {
  if (!somewhere(what)) return false;
  if (everywhere(what)) return true;
  for (std::size_t end = path.size(); end != 0 && end != path.npos;
       end = path.substr(0, end).rfind('/')) {
    const auto found = compiled_->at.find(path.substr(0, end));
    if (found != compiled_->at.end() && found->second.has(what)) return true;
  }
  return false;
}

std::vector<std::string> Access::places(Permission what) const {
  if (everywhere(what)) return {std::string(kEverywhere)};
  if (!somewhere(what)) return {};
  std::vector<std::string> places;
  for (const auto& [place, holds] : compiled_->at) {
    if (!holds.has(what)) continue;
    const std::size_t slash = place.rfind('/');
    const bool within = slash != place.npos && at(what, std::string_view(place).substr(0, slash));
    if (!within) places.push_back(place);
  }
  std::ranges::sort(places);
  return places;
}

Status authorise(const Principal& who, Permission what) {
  if (can_hold(who, what) && who.access.everywhere(what)) return {};
  return denied(who, what);
}

Status authorise_somewhere(const Principal& who, Permission what) {
  if (can_hold(who, what) && who.access.somewhere(what)) return {};
  return denied(who, what);
}

Status authorise(const Principal& who, Permission what, const Resource& thing) {
  if (!can_hold(who, what) || !who.access.somewhere(what)) return denied(who, what);
  const Error hidden{ErrorId::kNotFound, "there is no such thing"};
  if (thing.owner != who.tenant) return hidden;
  if (who.access.everywhere(what)) return {};
  if (thing.path.empty()) return denied(who, what);
  if (who.access.at(what, thing.path)) return {};
  if (who.access.at(Permission::kTagRead, thing.path)) return denied(who, what);
  return hidden;
}

PermissionSet usable(const Principal& who) { return that_can_be_held(who, who.access.somewhere()); }

PermissionSet usable_everywhere(const Principal& who) {
  return that_can_be_held(who, who.access.everywhere());
}

}  // namespace lineshaft::identity
