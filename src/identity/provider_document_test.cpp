#include "identity/provider_document.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "identity/provider_flow.h"
#include "identity/web_address.h"

namespace lineshaft::identity {
namespace {

using nlohmann::json;

constexpr const char* kIssuer = "https://id.example/plant";

json document() {
  return {{"issuer", kIssuer},
          {"authorization_endpoint", "https://id.example/plant/authorize"},
          {"token_endpoint", "https://tokens.id.example/plant/token"},
          {"jwks_uri", "https://id.example/plant/keys"},
          {"end_session_endpoint", "https://id.example/plant/end"},
          {"response_types_supported", {"code", "id_token"}},
          {"code_challenge_methods_supported", {"plain", "S256"}},
          {"id_token_signing_alg_values_supported", {"HS256", "RS256", "EdDSA"}},
          {"token_endpoint_auth_methods_supported", {"client_secret_post", "client_secret_basic"}}};
}
Result<ProviderDocument> read(const json& text, bool assume_s256 = false) {
  return parse_provider_document(text.dump(), kIssuer, assume_s256);
}
Result<ProviderDocument> with(const char* name, const json& value) {
  json text = document();
  text[name] = value;
  return read(text);
}
Result<ProviderDocument> without(const char* name) {
  json text = document();
  text.erase(name);
  return read(text);
}

TEST(ProviderDocument, TellsWhereAndHow) {
  const auto read_one = read(document());
  ASSERT_TRUE(read_one.ok()) << read_one.error().text();
  EXPECT_EQ(read_one->token_endpoint, "https://tokens.id.example/plant/token");
  EXPECT_EQ(read_one->end_session_endpoint, "https://id.example/plant/end");
  EXPECT_EQ(read_one->algorithms, (std::vector{JwsAlgorithm::kRs256, JwsAlgorithm::kEdDsa}));
  EXPECT_FALSE(read_one->secret_in_body);
  EXPECT_FALSE(read_one->names_itself);
  EXPECT_TRUE(with("authorization_response_iss_parameter_supported", true)->names_itself);
  EXPECT_EQ(document_address(kIssuer), "https://id.example/plant/.well-known/openid-configuration");
  EXPECT_EQ(document_address("https://id.example/"),
            "https://id.example/.well-known/openid-configuration");
}

TEST(ProviderDocument, IsOfTheIssuerThatWasAsked) {
  for (const char* other : {"https://id.example/plant/", "https://id.example",
                            "https://evil.example", "HTTPS://id.example/plant", ""}) {
    EXPECT_FALSE(with("issuer", other).ok()) << other;
  }
  EXPECT_FALSE(without("issuer").ok());
}

TEST(ProviderDocument, HasAddressesUnderHttpsOnly) {
  for (const char* name : {"authorization_endpoint", "token_endpoint", "jwks_uri"}) {
    EXPECT_FALSE(without(name).ok()) << name;
    for (const char* bad :
         {"http://id.example/x", "https://", "//id.example/x", "file:///etc/passwd",
          "https://user@id.example/", "https://id.example/#x", "javascript:1"}) {
      EXPECT_FALSE(with(name, bad).ok()) << name << " " << bad;
    }
  }
  EXPECT_EQ(with("end_session_endpoint", "http://id.example/end")->end_session_endpoint, "");
}

TEST(ProviderDocument, MustOfferWhatIsUsed) {
  EXPECT_FALSE(with("response_types_supported", {"id_token"}).ok());
  EXPECT_FALSE(with("code_challenge_methods_supported", {"plain"}).ok());
  EXPECT_FALSE(without("code_challenge_methods_supported").ok());
  json silent = document();
  silent.erase("code_challenge_methods_supported");
  EXPECT_TRUE(read(silent, true).ok()) << "the administrator knows better";
  silent["code_challenge_methods_supported"] = {"plain"};
  EXPECT_FALSE(read(silent, true).ok()) << "the provider says no";
  EXPECT_FALSE(with("id_token_signing_alg_values_supported", {"HS256", "none", "RS512"}).ok());
  EXPECT_FALSE(without("id_token_signing_alg_values_supported").ok());
  EXPECT_TRUE(
      with("token_endpoint_auth_methods_supported", {"client_secret_post"})->secret_in_body);
  EXPECT_FALSE(with("token_endpoint_auth_methods_supported", {"private_key_jwt"}).ok());
  EXPECT_FALSE(without("token_endpoint_auth_methods_supported")->secret_in_body);
}

TEST(ProviderDocument, IsBounded) {
  for (const std::string& bad : {std::string(), std::string("[]"), std::string("{"),
                                 std::string(kProviderDocumentBytesMax + 1, ' ')}) {
    EXPECT_FALSE(parse_provider_document(bad, kIssuer, true).ok());
  }
}

TEST(TokenAnswer, IsReadWithinBounds) {
  const auto good = parse_token_answer(
      200, R"({"access_token":"a","token_type":"Bearer","id_token":"b","expires_in":60})");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->id_token, "b");
  EXPECT_EQ(good->access_token, "a");
  EXPECT_FALSE(parse_token_answer(200, R"({"access_token":"a"})").ok());
  EXPECT_FALSE(parse_token_answer(200, "<html>").ok());
  EXPECT_FALSE(parse_token_answer(200, std::string(kTokenAnswerBytesMax + 1, ' ')).ok());
  EXPECT_EQ(parse_token_answer(400, R"({"error":"invalid_grant"})").error().id,
            ErrorId::kProviderRefused);
  const Error client = parse_token_answer(401, R"({"error":"invalid_client"})").error();
  EXPECT_EQ(client.id, ErrorId::kProviderDown);
  EXPECT_NE(client.what.find("invalid_client"), std::string::npos);
  EXPECT_EQ(parse_token_answer(503, "busy").error().id, ErrorId::kProviderDown);
  EXPECT_EQ(error_word("access_denied"), "access_denied");
  EXPECT_EQ(error_word("<b>ha</b>"), "something else");
  EXPECT_EQ(error_word(""), "something else");
}

TEST(WebAddress, HasItsParts) {
  const auto address = parse_web_address("https://id.example:8443/a/b?x=1").value();
  EXPECT_EQ(address.host, "id.example");
  EXPECT_EQ(address.port, 8443);
  EXPECT_EQ(address.target, "/a/b?x=1");
  EXPECT_EQ(parse_web_address("https://id.example")->target, "/");
  EXPECT_EQ(parse_web_address("https://id.example?x")->target, "/?x");
  EXPECT_EQ(parse_web_address("https://[2001:db8::1]:99/")->host, "2001:db8::1");
  EXPECT_EQ(parse_web_address("https://[2001:db8::1]:99/")->port, 99);
  for (const char* bad :
       {"", "https://", "https:///x", "https://a:0/", "https://a:65536/", "https://a:/",
        "https://a:1x/", "https://a b/", "https://[::1", "https://[]/", "https://[::1]x/",
        "https://a_b/", "https://a\\b/", "https://a/\n", "https://a/\xc3\xa9"}) {
    EXPECT_FALSE(parse_web_address(bad).ok()) << bad;
  }
  EXPECT_TRUE(check_issuer(kIssuer).ok());
  EXPECT_FALSE(check_issuer("https://id.example/?x=1").ok());
}

TEST(WebAddress, FormsAreEscaped) {
  EXPECT_EQ(form_text({{"a", "1 2&3"}, {"b", "\xc3\xa9~-._"}}), "a=1%202%263&b=%C3%A9~-._");
  EXPECT_EQ(with_query("https://a/", "x=1"), "https://a/?x=1");
  EXPECT_EQ(with_query("https://a/?y=2", "x=1"), "https://a/?y=2&x=1");
}

// Where a browser goes on after signing in is never another server.
TEST(WebAddress, APathIsOfOurOwn) {
  for (const char* own : {"/", "/trends?tag=1&from=2", "/administration/users"}) {
    EXPECT_EQ(own_path(own), own);
  }
  for (const char* other : {"", "trends", "//evil.example", "/\\evil.example",
                            "https://evil.example", "/a\nb", "\\\\evil", "javascript:alert(1)"}) {
    EXPECT_EQ(own_path(other), "/") << other;
  }
}

// RFC 7636, appendix B.
TEST(CodeChallenge, IsThatOfTheStandard) {
  EXPECT_EQ(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(ProviderFlows, AreTakenOnceInTimeAndAreFew) {
  ProviderFlows flows;
  const auto state = [](std::size_t n) { return digest_of(std::to_string(n)); };
  ProviderFlow flow;
  flow.from.address = "192.0.2.1";
  flows.add(state(0), flow);
  EXPECT_FALSE(flows.take(state(1), {}).has_value());
  EXPECT_TRUE(flows.take(state(0), kProviderFlowLifetime - Nanoseconds(1)).has_value());
  EXPECT_FALSE(flows.take(state(0), {}).has_value()) << "used";
  flows.add(state(0), flow);
  EXPECT_FALSE(flows.take(state(0), kProviderFlowLifetime).has_value()) << "too old";
  EXPECT_EQ(flows.size(), 0U);

  // A flood from one place takes nothing from others; a flood from many takes the oldest.
  flow.from.address = "198.51.100.1";
  flows.add(state(9'999), flow);
  flow.from.address = "192.0.2.1";
  for (std::size_t n = 0; n < 2 * ProviderFlows::kPerSourceMax; ++n) {
    flow.begun = Nanoseconds(n);
    flows.add(state(n), flow);
  }
  EXPECT_EQ(flows.size(), ProviderFlows::kPerSourceMax + 1);
  EXPECT_FALSE(flows.take(state(0), {}).has_value());
  EXPECT_TRUE(flows.take(state(9'999), {}).has_value());
  for (std::size_t n = 0; n < 2 * ProviderFlows::kMax; ++n) {
    flow.from.address = "10." + std::to_string(n % 250) + "." + std::to_string(n / 250) + ".1";
    flows.add(state(20'000 + n), flow);
  }
  EXPECT_EQ(flows.size(), ProviderFlows::kMax);
}

}  // namespace
}  // namespace lineshaft::identity
