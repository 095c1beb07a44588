#include "identity/access.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>

namespace lineshaft::identity {
namespace {

// The whole matrix, written out in the order of kRoles: viewer, operator, engineer, quality,
// energy, ip_officer, finance, partner, auditor, system, security, administrator.
const std::map<std::string, std::string> kMatrix{
    {"tag.read", "yes yes yes yes yes no no no no yes no yes"},
    {"connection.read", "yes yes yes yes yes no no no no yes yes yes"},
    {"metrics.read", "yes yes yes yes yes no no no no yes no yes"},
    {"tag.write", "no yes yes no no no no no no no no yes"},
    {"tag.manage", "no no yes yes no no no no no no no yes"},
    {"tag.write_history", "no no yes yes yes no no no no no no yes"},
    {"connection.manage", "no no yes no no no no no no yes no yes"},
    {"import.run", "no no yes yes yes no no no no no no yes"},
    {"user.read", "no no no no no no no no yes no yes yes"},
    {"user.manage", "no no no no no no no no no no yes yes"},
    {"token.manage", "no no no no no no no no no no yes yes"},
    {"certificate.manage", "no no no no no no no no no no yes yes"},
    {"audit.read", "no no no no no no no no yes no no yes"},
    {"audit.manage", "no no no no no no no no no no yes yes"},
    {"backup.run", "no no no no no no no no no yes no yes"},
    {"storage.maintain", "no no no no no no no no no yes no yes"},
    {"retention.manage", "no no no no no no no no no yes no yes"},
    {"tag.erase_history", "no no no no no no no no no yes no yes"},
    {"rights.read", "yes yes yes no no yes yes yes no no no yes"},
    {"rights.manage", "no no no no no yes no no no no no yes"},
    {"ledger.read", "yes yes yes no no yes yes yes no no no yes"},
    {"settlement.manage", "no no no no no no yes no no no no yes"},
    {"platform.manage", "no no no no no no no no no no no yes"},
};

Principal somebody(Role role, PrincipalKind kind = PrincipalKind::kUser) {
  return {.kind = kind, .tenant = TenantId{1}, .id = 7, .access = role, .name = "somebody"};
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
    EXPECT_EQ(authorise(homeless, permission, Resource{}).error().id, ErrorId::kDenied);
    EXPECT_EQ(authorise_somewhere(homeless, permission).error().id, ErrorId::kDenied);
  }
}

TEST(Authorise, DeniesEverythingToARoleThatIsNone) {
  for (int number : {0, 13, 255}) {
    const Principal who = somebody(static_cast<Role>(number));
    for (Permission permission : kPermissions) EXPECT_FALSE(authorise(who, permission).ok());
  }
}

TEST(Authorise, HidesThingsOfAnotherOrganisation) {
  const Principal who = somebody(Role::kAdministrator);
  const auto ask = [&](std::uint32_t owner) {
    return authorise(who, Permission::kTagRead, {TenantId{owner}, "a/b"});
  };
  EXPECT_TRUE(ask(1).ok());
  EXPECT_EQ(ask(2).error().id, ErrorId::kNotFound);
  EXPECT_EQ(ask(0).error().id, ErrorId::kNotFound);
}

TEST(Authorise, GivesWhatConcernsTheServerOnlyToTheOrganisationThatRunsIt) {
  Principal guest = somebody(Role::kAdministrator);
  guest.tenant = TenantId{2};
  for (Permission permission : kPermissions) {
    EXPECT_EQ(authorise(guest, permission).ok(), !kOfServer.has(permission))
        << permission_name(permission);
    EXPECT_EQ(usable(guest).has(permission), !kOfServer.has(permission));
  }
}

Principal placed(std::vector<Grant> grants) {
  Principal who = somebody(Role::kViewer);
  who.access = Access(std::move(grants));
  return who;
}

// "yes", "no" (one sees the thing), "hidden" (as if it were not there).
std::string at(const Principal& who, Permission what, std::string_view path) {
  const Status may = authorise(who, what, {TenantId{1}, path});
  if (may) return "yes";
  return may.error().id == ErrorId::kDenied ? "no" : "hidden";
}

TEST(Authorise, KeepsARoleToItsPlace) {
  const Principal who = placed({{Role::kOperator, "nf/melt"}});
  for (const char* inside : {"nf/melt", "nf/melt/eaf1", "nf/melt/eaf1/power"}) {
    EXPECT_EQ(at(who, Permission::kTagRead, inside), "yes") << inside;
    EXPECT_EQ(at(who, Permission::kTagWrite, inside), "yes") << inside;
    EXPECT_EQ(at(who, Permission::kTagManage, inside), "no") << inside;
  }
  for (const char* outside : {"nf", "nf/melting/eaf1", "nf/mel", "nf/rolling/a", "NF/melt/a", "*",
                              "x/nf/melt/a", "nf/Melt", "nf//melt", "/nf/melt", "nf/melt2"}) {
    EXPECT_EQ(at(who, Permission::kTagRead, outside), "hidden") << outside;
    EXPECT_EQ(at(who, Permission::kTagWrite, outside), "hidden") << outside;
  }
  EXPECT_EQ(at(who, Permission::kTagRead, ""), "no") << "the organisation as a whole";
  EXPECT_FALSE(authorise(who, Permission::kTagRead).ok());
  EXPECT_TRUE(authorise_somewhere(who, Permission::kTagRead).ok());
}

TEST(Authorise, AddsGrantsUpAndSaysNoToWhatOneSeesButMayNotDo) {
  const Principal who = placed({{Role::kViewer, "*"}, {Role::kEngineer, "nf/melt/eaf1"}});
  EXPECT_EQ(at(who, Permission::kTagManage, "nf/melt/eaf1/power"), "yes");
  EXPECT_EQ(at(who, Permission::kTagManage, "nf/melt/eaf2/power"), "no");
  EXPECT_EQ(at(who, Permission::kTagRead, "nf/melt/eaf2/power"), "yes");
}

TEST(Authorise, GivesNothingOfTheWholeOrganisationForAPlace) {
  const Principal who = placed({{Role::kAdministrator, "nf/melt"}});
  for (Permission permission : kPermissions) {
    EXPECT_EQ(authorise_somewhere(who, permission).ok(), kOfPlaces.has(permission))
        << permission_name(permission);
    EXPECT_FALSE(authorise(who, permission).ok());
  }
}

// Ten thousand grants decide as one does: compared with a search through all of them.
TEST(Authorise, DecidesAsALookAtEveryGrantWould) {
  std::mt19937 random(20261126);
  std::vector<Grant> grants;
  const auto path = [&](int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i) {
      text += (text.empty() ? "" : "/") + std::string(1, "abcd"[random() % 4]);
    }
    return text;
  };
  for (int i = 0; i < 200; ++i) grants.push_back({kRoles[random() % kRoles.size()], path(4)});
  const Access access(grants);
  int yes = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string at = path(1 + static_cast<int>(random() % 6));
    const Permission what = kPermissions[random() % kPermissions.size()];
    const bool wanted = std::ranges::any_of(grants, [&](const Grant& grant) {
      return (at + "/").starts_with(grant.place + "/") && kOfPlaces.has(what) &&
             permissions_of(grant.role).has(what);
    });
    ASSERT_EQ(access.at(what, at), wanted) << at << " " << permission_name(what);
    yes += wanted ? 1 : 0;
  }
  EXPECT_GT(yes, 100);
}

