// What administrators set of identity providers, and what follows from it.
#include <gtest/gtest.h>

#include "identity/provider_fixture.h"
#include "identity/provider_groups.h"
#include "identity/provider_json.h"
#include "identity/seal_fixture.h"

namespace lineshaft::identity {
namespace {

const Grant kMelter{Role::kOperator, "Northfield/Melt shop"};

TEST_F(ProviderFixture, TheSecretIsSealedForItsProviderAndUnderTheNewestKey) {
  const auto stored = [&] {
    auto database = records::Database::open(
        sys::real_file_system(), {.path = directory_.file("records.db"), .check = false});
    auto select = (*database)->prepare("SELECT secret FROM providers");
    EXPECT_TRUE(select.ok() && select->step().value());
    return std::string(as_text(select->blob(0)));
  };
  EXPECT_EQ(stored(), "very secret") << "without a seal";
  NamedSeal seal;
  restart(&seal);
  ASSERT_TRUE(identity_->seal_stale_factors().ok());
  EXPECT_EQ(stored(),
            "sealed under 1 of 1 provider/" + provider_.handle + "/client-secret:terces yrev");
  EXPECT_TRUE(come_in(person()).ok());
  seal.key = 2;
  ASSERT_TRUE(identity_->seal_stale_factors().ok());
  EXPECT_TRUE(stored().starts_with("sealed under 2 "));
  restart(&seal);
  EXPECT_TRUE(come_in(person()).ok());
  EXPECT_EQ(providers().list_providers(ann())->front().settings, provider_.settings);

  restart();  // the keys are gone
  EXPECT_EQ(come_in(person()).error().id, ErrorId::kProviderDown);
  EXPECT_TRUE(sign_in(kAnn, kAnnPassword).ok());
}

TEST_F(ProviderFixture, TwoPersonsAreNotReplacedByAProvider) {
  ASSERT_TRUE(
      identity_->create_user(ann(), {kBob, "Bob", Role::kAdministrator, kBobPassword}).ok());
  ASSERT_TRUE(identity_->set_rights_policy(ann(), {.two_persons = true}).ok());
  ProviderSettings more = provider_.settings;
  more.groups.push_back({"all", {Role::kSecurity, "*"}});
  EXPECT_EQ(providers().change_provider(ann(), provider_.id, more, std::nullopt).error().id,
            ErrorId::kConflict);
  EXPECT_EQ(providers().create_provider(ann(), settings(), "x").error().id, ErrorId::kConflict);
  change([](ProviderSettings& settings) { settings.name = "Renamed"; });
  // The mapping of before the rule gives what one may give alone, and nothing else.
  json who = person();
  who["groups"] = {"melters", "admins"};
  EXPECT_EQ(session_of(come_in(who)).user.access.grants(), std::vector<Grant>{kMelter});
}

TEST_F(ProviderFixture, ProvidersAreSetByAdministratorsOfTheirOrganisation) {
  const Principal bob = {.kind = PrincipalKind::kUser,
                         .tenant = kFirstTenant,
                         .id = 99,
                         .access = Role::kEngineer,
                         .name = "bob"};
  EXPECT_EQ(providers().list_providers(bob).error().id, ErrorId::kDenied);
  EXPECT_EQ(providers().create_provider(bob, settings(), "x").error().id, ErrorId::kDenied);
  EXPECT_EQ(providers().remove_provider(bob, provider_.id).error().id, ErrorId::kDenied);
  EXPECT_EQ(providers().check_provider(bob, provider_.id).error().id, ErrorId::kDenied);

  const MadeOrganisation made =
      identity_->create_organisation(ann(), {"Rival", "rita@rival.example", "Rita"}).value();
  const Principal rita = identity_->find_person("rita@rival.example").value();
  EXPECT_TRUE(providers().list_providers(rita)->empty());
  for (const Error& error :
       {providers().check_provider(rita, provider_.id).error(),
        providers().change_provider(rita, provider_.id, settings(), std::nullopt).error(),
        providers().remove_provider(rita, provider_.id).error()}) {
    EXPECT_EQ(error.id, ErrorId::kNotFound);
  }
  // Theirs is found by who was given its address, and by nobody else.
  const Provider theirs = providers().create_provider(rita, settings(), "x").value();
  ASSERT_EQ(providers().provider_buttons("").size(), 1U);
  EXPECT_EQ(providers().provider_buttons("")[0].handle, provider_.handle);
  EXPECT_EQ(providers().provider_buttons(theirs.handle).at(0).organisation, "Rival");
  // The same account is another person there.
  ASSERT_TRUE(come_in(person()).ok());
  ProviderBeginning beginning;
  beginning.handle = theirs.handle;
  json who = person();
  who["email"] = "carl@rival.example";
  const auto there =
      providers().finish_provider(sign_in_there(begin(beginning).value(), who, idp_));
  ASSERT_TRUE(there.ok()) << there.error().text();
  EXPECT_EQ(session_of(there).organisation.id, made.organisation.id);

  ASSERT_TRUE(identity_->suspend_organisation(ann(), made.organisation.id, true).ok());
  EXPECT_EQ(begin(beginning).error().id, ErrorId::kNotFound);
  ASSERT_TRUE(identity_->remove_organisation(ann(), made.organisation.id).ok());
  EXPECT_TRUE(providers().provider_buttons(theirs.handle).empty());
}

TEST_F(ProviderFixture, RemovingAProviderEndsTheSessionsThatBeganByIt) {
  const auto arrival = come_in(person());
  const std::string cookie = std::get<NewSession>(arrival->outcome).cookie;
  restart();
  EXPECT_TRUE(identity_->find_session(cookie)->provider.has_value()) << "known after a restart";
  EXPECT_EQ(providers().list_providers(ann())->front().people, 1U);
  ASSERT_TRUE(providers().remove_provider(ann(), provider_.id).ok());
  EXPECT_FALSE(signed_in(cookie));
  EXPECT_TRUE(signed_in(ann_.cookie));
  EXPECT_EQ(begin().error().id, ErrorId::kNotFound);
}

TEST_F(ProviderFixture, TheSecretIsNotTold) {
  const auto check = providers().check_provider(ann(), provider_.id);
  ASSERT_TRUE(check.ok()) << check.error().text();
  EXPECT_EQ(check->keys, 1U);
  EXPECT_EQ(check->algorithms, std::vector<std::string>{"EdDSA"});
  ASSERT_TRUE(
      providers().change_provider(ann(), provider_.id, provider_.settings, "new secret").ok());
  const auto page = identity_->list_audit(ann(), 0, 1000);
  for (const AuditEntry& entry : page->entries) {
    EXPECT_EQ((entry.before + entry.after + entry.detail).find("very secret"), std::string::npos);
    EXPECT_EQ((entry.before + entry.after + entry.detail).find("new secret"), std::string::npos);
  }
  EXPECT_FALSE(
      providers().change_provider(ann(), provider_.id, provider_.settings, std::string()).ok());
}

TEST(ProviderSettings, AreReadStrictly) {
  const Json good = Json::parse(R"({"name":" Plant ID ","issuer":"https://id.example",
      "client_id":"a","scopes":["openid","email"],"groups_claim":"groups",
      "groups":[{"group":"g","role":"operator","place":"Northfield"},{"group":"h","role":"viewer"}],
      "unmapped":"fallback","fallback":"viewer","email_domains":["Example.COM"]})");
  const auto settings = provider_settings_from_json(good);
  ASSERT_TRUE(settings.ok()) << settings.error().text();
  EXPECT_EQ(settings->name, "Plant ID");
  EXPECT_EQ(settings->scopes, std::vector<std::string>{"email"});
  EXPECT_EQ(settings->groups.at(0).grant, (Grant{Role::kOperator, "Northfield"}));
  EXPECT_EQ(settings->groups.at(1).grant, (Grant{Role::kViewer, "*"}));
  EXPECT_EQ(settings->email_domains, std::vector<std::string>{"example.com"});
  EXPECT_EQ(provider_settings_from_json(provider_settings_json(*settings)).value(), *settings);
  const std::pair<const char*, const char*> wrong[] = {
      {"issuer", R"("http://id.example")"},
      {"issuer", R"("https://id.example?x")"},
      {"name", R"("")"},
      {"client_id", R"("a b")"},
      {"scopes", R"(["a b"])"},
      {"scopes", R"(["offline_access"])"},
      {"scopes", R"("email")"},
      {"groups", R"([{"group":"g"}])"},
      {"groups", R"([{"group":"","role":"viewer"}])"},
      {"groups", R"([{"group":"g","role":"king"}])"},
      {"groups", R"([{"group":"g","role":"finance","place":"Northfield"}])"},
      {"unmapped", R"("let in")"},
      {"fallback", R"("king")"},
      {"email_domains", R"(["a@b.example"])"},
      {"email_domains", R"(["nodot "])"},
      {"trusted_pem", R"("no certificate")"},
      {"makes_people", R"("yes")"},
      {"secret", R"("x")"},
      {"unknown", "1"}};
  for (const auto& [field, value] : wrong) {
    Json bad = good;
    bad[field] = Json::parse(value);
    EXPECT_FALSE(provider_settings_from_json(bad).ok()) << field << " " << value;
  }
  for (const char* field : {"name", "issuer", "client_id"}) {
    Json bad = good;
    bad.erase(field);
    EXPECT_FALSE(provider_settings_from_json(bad).ok()) << field;
  }
}

TEST(ProviderGroups, AreTakenAwayAsTheyWereGiven) {
  const Grant a{Role::kViewer, "*"};
  const Grant b{Role::kOperator, "*"};
  const Grant c{Role::kEngineer, "*"};
  const Remapped first = remap({a}, {}, {a, b});
  EXPECT_EQ(first.all, (std::vector<Grant>{a, b}));
  EXPECT_EQ(first.granted, std::vector<Grant>{b}) << "a was there by hand";
  const Remapped second = remap({a, b}, {b}, {c});
  EXPECT_EQ(second.all, (std::vector<Grant>{a, c}));
  EXPECT_EQ(second.granted, std::vector<Grant>{c});
  EXPECT_EQ(remap({a, c}, {c}, {}).all, std::vector<Grant>{a});
}

TEST(ProviderGroups, OnlyRealSecondFactorsCount) {
  const auto shows = [](std::vector<std::string> amr, const std::string& acr = "") {
    ProviderSettings settings;
    settings.strong_acr = {"gold"};
    IdTokenClaims claims;
    claims.amr = std::move(amr);
    claims.acr = acr;
    return shows_second_factor(settings, claims);
  };
  EXPECT_FALSE(shows({}));
  EXPECT_FALSE(shows({"pwd"}));
  EXPECT_FALSE(shows({"pwd", "kba", "sms", "MFA"}));
  for (const char* method : {"mfa", "otp", "hwk", "sc"}) EXPECT_TRUE(shows({"pwd", method}));
  EXPECT_TRUE(shows({}, "gold"));
  EXPECT_FALSE(shows({}, "silver"));
}

}  // namespace
}  // namespace lineshaft::identity
