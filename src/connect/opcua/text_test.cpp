// What people write: node ids, URLs, settings; and which endpoint comes of them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connect/connection_json.h"
#include "connect/opcua/browse_path.h"
#include "connect/opcua/endpoint.h"
#include "connect/opcua/node_id.h"
#include "connect/opcua/settings.h"

namespace lineshaft::connect::opcua {
namespace {

NodeName node(const std::string& text) {
  const auto parsed = parse_node_id(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed ? *parsed : NodeName{};
}

// The examples of OPC UA Part 6, 5.3.1.10.
TEST(OpcUaNodeId, ReadsTheExamplesOfTheStandard) {
  EXPECT_EQ(node("i=13"), (NodeName{{}, 0, std::uint32_t{13}}));
  EXPECT_EQ(node("ns=10;i=1"), (NodeName{{}, 10, std::uint32_t{1}}));
  EXPECT_EQ(node("ns=10;s=Hello:World"), (NodeName{{}, 10, std::string("Hello:World")}));
  const NodeName guid = node("g=09087e75-8e5e-499b-954f-f2a9603db28a");
  EXPECT_EQ(std::get<Guid>(guid.id).bytes[0], 0x09);
  EXPECT_EQ(std::get<Guid>(guid.id).bytes[15], 0x8a);
  EXPECT_EQ(std::get<Opaque>(node("ns=1;b=M/RbKBsRVkePCePcx24oRA==").id).bytes.size(), 16u);
  EXPECT_EQ(node("nsu=http://widgets.com/schemas/hello;s=Hello World"),
            (NodeName{"http://widgets.com/schemas/hello", 0, std::string("Hello World")}));
}

TEST(OpcUaNodeId, EscapesWhatWouldEndAUri) {
  const NodeName name{"urn:a;b%c", 0, std::uint32_t{1}};
  EXPECT_EQ(node_id_text(name), "nsu=urn:a%3Bb%25c;i=1");
  EXPECT_EQ(node(node_id_text(name)), name);
}

TEST(OpcUaNodeId, ReadsBackWhatItWrites) {
  for (const char* text : {"i=0", "i=4294967295", "ns=65535;s=a;b=c", "ns=3;b=", "ns=3;b=/w==",
                           "g=00000000-0000-0000-0000-000000000001", "nsu=urn:x;b=Zm9v"}) {
    EXPECT_EQ(node_id_text(node(text)), text);
  }
}

TEST(OpcUaNodeId, RefusesWhatIsNone) {
  for (const char* text : {"",
                           "i",
                           "i=",
                           "i=-1",
                           "i=4294967296",
                           "i= 1",
                           "x=1",
                           "ns=;i=1",
                           "ns=65536;i=1",
                           "ns=1:i=1",
                           "ns=1;",
                           "s=",
                           "g=09087e75-8e5e-499b-954f-f2a9603db28",
                           "g=09087e75x8e5e-499b-954f-f2a9603db28a",
                           "b=Zm9",
                           "b=Zm9*",
                           "b=Zm9=",
                           "nsu=;i=1",
                           "nsu=a%3;i=1",
                           "nsu=a%41;i=1",
                           "s=\xff"}) {
    EXPECT_FALSE(parse_node_id(text).ok()) << text;
  }
}

TEST(OpcUaUrl, HasAHostAndMayHaveAPortAndAPath) {
  EXPECT_EQ(*parse_url("opc.tcp://plc4"), (Address{{"plc4", 4840}, ""}));
  EXPECT_EQ(*parse_url("opc.tcp://10.0.0.4:48010/UA/x"), (Address{{"10.0.0.4", 48010}, "/UA/x"}));
  EXPECT_EQ(*parse_url("opc.tcp://[fe80::1]:4841"), (Address{{"fe80::1", 4841}, ""}));
  for (const char* url :
       {"", "plc4", "http://plc4", "opc.tcp://", "opc.tcp://:4840", "opc.tcp://a:0",
        "opc.tcp://a:65536", "opc.tcp://a:x", "opc.tcp://[::1", "opc.tcp://a b"}) {
    EXPECT_FALSE(parse_url(url).ok()) << url;
  }
}

Json connection_json() {
  return {{"name", "press"},
          {"protocol", "opc-ua"},
          {"settings",
           {{"url", "opc.tcp://plc4:4840"},
            {"mode", "sign"},
            {"policy", "Basic256Sha256"},
            {"user", "user-name"},
            {"user_name", "otto"},
            {"password", "geheim"}}},
          {"signals",
           Json::array({{{"path", "acme/force"}, {"node", "ns=2;s=Force"}, {"type", "float32"}}})}};
}

TEST(OpcUaSettings, AreReadFromJsonAndHideThePasswordInAnswers) {
  const auto config = config_from_json(connection_json());
  ASSERT_TRUE(config.ok()) << config.error().what;
  const auto& settings = std::get<Settings>(config->settings);
  EXPECT_EQ(settings.mode, Mode::kSign);
  EXPECT_EQ(settings.password, "geheim");
  EXPECT_EQ(config->signals[0].interpolation, Interpolation::kLinear);
  EXPECT_EQ(config_json(*config, Secrets::kHidden).dump().find("geheim"), std::string::npos);
  Json stored = config_json(*config, Secrets::kShown);
  stored["signals"] = signals_json(config->signals);
  const auto again = config_from_json(stored);
  ASSERT_TRUE(again.ok()) << again.error().what;
  EXPECT_EQ(*again, *config);
}

TEST(OpcUaSettings, NameTheFieldThatIsWrong) {
  const auto refused = [](const char* field, const Json& value) {
    Json json = connection_json();
    json["settings"][field] = value;
    const auto config = config_from_json(json);
    return config ? std::string() : config.error().what;
  };
  EXPECT_NE(refused("url", "plc4").find("url"), std::string::npos);
  EXPECT_NE(refused("mode", "loud").find("mode"), std::string::npos);
  EXPECT_NE(refused("policy", "Basic128Rsa15").find("policy"), std::string::npos);
  EXPECT_NE(refused("policy", "None").find("policy"), std::string::npos);
  EXPECT_NE(refused("timeout_ms", 1).find("timeout_ms"), std::string::npos);
  EXPECT_NE(refused("user_name", "").find("user_name"), std::string::npos);
  EXPECT_NE(refused("user", "certificate").find("user_certificate_pem"), std::string::npos);
}

constexpr const char* kPolicy = "http://opcfoundation.org/UA/SecurityPolicy#";

OfferedEndpoint endpoint(const std::string& policy, std::uint32_t mode,
                         std::vector<OfferedToken> tokens = {{}}) {
  return {"opc.tcp://x", kPolicy + policy, mode, true, std::move(tokens)};
}

TEST(OpcUaEndpoint, TheStrongestIsChosenByModeThenByPolicy) {
  const std::vector<OfferedEndpoint> offered = {
      endpoint("None", 1), endpoint("Aes256_Sha256_RsaPss", 2), endpoint("Basic256Sha256", 3),
      endpoint("Aes128_Sha256_RsaOaep", 3), endpoint("Basic256", 3)};
  EXPECT_EQ(choose_endpoint(offered, {})->endpoint, 3u);
  Settings sign;
  sign.mode = Mode::kSign;
  EXPECT_EQ(choose_endpoint(offered, sign)->endpoint, 1u);
  Settings none;
  none.mode = Mode::kNone;
  EXPECT_EQ(choose_endpoint(offered, none)->endpoint, 0u);
  EXPECT_FALSE(choose_endpoint(offered, none)->needs_trust);
}

TEST(OpcUaEndpoint, SaysWhatStandsAgainstEachThatIsOffered) {
  const std::vector<OfferedEndpoint> offered = {endpoint("None", 1), endpoint("Basic128Rsa15", 3)};
  const auto choice = choose_endpoint(offered, {});
  ASSERT_FALSE(choice.ok());
  EXPECT_NE(choice.error().what.find("None: mode none is not set"), std::string::npos);
  EXPECT_NE(choice.error().what.find("Basic128Rsa15 (sign and encrypt): outdated"),
            std::string::npos)
      << choice.error().what;
}

TEST(OpcUaEndpoint, APasswordGoesInClearTextOnlyWhereThatIsAllowed) {
  const OfferedToken password{UserKind::kUserName, true, ""};
  const std::vector<OfferedEndpoint> offered = {endpoint("None", 1, {password})};
  Settings settings;
  settings.mode = Mode::kNone;
  settings.user = UserKind::kUserName;
  const auto choice = choose_endpoint(offered, settings);
  ASSERT_FALSE(choice.ok());
  EXPECT_NE(choice.error().what.find("clear text"), std::string::npos);
  settings.allow_clear_password = true;
  EXPECT_TRUE(choose_endpoint(offered, settings).ok());

  const OfferedToken encrypted{UserKind::kUserName, true, std::string(kPolicy) + "Basic256Sha256"};
  settings.allow_clear_password = false;
  const auto safe = choose_endpoint(std::vector{endpoint("None", 1, {encrypted})}, settings);
  ASSERT_TRUE(safe.ok());
  EXPECT_TRUE(safe->needs_trust) << "the password is encrypted for that certificate";
}

TEST(OpcUaBrowsePath, NamesHaveTheirNamespaceInBraces) {
  const auto path = parse_browse_path("{urn:a/b}One/Two/{urn:c}Thr&/ee&&&{");
  ASSERT_TRUE(path.ok()) << path.error().text();
  const std::vector<BrowseName> expected = {{"urn:a/b", "One"}, {"", "Two"}, {"urn:c", "Thr/ee&{"}};
  EXPECT_EQ(*path, expected);
  EXPECT_TRUE(parse_browse_path("")->empty());
}

TEST(OpcUaBrowsePath, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"/", "/a", "a/", "a//b", "{}a", "{urn:a", "{urn:a}", "a&", "a{b}c", "a\n", "\xff"}) {
    const auto path = parse_browse_path(text);
    ASSERT_FALSE(path.ok()) << text;
    EXPECT_EQ(path.error().id, ErrorId::kInvalidArgument) << text;
  }
  std::string many = "a";
  for (std::size_t i = 1; i < kBrowsePathNamesMax; ++i) many += "/a";
  EXPECT_TRUE(parse_browse_path(many).ok());
  EXPECT_FALSE(parse_browse_path(many + "/a").ok());
  EXPECT_FALSE(parse_browse_path(std::string(kBrowsePathBytesMax + 1, 'a')).ok());
}

}  // namespace
}  // namespace lineshaft::connect::opcua
