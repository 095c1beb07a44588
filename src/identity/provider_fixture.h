// identity/provider_fixture.h: an identity provider in memory, which answers as a test wants it to,
// and a browser that goes there and back.
#pragma once

#include <sodium.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "identity/identity_fixture.h"
#include "identity/provider_document.h"
#include "identity/providers.h"
#include "identity/secrets.h"
#include "identity/web_fetch.h"
#include "sys/http.h"

namespace lineshaft::identity {

using nlohmann::json;

inline std::string encoded(const std::string& text) { return base64url(as_bytes(text)); }

// Signs with Ed25519, by libsodium: not by what verifies.
struct SigningKey {
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> closed{};
  std::string id;

  explicit SigningKey(std::string name) : id(std::move(name)) {
    std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
    for (std::size_t i = 0; i < id.size() && i < seed.size(); ++i) {
      seed[i] = static_cast<unsigned char>(id[i]);
    }
    crypto_sign_seed_keypair(open.data(), closed.data(), seed.data());
  }
  json jwk() const {
    return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"kid", id}, {"x", base64url(open)}};
  }
  std::string token(const json& claims, const json& header) const {
    const std::string text = encoded(header.dump()) + "." + encoded(claims.dump());
    std::array<unsigned char, crypto_sign_BYTES> signature{};
    crypto_sign_detached(signature.data(), nullptr,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                         closed.data());
    return text + "." + base64url(signature);
  }
  std::string token(const json& claims) const {
    return token(claims, {{"alg", "EdDSA"}, {"kid", id}});
  }
};

class FakeProvider final : public WebFetcher {
 public:
  explicit FakeProvider(std::string its_issuer) : issuer(std::move(its_issuer)) {}

  std::string host() const { return parse_web_address(issuer)->host; }
  json document() const {
    json text = {{"issuer", issuer},
                 {"authorization_endpoint", issuer + "/authorize"},
                 {"token_endpoint", issuer + "/token"},
                 {"jwks_uri", issuer + "/keys"},
                 {"end_session_endpoint", issuer + "/end"},
                 {"response_types_supported", {"code"}},
                 {"code_challenge_methods_supported", {"S256"}},
                 {"id_token_signing_alg_values_supported", {"EdDSA"}}};
    text.update(more);
    return text;
  }

  Result<WebAnswer> fetch(const WebRequest& request) override {
    asked.push_back(request.method + " " + request.address.target);
    last = request;
    if (down) return *down;
    const std::string& target = request.address.target;
    if (target.ends_with("/.well-known/openid-configuration"))
      return WebAnswer{200, document().dump()};
    if (target.ends_with("/keys")) {
      json set = json::array();
      for (const SigningKey& each : keys) set.push_back(each.jwk());
      return WebAnswer{200, json{{"keys", set}}.dump()};
    }
    if (!target.ends_with("/token")) return WebAnswer{404, ""};
    const auto field = [&](std::string_view name) {
      return sys::query_parameter(request.body, name).value_or("");
    };
    const auto found = codes.find(field("code"));
    if (found == codes.end()) return WebAnswer{400, R"({"error":"invalid_grant"})"};
    const Code code = found->second;
    codes.erase(found);
    const bool fits = base64url(digest_of(field("code_verifier"))) == code.challenge &&
                      field("redirect_uri") == code.redirect_uri;
    if (!fits) return WebAnswer{400, R"({"error":"invalid_grant"})"};
    return WebAnswer{200, json{{"access_token", "a"},
                               {"token_type", "Bearer"},
                               {"id_token", sign ? sign(code.claims) : keys[0].token(code.claims)}}
                              .dump()};
  }
  std::size_t times(std::string_view what) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        asked, [&](const std::string& each) { return each.ends_with(what); }));
  }

  struct Code {
    json claims;
    std::string challenge;
    std::string redirect_uri;
  };
  std::string issuer;
  json more = json::object();
  std::vector<SigningKey> keys{SigningKey("first")};
  std::map<std::string, Code> codes;
  std::function<std::string(const json&)> sign;
  std::optional<Error> down;
  std::vector<std::string> asked;
  WebRequest last;
};

