// To an identity provider and back: what is checked before anybody is let in.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "identity/provider_groups.h"
#include "identity/service.h"

namespace lineshaft::identity {
namespace {

constexpr std::size_t kCodeBytesMax = 4'096;

Error pending_over() { return {ErrorId::kPendingOver, "there is no such sign-in to finish"}; }
Error refused(const std::string& why) { return {ErrorId::kProviderRefused, why}; }

// Counted by where somebody comes from: nobody is known yet, and nobody shall lock others out.
std::string limited_as(const std::string& address) { return "provider " + source_of(address); }

std::string authorisation_address(const ProviderDocument& document,
                                  const ProviderSettings& settings, const ProviderFlow& flow,
                                  std::string_view state) {
  std::string scope = "openid";
  for (const std::string& each : settings.scopes) scope += " " + each;
  const bool anew = flow.purpose == ProviderPurpose::kConfirm;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(anew ? Nanoseconds(0)
                                                                         : kProviderSignInAgeMax);
  std::string form = form_text({{"response_type", "code"},
                                {"client_id", settings.client_id},
                                {"redirect_uri", flow.redirect_uri},
                                {"scope", scope},
                                {"state", state},
                                {"nonce", flow.nonce},
                                {"code_challenge", code_challenge(flow.code_verifier)},
                                {"code_challenge_method", "S256"},
                                {"max_age", std::to_string(age.count())}});
  if (anew) form += "&" + form_text({{"prompt", "login"}});
  return with_query(document.authorization_endpoint, form);
}

}  // namespace

Result<ProviderAway> Service::begin_provider(const ProviderBeginning& beginning) {
  const Error none{ErrorId::kNotFound, "there is no such identity provider, or it is switched off"};
  LiveProvider live;
  {
    const std::lock_guard lock(state_mutex_);
    const LiveProvider* found = provider_by(beginning.handle);
    if (found == nullptr) return none;
    live = *found;
  }
  const Provider& provider = live.row.provider;
  ProviderFlow flow{.provider = provider.id,
                    .revision = live.revision,
                    .purpose = beginning.purpose,
                    .redirect_uri = beginning.redirect_uri,
                    .return_to = own_path(beginning.return_to),
                    .from = beginning.from};
  flow.from.password.clear();
  if (flow.purpose == ProviderPurpose::kInvitation) {
    const auto invited = look_at_invitation(beginning.invitation);
    if (!invited) return invited.error();
    if (invited->first.tenant != provider.tenant) return none;
    flow.invitation = digest_of(beginning.invitation);
  } else if (flow.purpose != ProviderPurpose::kSignIn) {
    const Result<Session> session = session_with(beginning.cookie);
    if (!session) return session.error();
    if (session->user.tenant != provider.tenant) return none;
    flow.session = digest_of(beginning.cookie);
  }
  const auto turn = provider_client_.enter();
  if (!turn) return turn.error();
  const auto document = provider_client_.document(*turn, source_of_provider(live));
  if (!document) return document.error();

  const std::string state = new_secret();
  ProviderAway away{.address = {}, .browser = new_secret()};
  flow.browser = digest_of(away.browser);
  flow.nonce = new_secret();
  flow.code_verifier = new_secret();
  flow.asked = clock_.now();
  flow.begun = clock_.monotonic();
  away.address = authorisation_address(*document, provider.settings, flow, state);
  const std::lock_guard lock(state_mutex_);
  state_.provider_flows.add(digest_of(state), std::move(flow));
  return away;
}

Status Service::admit_provider(const std::string& address) {
  const std::lock_guard lock(state_mutex_);
  const Nanoseconds wait =
      state_.provider_limiter.admit(limited_as(address), address, clock_.monotonic());
  if (wait == Nanoseconds(0)) return {};
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return Error{ErrorId::kTooManyAttempts, "try again in " + std::to_string(seconds) + " s"};
}

void Service::note_provider_refusal(const Provider& provider, const std::string& address,
                                    const std::string& why) {
  Principal who;
  who.tenant = provider.tenant;
  who.name = "unknown";
  who.origin.address = address;
  const std::lock_guard database_lock(database_mutex_);
  Status noted = audit_.append_refusal(
      audit_row(who, "session.refuse", provider.settings.name, why + ", from " + address),
      clock_.monotonic());
  if (!noted) log_warn("identity", "a refused sign-in was not listed: " + noted.error().text());
}

Result<ProviderArrival> Service::finish_provider(const ProviderReturn& back) {
  std::optional<ProviderFlow> flow;
  LiveProvider live;
  {
    const std::lock_guard lock(state_mutex_);
    flow = state_.provider_flows.take(digest_of(back.state), clock_.monotonic());
    if (!flow) return pending_over();
    const auto found = state_.providers.find(flow->provider);
    // What was begun under other settings is begun again.
    const bool same = found != state_.providers.end() && found->second.revision == flow->revision;
    if (!same || provider_by(found->second.row.provider.handle) == nullptr) return pending_over();
    live = found->second;
  }
  const Provider provider = live.row.provider;
  const std::string address = flow->from.address;
  if (Status admitted = admit_provider(address); !admitted) return std::move(admitted).error();
  const Result<Arrived> arrived = claims_of(*std::move(flow), live, back);
  Result<ProviderArrival> outcome =
      arrived ? arrive(*arrived, back) : Result<ProviderArrival>(arrived.error());
  const std::optional<ErrorId> id = outcome ? std::nullopt : std::optional(outcome.error().id);
  if (id == ErrorId::kProviderRefused || id == ErrorId::kProviderStranger) {
    note_provider_refusal(provider, address, outcome.error().what);
  }
  // What is no answer of the provider counts as a guess. Who is a stranger has signed in there, and
  // nobody guessed anything when the provider is down, or the disk is.
  if (id == ErrorId::kProviderRefused) return outcome;
  const std::lock_guard lock(state_mutex_);
  if (outcome) {
    state_.provider_limiter.succeeded(limited_as(address), address, clock_.monotonic());
  } else {
    state_.provider_limiter.withdraw(limited_as(address), address);
  }
  return outcome;
}

// Who the provider says it is. OpenID Connect Core 1.0, 3.1.3; RFC 9207; RFC 9700, 2.1 and 4.4.
Result<Service::Arrived> Service::claims_of(ProviderFlow flow, const LiveProvider& live,
                                            const ProviderReturn& back) {
  const Provider& provider = live.row.provider;
  const ProviderSettings& settings = provider.settings;
  if (digest_of(back.browser) != flow.browser) {
    return refused("another browser brought the answer than the one that was sent");
  }
  if (back.issuer && *back.issuer != settings.issuer) {
    return refused("the answer is of another provider than the one that was asked");
  }
  const auto turn = provider_client_.enter();
  if (!turn) return turn.error();
  const ProviderSource source = source_of_provider(live);
  const auto document = provider_client_.document(*turn, source);
  if (!document) return document.error();
  if (document->names_itself && !back.issuer) {
    return refused("the answer does not say which provider it is of, and this one always does");
  }
  if (!back.error.empty()) return refused("the provider says " + error_word(back.error));
  if (back.code.empty() || back.code.size() > kCodeBytesMax) return refused("there is no code");
  const Result<std::string> secret = opened_secret(live.row);
  if (!secret) return secret.error();
  const auto tokens = provider_client_.redeem(*turn, source, *document,
                                              {.client_id = settings.client_id,
                                               .client_secret = *secret,
                                               .code = back.code,
                                               .code_verifier = flow.code_verifier,
                                               .redirect_uri = flow.redirect_uri});
  if (!tokens) return tokens.error();
  const Result<Jws> jws = parse_jws(tokens->id_token);
  if (!jws) return jws.error();
  Status is_signed = provider_client_.verify(*turn, source, *document, *jws);
  if (!is_signed) return std::move(is_signed).error();
  const bool anew = flow.purpose == ProviderPurpose::kConfirm;
  // From here on the tokens are of no use to us; they are kept nowhere.
  Result<IdTokenClaims> claims =
      read_id_token(*jws, {.issuer = settings.issuer,
                           .client_id = settings.client_id,
                           .nonce = flow.nonce,
                           .access_token = tokens->access_token,
                           .groups_claim = settings.groups_claim,
                           .now = clock_.now(),
                           .asked = flow.asked,
                           .must_be_new = anew,
                           .age_max = anew ? std::nullopt : std::optional(kProviderSignInAgeMax)});
  if (!claims) return std::move(claims).error();
  return Arrived{std::move(flow), provider, *std::move(claims)};
}

Result<ProviderArrival> Service::arrive(const Arrived& arrived, const ProviderReturn& back) {
  const std::lock_guard database_lock(database_mutex_);
  {
    // While the provider was asked, it may have been removed here.
    const std::lock_guard lock(state_mutex_);
    const auto live = state_.providers.find(arrived.provider.id);
    const bool same =
        live != state_.providers.end() && live->second.revision == arrived.flow.revision;
    if (!same) return pending_over();
  }
  if (arrived.flow.purpose == ProviderPurpose::kLink) return link_account(arrived, back);
  if (arrived.flow.purpose == ProviderPurpose::kConfirm) return confirm_person(arrived, back);
  return let_in(arrived);
}

// With our own second step, unless the provider has asked for one.
Result<ProviderArrival> Service::let_in(const Arrived& arrived) {
  const bool invited = arrived.flow.purpose == ProviderPurpose::kInvitation;
  // Nobody else makes people meanwhile: the database is ours.
  const auto people = [&] {
    const std::lock_guard lock(state_mutex_);
    return state_.users.size();
  };
  const std::size_t before = people();
  const Result<User> user = invited ? invited_of(arrived) : person_of(arrived);
  if (!user) return user.error();
  const bool is_new = people() != before;
  const bool strong = shows_second_factor(arrived.provider.settings, arrived.claims);
  SignInRequest from = arrived.flow.from;
  from.email = user->email;
  bool has_factor = false;
  {
    const std::lock_guard lock(state_mutex_);
    has_factor = !factors_of(user->id).factors.empty();
  }
  if (strong || !has_factor) {
    Result<NewSession> session =
        start_session({.user = user->id,
                       .from = from,
                       .strength = strong ? Strength::kProviderStrong : Strength::kProvider,
                       .detail = ", by " + arrived.provider.settings.name,
                       .provider = arrived.provider.id,
                       .proved = arrived.claims.auth_time,
                       .factor_at_once = is_new});
    if (!session) return std::move(session).error();
    return ProviderArrival{arrived.flow.return_to, *std::move(session)};
  }
  Result<std::optional<Credential>> credential = find_credential(*database_, user->email);
  if (!credential) return std::move(credential).error();
  if (!*credential) return pending_over();
  const std::string secret = new_secret();
  Pending pending{.kind = PendingKind::kSecondStep,
                  .user = user->id,
                  .credential = **credential,
                  .request = from,
                  .challenge = from.passkeys.rp_id.empty() ? "" : new_secret(),
                  .scope = from.passkeys,
                  .totp_secret = {},
                  .begun = clock_.monotonic(),
                  .provider = arrived.provider.id,
                  .proved = arrived.claims.auth_time};
  const std::lock_guard lock(state_mutex_);
  PendingSignIn step = pending_of(pending, secret);
  state_.pending.add(digest_of(secret), std::move(pending));
  return ProviderArrival{arrived.flow.return_to, std::move(step)};
}

}  // namespace lineshaft::identity
