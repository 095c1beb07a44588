// identity/providers.h: signing in with the account of an outside identity provider (OpenID
// Connect, authorisation code with PKCE), as Identity (identity.h) speaks of it.
// docs/how-to/sign-in-with-a-provider.md, docs/explanation/access.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "identity/identity.h"

namespace lineshaft::identity {

inline constexpr std::size_t kProvidersPerTenantMax = 16;
inline constexpr std::size_t kProviderMappingsMax = 200;
inline constexpr Nanoseconds kProviderFlowLifetime = std::chrono::minutes(10);
// Who signed in at the provider longer ago has to sign in there again.
inline constexpr Nanoseconds kProviderSignInAgeMax = std::chrono::hours(12);

// Who is in no group that has a role here. Stored as these numbers.
enum class Unmapped : std::uint8_t {
  kRefused = 1,
  kFallback = 2,  // gets ProviderSettings::fallback
  kOwn = 3,       // has the roles that were given here by hand; without any: refused
};
std::string_view unmapped_name(Unmapped unmapped);  // "refused", "fallback", "own"
Result<Unmapped> parse_unmapped(std::string_view name);

struct GroupRole {
  std::string group;
  Grant grant;
  friend bool operator==(const GroupRole&, const GroupRole&) = default;
};

struct ProviderSettings {
  std::string name;    // on the button
  std::string issuer;  // "https://id.example/plant"
  std::string client_id;
  std::vector<std::string> scopes = {"email", "profile"};  // besides "openid"
  std::string groups_claim;                                // see IdTokenRules; "": none
  std::vector<GroupRole> groups = {};
  Unmapped unmapped = Unmapped::kOwn;
  Role fallback = Role::kViewer;
  bool makes_people = false;  // who comes for the first time is made; else must be invited, or link
  // Addresses in these domains, where the provider says that they are verified, are taken for the
  // person's: they link to the account or the invitation of that address.
  std::vector<std::string> email_domains = {};
  std::vector<std::string> strong_acr = {};  // values of `acr` that stand for a second factor
  std::string trusted_pem = {};  // authorities of its web server; "": those of the machine
  bool assume_s256 = false;      // its document does not say that it takes S256, but it does
  bool enabled = true;
  friend bool operator==(const ProviderSettings&, const ProviderSettings&) = default;
};

struct Provider {
  ProviderId id;
  TenantId tenant;
  std::string handle;  // names it to who is not signed in: random
  ProviderSettings settings;
  Timestamp created;
  std::size_t people = 0;  // that are linked to an account of its issuer; in lists
};

// What a stranger is shown.
struct ProviderButton {
  std::string handle;
  std::string name;
  std::string organisation;
};

// What can be said of a provider that answers.
struct ProviderCheck {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string end_session_endpoint;
  std::vector<std::string> algorithms;
  std::size_t keys = 0;
};

enum class ProviderPurpose : std::uint8_t {
  kSignIn,
  kInvitation,  // as the one whom the secret of an invitation was given to
  kLink,        // the account is to be one's own from now on
  kConfirm,     // prove once more who is there
};

struct ProviderBeginning {
  std::string handle;
  ProviderPurpose purpose = ProviderPurpose::kSignIn;
  std::string redirect_uri;  // of this server, where the browser comes back
  std::string return_to;     // path of the console; anything else becomes "/"
  std::string invitation;    // kInvitation: the secret
  std::string cookie;        // kLink, kConfirm: of the session
  SignInRequest from;        // address, agent and passkeys; neither e-mail nor password
};

// `browser` is a secret that the browser keeps in a cookie until it is back.
struct ProviderAway {
  std::string address;  // where the browser goes
  std::string browser;
};

// What the browser brought back.
struct ProviderReturn {
  std::string state;
  std::string code;
  std::string error;
  std::optional<std::string> issuer;  // the parameter `iss` (RFC 9207)
  std::string browser;                // the cookie of ProviderAway
  std::string cookie;                 // of the session, if there is one
};

// An account was linked, or the person confirmed.
struct ProviderDone {
  ProviderPurpose purpose = ProviderPurpose::kLink;
};

struct ProviderArrival {
  std::string return_to;
  std::variant<NewSession, PendingSignIn, ProviderDone> outcome;
};

struct ProviderLink {
  std::string handle;  // of the provider; "": it is gone
  std::string name;    // of the provider, or its issuer
  std::string issuer;
  Timestamp since;
};

// Threads: any.
class Providers {
 public:
  virtual ~Providers() = default;

  // --- for administrators (user.manage) --- Errors of all: kDenied. What changes something needs a
  // fresh session before: Identity::show_password().
  // With user.read; without the secrets. Blocks.
  virtual Result<std::vector<Provider>> list_providers(const Principal& actor) = 0;
  // Errors: kInvalidArgument, kConflict (the name is taken, too many; rights that take two people).
  // Blocks.
  virtual Result<Provider> create_provider(const Principal& actor, const ProviderSettings& settings,
                                           std::string_view secret) = 0;
  // Without `secret` it stays. Another issuer or another secret ends nothing: sessions go on.
  // Errors: as above, kNotFound. Blocks.
  virtual Result<Provider> change_provider(const Principal& actor, ProviderId id,
                                           const ProviderSettings& settings,
                                           const std::optional<std::string>& secret) = 0;
  // Ends the sessions that began by it. Errors: kNotFound. Blocks.
  virtual Status remove_provider(const Principal& actor, ProviderId id) = 0;
  // Asks it for its document and its keys, now. Errors: kNotFound, kProviderDown, kSignInBusy.
  // Waits for others.
  virtual Result<ProviderCheck> check_provider(const Principal& actor, ProviderId id) = 0;

  // --- for who is not signed in ---
  // Those of the organisation that runs the server; with a handle, that one. Quick.
  virtual std::vector<ProviderButton> provider_buttons(std::string_view handle) const = 0;
  // Those of an organisation, for whom belongs to it or was invited by it. Quick.
  virtual std::vector<ProviderButton> providers_of(TenantId tenant) const = 0;
  // Errors: kNotFound, kProviderDown, kSignInBusy; kInvitationRefused; kNotSignedIn. Waits for
  // others.
  virtual Result<ProviderAway> begin_provider(const ProviderBeginning& beginning) = 0;
  // Once for each beginning. Errors: kPendingOver, kProviderRefused, kProviderStranger,
  // kProviderDown, kSignInBusy, kTooManyAttempts; kConflict (linked to somebody else). Waits for
  // others.
  virtual Result<ProviderArrival> finish_provider(const ProviderReturn& back) = 0;

  // --- one's own account ---
  virtual Result<std::vector<ProviderLink>> own_links(std::string_view cookie) = 0;  // blocks
  // Requires: show_password(). Errors: kNotFound; kConflict: there is no password and no other way
  // in. Blocks.
  virtual Status unlink_provider(std::string_view cookie, std::string_view issuer) = 0;
};

}  // namespace lineshaft::identity
