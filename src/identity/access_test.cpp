#include "identity/access.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace lineshaft::identity {
namespace {

// The whole matrix, written out: viewer, operator, engineer, administrator.
const std::map<std::string, std::string> kMatrix{
    {"tag.read", "yes yes yes yes"},        {"connection.read", "yes yes yes yes"},
    {"metrics.read", "yes yes yes yes"},    {"tag.write", "no yes yes yes"},
    {"tag.manage", "no no yes yes"},        {"tag.write_history", "no no yes yes"},
    {"connection.manage", "no no yes yes"}, {"import.run", "no no yes yes"},
    {"user.manage", "no no no yes"},        {"token.manage", "no no no yes"},
    {"audit.read", "no no no yes"},         {"backup.run", "no no no yes"},
    {"storage.maintain", "no no no yes"},   {"retention.manage", "no no no yes"},
    {"tag.erase_history", "no no no yes"},  {"rights.read", "yes yes yes yes"},
    {"rights.manage", "no no no yes"},
};

Principal somebody(Role role, PrincipalKind kind = PrincipalKind::kUser) {
  return {.kind = kind, .tenant = TenantId{1}, .id = 7, .role = role, .name = "somebody"};
}

std::string row_of(Permission permission, PrincipalKind kind) {
  std::string row;
  for (Role role : kRoles) {
    row += row.empty() ? "" : " ";
    row += authorise(somebody(role, kind), permission).ok() ? "yes" : "no";
  }
  return row;
}

TEST(Authorise, FollowsTheMatrixForPeopleAndForPrograms) {
  std::set<std::string> seen;
  for (Permission permission : kPermissions) {
    const std::string name(permission_name(permission));
    ASSERT_TRUE(kMatrix.contains(name)) << name;
    EXPECT_EQ(row_of(permission, PrincipalKind::kUser), kMatrix.at(name)) << name;
    EXPECT_EQ(row_of(permission, PrincipalKind::kToken), kMatrix.at(name)) << name;
    seen.insert(name);
  }
  EXPECT_EQ(seen.size(), kMatrix.size());
}

TEST(Authorise, DeniesEverythingToNobodyWhateverElseIsSaid) {
  for (Permission permission : kPermissions) {
    EXPECT_EQ(authorise(Principal{}, permission).error().id, ErrorId::kDenied);
    EXPECT_EQ(
        authorise(somebody(Role::kAdministrator, PrincipalKind::kNobody), permission).error().id,
        ErrorId::kDenied);
    Principal homeless = somebody(Role::kAdministrator);
    homeless.tenant = TenantId{};
    EXPECT_EQ(authorise(homeless, permission).error().id, ErrorId::kDenied);
    EXPECT_EQ(authorise(homeless, permission, TenantId{}).error().id, ErrorId::kDenied);
  }
}

TEST(Authorise, DeniesEverythingToARoleThatIsNone) {
  for (int number : {0, 5, 255}) {
    const Principal who = somebody(static_cast<Role>(number));
    for (Permission permission : kPermissions) EXPECT_FALSE(authorise(who, permission).ok());
  }
}

TEST(Authorise, HidesThingsOfAnotherOrganisation) {
  const Principal who = somebody(Role::kAdministrator);
  EXPECT_TRUE(authorise(who, Permission::kTagRead, TenantId{1}).ok());
  EXPECT_EQ(authorise(who, Permission::kTagRead, TenantId{2}).error().id, ErrorId::kNotFound);
  EXPECT_EQ(authorise(who, Permission::kTagRead, TenantId{}).error().id, ErrorId::kNotFound);
}

TEST(Authorise, NamesThePermissionThatIsWanting) {
  const Status denied = authorise(somebody(Role::kViewer), Permission::kTagWriteHistory);
  EXPECT_NE(denied.error().what.find("tag.write_history"), std::string::npos);
}

TEST(Role, ReadsTheNamesThatItWrites) {
  for (Role role : kRoles) EXPECT_EQ(parse_role(role_name(role)).value(), role);
  for (const char* text : {"", "Administrator", "admin", "root", "viewer "}) {
    EXPECT_EQ(parse_role(text).error().id, ErrorId::kInvalidArgument) << text;
  }
}

TEST(PermissionNames, ListWhatARoleHoldsInOrder) {
  EXPECT_EQ(permission_names(permissions_of(Role::kOperator)),
            (std::vector<std::string_view>{"tag.read", "connection.read", "metrics.read",
                                           "tag.write", "rights.read"}));
  EXPECT_EQ(permission_names(permissions_of(Role::kAdministrator)).size(), kPermissions.size());
}

// "| `tag.read` | yes | yes | yes | yes | ... |" -> {"tag.read", "yes yes yes yes"}.
std::map<std::string, std::string> documented_matrix(const std::string& page) {
  std::map<std::string, std::string> rows;
  std::ifstream file(page);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    std::istringstream cells(line.substr(1));
    std::string name, row, cell;
    std::getline(cells, name, '|');
    for (int i = 0; i < 4 && std::getline(cells, cell, '|'); ++i) {
      std::erase(cell, ' ');
      row += (row.empty() ? "" : " ") + (cell.empty() ? "no" : cell);
    }
    rows[name.substr(2, name.rfind('`') - 2)] = row;
  }
  return rows;
}

TEST(PermissionsPage, ShowsTheMatrixOfTheCode) {
  EXPECT_EQ(documented_matrix(std::string(LINESHAFT_SOURCE_DIR) + "/docs/reference/permissions.md"),
            kMatrix);
}

}  // namespace
}  // namespace lineshaft::identity
