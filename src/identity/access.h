// identity/access.h: who may do what, and where: grants, and the one function that decides.
// Pure: no clock, no I/O, callable from any thread. Roles and permissions: permission.h.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/permission.h"
#include "model/sample.h"

namespace lineshaft::identity {

// The organisation that claims the server, and runs it. After damaged records were set aside and
// the server was claimed again, it finds the history of before under the same number.
inline constexpr TenantId kFirstTenant{1};

// A role, and where it counts: kEverywhere, or the path of a level of the plant, "site/area/line",
// with all that is below it.
inline constexpr std::string_view kEverywhere = "*";
inline constexpr std::size_t kGrantsMax = 1'000;  // of one person or token

struct Grant {
  Role role = Role::kViewer;
  std::string place = std::string(kEverywhere);
  friend bool operator==(const Grant&, const Grant&) = default;
  friend auto operator<=>(const Grant&, const Grant&) = default;
};

// Does `place` hold what is at `path`? "a/b" holds "a/b" and "a/b/c", not "a/bc".
bool holds_place(std::string_view place, std::string_view path);
// What a grant gives where it counts: what is of the whole organisation only comes with
// kEverywhere.
PermissionSet permissions_of(const Grant& grant);
// "engineer@Northfield/Melt shop"; a role without a place counts everywhere.
std::string grant_text(const Grant& grant);
// Errors: kInvalidArgument: the role is none, the place no path.
Result<Grant> parse_grant(std::string_view text);

// What grants add up to. Immutable; copying it costs a reference count.
class Access {
 public:
  Access() = default;  // nothing
  // A role without a place counts everywhere.
  Access(Role role) : Access(std::vector<Grant>{{role, std::string(kEverywhere)}}) {}
  // `withheld`: what the organisation lets nobody have by their role (except by kAuditor).
  explicit Access(std::vector<Grant> grants, PermissionSet withheld = {});

  const std::vector<Grant>& grants() const;  // sorted, each once
  bool has_role(Role role) const;            // at any place
  PermissionSet withheld() const;
  PermissionSet everywhere() const;
  PermissionSet somewhere() const;  // at any place at all
  bool everywhere(Permission what) const { return everywhere().has(what); }
  bool somewhere(Permission what) const { return somewhere().has(what); }
  // Cost: a look-up for each level of the path, however many grants there are.
  bool at(Permission what, std::string_view path) const;
  // The places where it holds, none within another; {"*"} if everywhere.
  std::vector<std::string> places(Permission what) const;
  friend bool operator==(const Access& a, const Access& b) { return a.grants() == b.grants(); }

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;  // shared: immutable, and copied with every principal
};

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
  Access access = {};
  std::string name;  // for the audit trail: "ann@example.com", "token:historian feed"
  Origin origin{};   // put in by whoever took the request; decides nothing
  // A second factor is demanded and missing: nothing that asks a permission until it is there.
  bool factor_missing = false;
};

// What is asked for: a thing of `owner`, at `path` if it stands somewhere in the plant.
struct Resource {
  TenantId owner;
  std::string_view path = {};  // "": of the organisation as a whole
};

// May `who` do `what` in the whole of their own organisation?
// Deny by default: success only if `who` is somebody whose grants hold it everywhere.
// Errors: kDenied naming the permission; kFactorMissing, also of the others below.
Status authorise(const Principal& who, Permission what);
// May `who` do `what` to `thing`? Errors: kDenied; kNotFound, the same as for what does not exist,
// for a thing of another organisation, or at a place that `who` may not even read: nobody can find
// out what others have. Cost: docs/reference/permissions.md.
Status authorise(const Principal& who, Permission what, const Resource& thing);
// The first gate of what has to ask again, with the thing: does `who` hold it anywhere?
Status authorise_somewhere(const Principal& who, Permission what);
// All that `who` may do somewhere, or everywhere, for `GET /session`.
PermissionSet usable(const Principal& who);
PermissionSet usable_everywhere(const Principal& who);

}  // namespace lineshaft::identity