// Several providers, by their host.
class FakeWeb final : public WebFetcher {
 public:
  Result<WebAnswer> fetch(const WebRequest& request) override {
    for (FakeProvider* each : providers) {
      if (each->host() == request.address.host) return each->fetch(request);
    }
    return Error{ErrorId::kConnectFailed, request.address.host};
  }
  std::vector<FakeProvider*> providers;
};

inline constexpr const char* kBack = "https://plant.example/sign-in/provider";

class ProviderFixture : public IdentityFixture {
 protected:
  ProviderFixture() {
    web_.providers = {&idp_, &other_idp_};
    restart();
    ann_ = claim();
    provider_ = add();
  }
  void restart(SecretSeal* seal = nullptr) {
    identity_.reset();
    IdentityOptions options;
    options.web = &web_;
    options.seal = seal;
    identity_ = Identity::open(records::Database::open(sys::real_file_system(),
                                                       {.path = directory_.file("records.db")})
                                   .value(),
                               clock_, random_, options)
                    .value();
  }
  Providers& providers() { return identity_->providers(); }
  const Principal& ann() const { return ann_.session.principal; }

  ProviderSettings settings() const {
    ProviderSettings settings;
    settings.name = "Northern ID";
    settings.issuer = idp_.issuer;
    settings.client_id = "lineshaft";
    settings.groups_claim = "groups";
    settings.groups = {{"melters", {Role::kOperator, "Northfield/Melt shop"}},
                       {"admins", {Role::kAdministrator, "*"}}};
    settings.unmapped = Unmapped::kRefused;
    settings.makes_people = true;
    return settings;
  }
  Provider add() { return providers().create_provider(ann(), settings(), "very secret").value(); }
  template <typename Change>
  void change(Change what) {
    ProviderSettings changed = provider_.settings;
    what(changed);
    provider_ = providers().change_provider(ann(), provider_.id, changed, std::nullopt).value();
  }

  // Who is asked for by the provider's page.
  json person() const {
    return {{"sub", "u-1"},
            {"email", "carl@example.com"},
            {"email_verified", true},
            {"name", "Carl"},
            {"groups", {"melters"}}};
  }
  std::string parameter(const ProviderAway& away, std::string_view name) const {
    const std::string query = away.address.substr(away.address.find('?') + 1);
    return sys::query_parameter(query, name).value_or("");
  }
  Result<ProviderAway> begin(ProviderBeginning beginning = {}) {
    if (beginning.handle.empty()) beginning.handle = provider_.handle;
    beginning.redirect_uri = kBack;
    if (beginning.return_to.empty()) beginning.return_to = "/trends";
    beginning.from.address = kHere;
    return providers().begin_provider(beginning);
  }
  // What the provider gives the browser to take back, for who has signed in there as `who`.
  ProviderReturn sign_in_there(const ProviderAway& away, const json& who, FakeProvider& at) {
    json claims = {{"iss", at.issuer},
                   {"aud", "lineshaft"},
                   {"nonce", parameter(away, "nonce")},
                   {"iat", clock_.now().ns / 1'000'000'000},
                   {"exp", clock_.now().ns / 1'000'000'000 + 300}};
    claims.update(who);
    const std::string code = "code-" + std::to_string(++codes_);
    at.codes[code] = {claims, parameter(away, "code_challenge"), parameter(away, "redirect_uri")};
    ProviderReturn back;
    back.state = parameter(away, "state");
    back.code = code;
    back.browser = away.browser;
    return back;
  }
  ProviderReturn there_and_back(const json& who) {
    return sign_in_there(begin().value(), who, idp_);
  }
  Result<ProviderArrival> come_in(const json& who) {
    return providers().finish_provider(there_and_back(who));
  }
  static const Session& session_of(const Result<ProviderArrival>& arrival) {
    return std::get<NewSession>(arrival->outcome).session;
  }
  std::string why_refused() {
    const auto page = identity_->list_audit(ann(), 0, 1000);
    for (const AuditEntry& entry : page->entries) {
      if (entry.action == "session.refuse") return entry.detail;
    }
    return {};
  }

  FakeProvider idp_{"https://id.example/plant"};
  FakeProvider other_idp_{"https://evil.example"};
  FakeWeb web_;
  NewSession ann_;
  Provider provider_;
  int codes_ = 0;
};

}  // namespace lineshaft::identity
