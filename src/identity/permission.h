// identity/permission.h: the things that may be done, and the roles, each of which is a set of
// them. Pure. The table for people: docs/reference/permissions.md.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft::identity {

// Stored as these numbers: never change one.
enum class Role : std::uint8_t {
  kViewer = 1,
  kOperator = 2,
  kEngineer = 3,
  kAdministrator = 4,
  kQuality = 5,
  kEnergy = 6,
  kIpOfficer = 7,
  kFinance = 8,
  kPartner = 9,
  kAuditor = 10,
  kSystem = 11,
  kSecurity = 12,
};
// In the order in which people are shown them.
inline constexpr std::array kRoles{Role::kViewer,  Role::kOperator, Role::kEngineer,
                                   Role::kQuality, Role::kEnergy,   Role::kIpOfficer,
                                   Role::kFinance, Role::kPartner,  Role::kAuditor,
                                   Role::kSystem,  Role::kSecurity, Role::kAdministrator};

// "viewer", "ip_officer".
std::string_view role_name(Role role);
// Errors: kInvalidArgument naming what is allowed.
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
  kUserRead,  // whoever manages people or tokens, or reads the trail, holds it too
  kUserManage,
  kTokenManage,
  kCertificateManage,
  kAuditRead,
  kAuditManage,  // how long the trail is kept, and who witnesses it: one for the whole server
  kBackupRun,
  kStorageMaintain,
  kRetentionManage,
  kTagEraseHistory,
  kRightsRead,
  kRightsManage,
  kLedgerRead,
  kSettlementManage,
  kPlatformManage,  // organisations of the server, and their quotas
};
inline constexpr std::array kPermissions{
    Permission::kTagRead,          Permission::kConnectionRead,  Permission::kMetricsRead,
    Permission::kTagWrite,         Permission::kTagManage,       Permission::kTagWriteHistory,
    Permission::kConnectionManage, Permission::kImportRun,       Permission::kUserRead,
    Permission::kUserManage,       Permission::kTokenManage,     Permission::kCertificateManage,
    Permission::kAuditRead,        Permission::kAuditManage,     Permission::kBackupRun,
    Permission::kStorageMaintain,  Permission::kRetentionManage, Permission::kTagEraseHistory,
    Permission::kRightsRead,       Permission::kRightsManage,    Permission::kLedgerRead,
    Permission::kSettlementManage, Permission::kPlatformManage};

// As in the API: "tag.read", "tag.write_history".
std::string_view permission_name(Permission permission);
// Errors: kInvalidArgument.
Result<Permission> parse_permission(std::string_view name);

class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  constexpr PermissionSet(std::initializer_list<Permission> permissions) {
    for (Permission permission : permissions) bits_ |= bit(permission);
  }
  constexpr bool has(Permission permission) const { return (bits_ & bit(permission)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr PermissionSet with(PermissionSet other) const { return of(bits_ | other.bits_); }
  constexpr PermissionSet within(PermissionSet other) const { return of(bits_ & other.bits_); }
  constexpr PermissionSet without(PermissionSet other) const { return of(bits_ & ~other.bits_); }
  friend constexpr bool operator==(PermissionSet, PermissionSet) = default;

 private:
  static constexpr std::uint64_t bit(Permission permission) {
    return std::uint64_t{1} << static_cast<unsigned>(permission);
  }
  static constexpr PermissionSet of(std::uint64_t bits) {
    PermissionSet set;
    set.bits_ = bits;
    return set;
  }
  std::uint64_t bits_ = 0;
};

// What a role holds; nothing for a number that is no role.
PermissionSet permissions_of(Role role);
// The names, in the order of kPermissions.
std::vector<std::string_view> permission_names(PermissionSet permissions);

// What can be given for a part of the plant. All else is of the whole organisation, and a role that
// is given for a place does not bring it.
inline constexpr PermissionSet kOfPlaces{Permission::kTagRead,         Permission::kConnectionRead,
                                         Permission::kTagWrite,        Permission::kTagManage,
                                         Permission::kTagWriteHistory, Permission::kImportRun,
                                         Permission::kTagEraseHistory};

// What concerns the server as a whole, with the data of all who use it: only the organisation that
// runs the server can hold it. The register of rights and the ledger are one for the whole server:
// others see of them what the party they speak for is party to.
inline constexpr PermissionSet kOfServer{
    Permission::kMetricsRead,       Permission::kBackupRun,     Permission::kStorageMaintain,
    Permission::kCertificateManage, Permission::kAuditManage,   Permission::kRightsManage,
    Permission::kSettlementManage,  Permission::kPlatformManage};

// Giving one of these takes two people where the organisation says so.
inline constexpr PermissionSet kOfSecurity{Permission::kUserManage, Permission::kTokenManage,
                                           Permission::kCertificateManage, Permission::kAuditRead,
                                           Permission::kAuditManage};

// These change nothing: all that whoever reads the audit trail for others may hold besides.
inline constexpr PermissionSet kOfReaders{Permission::kTagRead,     Permission::kConnectionRead,
                                          Permission::kMetricsRead, Permission::kUserRead,
                                          Permission::kAuditRead,   Permission::kRightsRead,
                                          Permission::kLedgerRead};

}  // namespace lineshaft::identity