TEST(Access, NamesItsPlacesWithoutThoseWithinOthers) {
  const Access access({{Role::kViewer, "nf/melt/eaf1"},
                       {Role::kOperator, "nf/melt"},
                       {Role::kViewer, "nf/rolling"},
                       {Role::kPartner, "*"}});
  using Places = std::vector<std::string>;
  EXPECT_EQ(access.places(Permission::kTagRead), (Places{"nf/melt", "nf/rolling"}));
  EXPECT_EQ(access.places(Permission::kTagWrite), (Places{"nf/melt"}));
  EXPECT_EQ(access.places(Permission::kTagManage), Places{});
  EXPECT_EQ(access.places(Permission::kRightsRead), (Places{"*"}));
}

TEST(Grant, IsReadAsItIsWritten) {
  for (const char* text : {"viewer", "engineer@nf/Melt shop", "operator@nf"}) {
    EXPECT_EQ(grant_text(parse_grant(text).value()), text);
  }
  EXPECT_EQ(parse_grant("viewer@*").value(), (Grant{Role::kViewer, "*"}));
  for (const char* text :
       {"", "@nf", "boss@nf", "viewer@", "viewer@nf/", "viewer@/nf", "viewer@nf//melt"}) {
    EXPECT_EQ(parse_grant(text).error().id, ErrorId::kInvalidArgument) << text;
  }
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

// They see what they work on; the audit trail tells of people and tokens anyway.
TEST(Role, ThatManagesPeopleOrTokensOrReadsTheTrailSeesPeopleToo) {
  int such = 0;
  for (Role role : kRoles) {
    const PermissionSet holds = permissions_of(role);
    if (holds.within({Permission::kUserManage, Permission::kTokenManage, Permission::kAuditRead})
            .empty()) {
      EXPECT_FALSE(holds.has(Permission::kUserRead)) << role_name(role);
      continue;
    }
    ++such;
    EXPECT_TRUE(holds.has(Permission::kUserRead)) << role_name(role);
  }
  EXPECT_EQ(such, 3);  // auditor, security, administrator
}

TEST(PermissionNames, ListWhatARoleHoldsInOrder) {
  EXPECT_EQ(permission_names(permissions_of(Role::kOperator)),
            (std::vector<std::string_view>{"tag.read", "connection.read", "metrics.read",
                                           "tag.write", "rights.read", "ledger.read"}));
  EXPECT_EQ(permission_names(permissions_of(Role::kAdministrator)).size(), kPermissions.size());
}

// "| `tag.read` | yes | | ... |" -> {"tag.read", "yes no ..."}.
std::map<std::string, std::string> documented_matrix(const std::string& page) {
  std::map<std::string, std::string> rows;
  std::ifstream file(page);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    std::istringstream cells(line.substr(1));
    std::string name, row, cell;
    std::getline(cells, name, '|');
    for (std::size_t i = 0; i < kRoles.size() && std::getline(cells, cell, '|'); ++i) {
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
