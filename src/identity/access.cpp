#include "identity/access.h"

namespace lineshaft::identity {
namespace {

constexpr PermissionSet kViewerHolds{Permission::kTagRead, Permission::kConnectionRead,
                                     Permission::kMetricsRead, Permission::kRightsRead};
constexpr PermissionSet kOperatorHolds = kViewerHolds.with({Permission::kTagWrite});
constexpr PermissionSet kEngineerHolds =
    kOperatorHolds.with({Permission::kTagManage, Permission::kTagWriteHistory,
                         Permission::kConnectionManage, Permission::kImportRun});
constexpr PermissionSet kAdministratorHolds = kEngineerHolds.with(
    {Permission::kUserManage, Permission::kTokenManage, Permission::kAuditRead,
     Permission::kBackupRun, Permission::kStorageMaintain, Permission::kRetentionManage,
     Permission::kTagEraseHistory, Permission::kRightsManage});

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kEngineer:
      return "engineer";
    case Role::kAdministrator:
      return "administrator";
  }
  return "unknown";
}

Result<Role> parse_role(std::string_view name) {
  for (Role role : kRoles) {
    if (role_name(role) == name) return role;
  }
  return Error{ErrorId::kInvalidArgument,
               "role: must be administrator, engineer, operator or viewer"};
}

std::string_view permission_name(Permission permission) {
  switch (permission) {
    case Permission::kTagRead:
      return "tag.read";
    case Permission::kConnectionRead:
      return "connection.read";
    case Permission::kMetricsRead:
      return "metrics.read";
    case Permission::kTagWrite:
      return "tag.write";
    case Permission::kTagManage:
      return "tag.manage";
    case Permission::kTagWriteHistory:
      return "tag.write_history";
    case Permission::kConnectionManage:
      return "connection.manage";
    case Permission::kImportRun:
      return "import.run";
    case Permission::kUserManage:
      return "user.manage";
    case Permission::kTokenManage:
      return "token.manage";
    case Permission::kAuditRead:
      return "audit.read";
    case Permission::kBackupRun:
      return "backup.run";
    case Permission::kStorageMaintain:
      return "storage.maintain";
    case Permission::kRetentionManage:
      return "retention.manage";
    case Permission::kTagEraseHistory:
      return "tag.erase_history";
    case Permission::kRightsRead:
      return "rights.read";
    case Permission::kRightsManage:
      return "rights.manage";
  }
  return "unknown";
}

PermissionSet permissions_of(Role role) {
  switch (role) {
    case Role::kViewer:
      return kViewerHolds;
    case Role::kOperator:
      return kOperatorHolds;
    case Role::kEngineer:
      return kEngineerHolds;
    case Role::kAdministrator:
      return kAdministratorHolds;
  }
  return {};
}

std::vector<std::string_view> permission_names(PermissionSet permissions) {
  std::vector<std::string_view> names;
  for (Permission permission : kPermissions) {
    if (permissions.has(permission)) names.push_back(permission_name(permission));
  }
  return names;
}

Status authorise(const Principal& who, Permission what, std::optional<TenantId> owner) {
  if (who.factor_missing) {
    return Error{ErrorId::kFactorMissing, "this account must have a second factor to go on"};
  }
  const bool somebody = who.kind == PrincipalKind::kUser || who.kind == PrincipalKind::kToken;
  if (!somebody || who.tenant == TenantId{} || !who.permissions().has(what)) {
    return Error{ErrorId::kDenied,
                 "this needs the permission " + std::string(permission_name(what))};
  }
  if (owner && *owner != who.tenant) return Error{ErrorId::kNotFound, "there is no such thing"};
  return {};
}

}  // namespace lineshaft::identity
