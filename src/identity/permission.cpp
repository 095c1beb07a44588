#include "identity/permission.h"

#include <string>

namespace lineshaft::identity {
namespace {

constexpr PermissionSet kSeesPlant{Permission::kTagRead, Permission::kConnectionRead,
                                   Permission::kMetricsRead};
constexpr PermissionSet kSeesRights{Permission::kRightsRead, Permission::kLedgerRead};
constexpr PermissionSet kKeepsSystem{Permission::kConnectionManage, Permission::kBackupRun,
                                     Permission::kStorageMaintain, Permission::kRetentionManage,
                                     Permission::kTagEraseHistory};
constexpr PermissionSet kKeepsSecurity{Permission::kUserRead, Permission::kUserManage,
                                       Permission::kTokenManage, Permission::kCertificateManage,
                                       Permission::kAuditManage};

constexpr PermissionSet kViewerHolds = kSeesPlant.with(kSeesRights);
constexpr PermissionSet kOperatorHolds = kViewerHolds.with({Permission::kTagWrite});
constexpr PermissionSet kEngineerHolds =
    kOperatorHolds.with({Permission::kTagManage, Permission::kTagWriteHistory,
                         Permission::kConnectionManage, Permission::kImportRun});
// Measured values come as files, and limits and ranges belong to what was measured.
constexpr PermissionSet kQualityHolds =
    kSeesPlant.with({Permission::kTagManage, Permission::kTagWriteHistory, Permission::kImportRun});
// Readings of meters come as files.
constexpr PermissionSet kEnergyHolds =
    kSeesPlant.with({Permission::kTagWriteHistory, Permission::kImportRun});
constexpr PermissionSet kIpOfficerHolds = kSeesRights.with({Permission::kRightsManage});
constexpr PermissionSet kFinanceHolds = kSeesRights.with({Permission::kSettlementManage});
constexpr PermissionSet kSystemHolds = kSeesPlant.with(kKeepsSystem);
constexpr PermissionSet kSecurityHolds = kKeepsSecurity.with({Permission::kConnectionRead});
constexpr PermissionSet kAdministratorHolds =
    kEngineerHolds.with(kKeepsSystem)
        .with(kKeepsSecurity)
        .with({Permission::kAuditRead, Permission::kRightsManage, Permission::kSettlementManage,
               Permission::kPlatformManage});

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
    case Role::kQuality:
      return "quality";
    case Role::kEnergy:
      return "energy";
    case Role::kIpOfficer:
      return "ip_officer";
    case Role::kFinance:
      return "finance";
    case Role::kPartner:
      return "partner";
    case Role::kAuditor:
      return "auditor";
    case Role::kSystem:
      return "system";
    case Role::kSecurity:
      return "security";
  }
  return "unknown";
}

Result<Role> parse_role(std::string_view name) {
  std::string allowed;
  for (Role role : kRoles) {
    if (role_name(role) == name) return role;
    allowed += (allowed.empty() ? "" : ", ") + std::string(role_name(role));
  }
  return Error{ErrorId::kInvalidArgument, "role: must be one of " + allowed};
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
    case Permission::kUserRead:
      return "user.read";
    case Permission::kUserManage:
      return "user.manage";
    case Permission::kTokenManage:
      return "token.manage";
    case Permission::kCertificateManage:
      return "certificate.manage";
    case Permission::kAuditRead:
      return "audit.read";
    case Permission::kAuditManage:
      return "audit.manage";
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
    case Permission::kLedgerRead:
      return "ledger.read";
    case Permission::kSettlementManage:
      return "settlement.manage";
    case Permission::kPlatformManage:
      return "platform.manage";
  }
  return "unknown";
}

Result<Permission> parse_permission(std::string_view name) {
  for (Permission permission : kPermissions) {
    if (permission_name(permission) == name) return permission;
  }
  return Error{ErrorId::kInvalidArgument,
               "permission: '" + std::string(name.substr(0, 64)) + "' is none"};
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
    case Role::kQuality:
      return kQualityHolds;
    case Role::kEnergy:
      return kEnergyHolds;
    case Role::kIpOfficer:
      return kIpOfficerHolds;
    case Role::kFinance:
      return kFinanceHolds;
    case Role::kPartner:
      return kSeesRights;
    case Role::kAuditor:
      return {Permission::kUserRead, Permission::kAuditRead};
    case Role::kSystem:
      return kSystemHolds;
    case Role::kSecurity:
      return kSecurityHolds;
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

}  // namespace lineshaft::identity
