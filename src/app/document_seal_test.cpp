#include "app/document_seal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "connect/secret_members.h"
#include "model/json.h"
#include "vault/vault_fixture.h"

namespace lineshaft::app {
namespace {

constexpr TenantId kAcme{1};
constexpr const char* kCanary = "canary-7f3a-in-the-clear";

struct Folder {
  Folder() : path(testing::TempDir() + "lineshaft-seal-XXXXXX") {
    LS_ASSERT(mkdtemp(path.data()) != nullptr);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

std::string connection(const std::string& password) {
  return Json{{"name", "melt shop"},
              {"protocol", "mqtt"},
              {"settings", {{"host", "10.0.0.7"}, {"user_name", "u"}, {"password", password}}}}
      .dump();
}

class SealedDocuments : public testing::Test {
 protected:
  SealedDocuments() { EXPECT_TRUE(opened_); }

  std::unique_ptr<records::Documents> open(records::DocumentSeal* seal) {
    return records::Documents::open(
               records::Database::open(sys::real_file_system(), {.path = folder_.path + "/r.db"})
                   .value(),
               seal)
        .value();
  }
  // In the file and in its log.
  bool lies_in_the_clear(const std::string& text) const {
    for (const char* name : {"/r.db", "/r.db-wal"}) {
      std::ifstream in(folder_.path + name, std::ios::binary);
      const std::string all{std::istreambuf_iterator<char>(in), {}};
      if (all.find(text) != std::string::npos) return true;
    }
    return false;
  }

  Folder folder_;
  vault::VaultWorld world_;
  // Made with the keys, which a member in front of it has opened by then.
  const bool opened_ = world_.open().ok();
  SealedMembers seal_{*world_.vault};
};

TEST_F(SealedDocuments, KeepSecretsOutOfTheFileAndGiveThemBack) {
  const auto documents = open(&seal_);
  const auto made = documents->create(kAcme, "connection", connection(kCanary)).value();
  EXPECT_NE(made.json.find(kCanary), std::string::npos);
  EXPECT_EQ(documents->get(kAcme, "connection", made.id)->json, connection(kCanary));
  EXPECT_EQ(documents->list(kAcme, "connection").value()[0].json, connection(kCanary));
  ASSERT_TRUE(documents->put(kAcme, "connection", 1, connection("canary-two"), 1).ok());
  ASSERT_TRUE(documents
                  ->change(kAcme,
                           std::vector<records::DocumentChange>{
                               {"connection", 1, 2, connection("canary-three")},
                               {"connection-before", 1, 0, connection("canary-four")}})
                  .ok());
  EXPECT_EQ(documents->get(kAcme, "connection", 1)->json, connection("canary-three"));
  EXPECT_EQ(documents->get(kAcme, "connection-before", 1)->json, connection("canary-four"));
  for (const char* text : {kCanary, "canary-two", "canary-three", "canary-four"}) {
    EXPECT_FALSE(lies_in_the_clear(text)) << text;
  }
  EXPECT_TRUE(lies_in_the_clear("10.0.0.7")) << "the test looks in the wrong place";
}

TEST_F(SealedDocuments, SealWhatAFormerVersionLeftInTheClear) {
  {
    const auto before = open(nullptr);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(before->create(kAcme, "connection", connection(kCanary)).ok());
    }
    ASSERT_TRUE(before->create(kAcme, "note", R"({"text":"untouched"})").ok());
  }
  ASSERT_TRUE(lies_in_the_clear(kCanary));
  const auto documents = open(&seal_);
  EXPECT_EQ(documents->seal_stale().value(), 3u);
  EXPECT_FALSE(lies_in_the_clear(kCanary));
  EXPECT_EQ(documents->get(kAcme, "connection", 2)->json, connection(kCanary));
  EXPECT_EQ(documents->get(kAcme, "connection", 2)->version, 1);
  EXPECT_EQ(documents->get(kAcme, "note", 1)->json, R"({"text":"untouched"})");
  EXPECT_EQ(documents->seal_stale().value(), 0u);
}

TEST_F(SealedDocuments, FollowARotationAndEndWithTheKey) {
  const auto documents = open(&seal_);
  ASSERT_TRUE(documents->create(kAcme, "connection", connection(kCanary)).ok());
  ASSERT_TRUE(world_.vault->rotate().ok());
  EXPECT_EQ(documents->seal_stale().value(), 1u);
  ASSERT_TRUE(world_.vault->drop_retired(kAcme).ok());
  EXPECT_EQ(documents->get(kAcme, "connection", 1)->json, connection(kCanary));

  ASSERT_TRUE(world_.vault->destroy(kAcme).ok());
  const Json left = Json::parse(documents->get(kAcme, "connection", 1)->json);
  EXPECT_TRUE(left["settings"]["password"].is_object());
  EXPECT_EQ(left["settings"]["host"], "10.0.0.7");
  EXPECT_EQ(documents->seal_stale().value(), 0u);  // nothing can be done any more
  EXPECT_FALSE(documents->create(kAcme, "connection", connection(kCanary)).ok());
}

TEST_F(SealedDocuments, DoNotOpenElsewhere) {
  const auto documents = open(&seal_);
  ASSERT_TRUE(documents->create(kAcme, "connection", connection(kCanary)).ok());
  const auto bare = open(nullptr);
  const std::string stored = bare->get(kAcme, "connection", 1)->json;
  ASSERT_TRUE(bare->create(kAcme, "connection", stored).ok());  // as another connection
  ASSERT_TRUE(bare->create(TenantId{2}, "connection", stored).ok());
  EXPECT_TRUE(Json::parse(documents->get(kAcme, "connection", 2)->json)["settings"]["password"]
                  .is_object());
  EXPECT_TRUE(
      Json::parse(documents->get(TenantId{2}, "connection", 1)->json)["settings"]["password"]
          .is_object());
}

// Every kind of connection and flow tells what of it is secret: a new protocol cannot forget it.
TEST(SecretMembers, AreKnownOfEveryProtocol) {
  const auto of = [](const char* kind, const Json& document) {
    return connect::secret_members(kind, document);
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(of("connection", {{"protocol", "mqtt"}}),
            (Names{"/settings/password", "/settings/tls_key"}));
  EXPECT_EQ(of("connection", {{"protocol", "opc-ua"}}),
            (Names{"/settings/password", "/settings/user_key_pem"}));
  EXPECT_EQ(of("flow", {{"kind", "lineshaft"}}), (Names{"/settings/token"}));
  EXPECT_EQ(of("connection", {{"protocol", "nothing"}}), Names{});
  EXPECT_EQ(of("connection", Json::array()), Names{});
  EXPECT_EQ(of("note", {{"protocol", "mqtt"}}), Names{});
}

}  // namespace
}  // namespace lineshaft::app
