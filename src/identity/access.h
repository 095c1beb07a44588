// identity/access.h: who may do what: roles, permissions and the one function that decides.
// Pure: no clock, no I/O, callable from any thread. The table for people:
// docs/reference/permissions.md.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/sample.h"

namespace lineshaft::identity {

// Stored as these numbers: never change one. A greater role holds everything that a lesser one
// does.
enum class Role : std::uint8_t {
  kViewer = 1,
  kOperator = 2,
  kEngineer = 3,
  kAdministrator = 4,
};
inline constexpr std::array kRoles{Role::kViewer, Role::kOperator, Role::kEngineer,
                                   Role::kAdministrator};

// "viewer", "operator", "engineer", "administrator".
std::string_view role_name(Role role);
// Errors: kInvalidArgument naming the text and what is allowed.
Result<Role> parse_role(std::string_view name);

// In the order of kPermissions and of the table in the documentation.
enum class Permission : std::uint8_t {
  kTagRead,
  kConnectionRead,
  kMetricsRead,
  kTagWrite,  // actuation: moves a machine
  kTagManage,
  kTagWriteHistory,
  kConnectionManage,
  kImportRun,
  kUserManage,
  kTokenManage,
  kAuditRead,
  kBackupRun,
  kStorageMaintain,
  kRetentionManage,
  kTagEraseHistory,
  kRightsRead,
  kRightsManage,
};
inline constexpr std::array kPermissions{
    Permission::kTagRead,          Permission::kConnectionRead,  Permission::kMetricsRead,
    Permission::kTagWrite,         Permission::kTagManage,       Permission::kTagWriteHistory,
    Permission::kConnectionManage, Permission::kImportRun,       Permission::kUserManage,
    Permission::kTokenManage,      Permission::kAuditRead,       Permission::kBackupRun,
    Permission::kStorageMaintain,  Permission::kRetentionManage, Permission::kTagEraseHistory,
    Permission::kRightsRead,       Permission::kRightsManage};

// As in the API: "tag.read", "tag.write_history".
std::string_view permission_name(Permission permission);

class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  constexpr PermissionSet(std::initializer_list<Permission> permissions) {
    for (Permission permission : permissions) bits_ |= bit(permission);
  }
  constexpr bool has(Permission permission) const { return (bits_ & bit(permission)) != 0; }
  constexpr PermissionSet with(PermissionSet other) const {
    PermissionSet both = *this;
    both.bits_ |= other.bits_;
    return both;
  }
  friend constexpr bool operator==(PermissionSet, PermissionSet) = default;

 private:
  static constexpr std::uint32_t bit(Permission permission) {
    return std::uint32_t{1} << static_cast<unsigned>(permission);
  }
  std::uint32_t bits_ = 0;
};

// What a role holds; nothing for a number that is no role.
PermissionSet permissions_of(Role role);
// The names, in the order of kPermissions, for `GET /session`.
std::vector<std::string_view> permission_names(PermissionSet permissions);

enum class PrincipalKind : std::uint8_t {
  kNobody,  // not signed in: may do nothing that asks a permission
  kUser,
  kToken,
};

// The door by which a request came in, for the audit trail.
enum class Door : std::uint8_t { kUnknown, kConsole, kApi, kCommandLine, kFlow, kServer };

struct Origin {
  Door door = Door::kUnknown;
  std::string address;  // of the peer, numeric
  std::string request;  // its number, as the answer carries it
};

// Who asks. Made by Identity from a session or a token, never from what a request says about
// itself.
struct Principal {
  PrincipalKind kind = PrincipalKind::kNobody;
  TenantId tenant;       // 0 for nobody
  std::uint64_t id = 0;  // UserId or TokenId
  Role role = Role::kViewer;
  std::string name;  // for the audit trail: "ann@example.com", "token:historian feed"
  Origin origin{};   // put in by whoever took the request; decides nothing

  PermissionSet permissions() const {
    return kind == PrincipalKind::kNobody ? PermissionSet{} : permissions_of(role);
  }
};

// May `who` do `what` in their own organisation, or to a thing that belongs to `owner`?
// Deny by default: success only if `who` is somebody, of the organisation that owns the thing, with
// a role that holds the permission.
// Errors: kDenied naming the permission. A thing of another organisation is kNotFound, the same as
// one that does not exist, so that nobody can find out what others have.
Status authorise(const Principal& who, Permission what, std::optional<TenantId> owner = {});

}  // namespace lineshaft::identity
