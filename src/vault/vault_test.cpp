#include "vault/vault.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "model/json.h"
#include "vault/seal.h"
#include "vault/vault_fixture.h"

namespace lineshaft::vault {
namespace {

constexpr TenantId kAcme{1};
constexpr TenantId kBolt{2};

// The indented lines below "### <heading>" of the format page, as text.
std::string example(const std::string& heading) {
  std::ifstream page(std::string(LINESHAFT_SOURCE_DIR) + "/docs/formats/vault.md");
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("#")) inside = line == "### " + heading;
    if (inside && line.starts_with("    ")) text += line.substr(4) + "\n";
  }
  return text;
}

Json keys_on(sys::SimDisk& disk) {
  const Bytes bytes = sys::read_file(disk, "/data/keys.json", kKeyFileBytesMax).value();
  return parse_json(as_text(bytes)).value();
}

TEST(Vault, OpensWhatItSealedAlsoAfterARestart) {
  VaultWorld world;
  ASSERT_TRUE(world.open().ok());
  const std::string sealed = world.vault->seal(kAcme, "connection/1/password", "s3cret").value();
  EXPECT_EQ(sealed.find("s3cret"), std::string::npos);
  VaultWorld later(world.disk.durable_image(), 2);
  ASSERT_TRUE(later.open().ok());
  EXPECT_EQ(later.vault->unseal(kAcme, "connection/1/password", sealed).value(), "s3cret");
}

TEST(Vault, DoesNotOpenWhatWasMovedOrChanged) {
  VaultWorld world;
  ASSERT_TRUE(world.open().ok());
  const std::string sealed = world.vault->seal(kAcme, "connection/1/password", "s3cret").value();
  static_cast<void>(world.vault->seal(kBolt, "x", "y").value());  // bolt has a key 1 too
  EXPECT_FALSE(world.vault->unseal(kAcme, "connection/2/password", sealed).ok());
  EXPECT_FALSE(world.vault->unseal(kBolt, "connection/1/password", sealed).ok());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(world.vault->unseal(kAcme, "connection/1/password", changed).ok()) << i;
  }
  EXPECT_FALSE(world.vault->unseal(kAcme, "connection/1/password", "").ok());
}

TEST(Vault, SealsTheSameTextDifferentlyEachTime) {
  VaultWorld world;
  ASSERT_TRUE(world.open().ok());
  EXPECT_NE(world.vault->seal(kAcme, "a", "b").value(), world.vault->seal(kAcme, "a", "b").value());
}

TEST(Vault, SaysThatTheMasterKeyIsMissingOrAnotherOne) {
  VaultWorld world;
  ASSERT_TRUE(world.open().ok());
  ASSERT_TRUE(world.disk.rename("/data/master.key", "/data/elsewhere").ok());
  Status opened = world.open();
  EXPECT_EQ(opened.error().id, ErrorId::kBadConfig);
  EXPECT_NE(opened.error().what.find("there is no /data/master.key"), std::string::npos);
  EXPECT_FALSE(world.disk.exists("/data/master.key")) << "a new one would hide the loss";

  VaultWorld other({}, 7);
  ASSERT_TRUE(other.open().ok());
  const Bytes key = sys::read_file(other.disk, "/data/master.key", 1000).value();
  ASSERT_TRUE(sys::write_file_atomically(world.disk, "/data/master.key", key).ok());
  opened = world.open();
  EXPECT_EQ(opened.error().id, ErrorId::kBadConfig);
  EXPECT_TRUE(world.open(file_settings("/data/elsewhere")).ok());
}

TEST(Vault, FindsAChangeOfTheKeyFile) {
  VaultWorld world;
  ASSERT_TRUE(world.open().ok());
  static_cast<void>(world.vault->seal(kAcme, "a", "b").value());
  Json json = keys_on(world.disk);
  json["keys"][0]["state"] = "retired";
  const std::string text = json.dump(1) + "\n";
  ASSERT_TRUE(write_key_file(world.disk, "/data", text).ok());
  EXPECT_EQ(world.open().error().id, ErrorId::kBadConfig);
}

TEST(Vault, GoesOnWithTheCopyWhenOneIsDamaged) {
  for (const char* damaged : {"/data/keys.json", "/data/keys.json.copy"}) {
    for (const char* content : {"", "{", "{\"format\":1}"}) {
      VaultWorld world;
      ASSERT_TRUE(world.open().ok());
      const std::string sealed = world.vault->seal(kAcme, "a", "b").value();
      ASSERT_TRUE(sys::write_file_atomically(world.disk, damaged, as_bytes(content)).ok());
      ASSERT_TRUE(world.open().ok()) << damaged << content;
      EXPECT_EQ(world.vault->unseal(kAcme, "a", sealed).value(), "b");
      EXPECT_EQ(sys::read_file(world.disk, "/data/keys.json", 99999).value(),
                sys::read_file(world.disk, "/data/keys.json.copy", 99999).value());
    }
  }
}

TEST(Vault, RotatesAndStillOpensWhatFormerKeysSealed) {
  VaultWorld world;
  ASSERT_TRUE(world.open().ok());
  const std::string before = world.vault->seal(kAcme, "a", "b").value();
  EXPECT_TRUE(world.vault->is_current(kAcme, before));
  ASSERT_TRUE(world.vault->rotate().ok());
  EXPECT_FALSE(world.vault->is_current(kAcme, before));
  const std::string after = world.vault->seal(kAcme, "a", "b").value();
  EXPECT_TRUE(world.vault->is_current(kAcme, after));
  ASSERT_TRUE(world.open().ok());
  EXPECT_EQ(world.vault->unseal(kAcme, "a", before).value(), "b");
  ASSERT_TRUE(world.vault->drop_retired(kAcme).ok());
  ASSERT_TRUE(world.open().ok());
  EXPECT_FALSE(world.vault->unseal(kAcme, "a", before).ok());
  EXPECT_EQ(world.vault->unseal(kAcme, "a", after).value(), "b");
  EXPECT_EQ(world.vault->keys().size(), 3u);  // the server's former one and newest, acme's newest
}

TEST(Vault, ChangesTheMasterKeyFromAndToEverySource) {
  VaultWorld world;
  ASSERT_TRUE(world.open().ok());
  const std::string sealed = world.vault->seal(kAcme, "a", "b").value();
  MasterSettings credential;
  credential.source = "credential";
  credential.ask = [](const char*) -> Result<std::string> { return std::string(64, '7') + "\n"; };
  MasterSettings last = file_settings();
  for (const MasterSettings& next : {file_settings(), passphrase_settings("four words of it"),
                                     credential, file_settings("/data/b"), file_settings()}) {
    ASSERT_TRUE(world.vault->change_master(next).ok()) << next.source;
    ASSERT_TRUE(world.open(next).ok()) << next.source;
    EXPECT_EQ(world.vault->unseal(kAcme, "a", sealed).value(), "b") << next.source;
    EXPECT_EQ(world.vault->master().source, next.source);
    if (next.source != last.source) {
      EXPECT_FALSE(world.open(last).ok());
    }
    last = next;
    ASSERT_TRUE(world.open(next).ok());
  }
  EXPECT_FALSE(world.open(passphrase_settings("four words of it")).ok());
  ASSERT_TRUE(world.open(last).ok());
  ASSERT_TRUE(world.vault->change_master(passphrase_settings("right")).ok());
  EXPECT_EQ(world.open(passphrase_settings("wrong")).error().id, ErrorId::kBadConfig);
}

TEST(Vault, DestroysTheKeysOfOneOrganisationForEver) {
  VaultWorld world;
  ASSERT_TRUE(world.open().ok());
  const std::string acme = world.vault->seal(kAcme, "a", "b").value();
  const std::string bolt = world.vault->seal(kBolt, "a", "b").value();
  ASSERT_TRUE(world.vault->rotate().ok());
  ASSERT_TRUE(world.vault->destroy(kAcme).ok());
  ASSERT_TRUE(world.vault->destroy(TenantId{9}).ok());  // never had one
  for (int i = 0; i < 2; ++i) {
    const auto opened = world.vault->unseal(kAcme, "a", acme);
    ASSERT_FALSE(opened.ok());
    EXPECT_NE(opened.error().what.find("was destroyed"), std::string::npos);
    EXPECT_FALSE(world.vault->seal(kAcme, "a", "b").ok());
    EXPECT_FALSE(world.vault->file_key(kAcme).ok());
    EXPECT_FALSE(world.vault->file_key(TenantId{9}).ok());
    EXPECT_EQ(world.vault->unseal(kBolt, "a", bolt).value(), "b");
    ASSERT_TRUE(world.open().ok());
  }
  ASSERT_TRUE(world.vault->rotate().ok());
  EXPECT_FALSE(world.vault->seal(kAcme, "a", "b").ok());
  const auto left = keys_on(world.disk);
  for (const auto& key : left["keys"]) {
    if (key["owner"] == 1) {
      EXPECT_EQ(key["sealed"], "");
    }
  }
}

// After every crash state of what `change` does, the vault opens and so does what was sealed.
template <typename Change>
std::size_t crash_during(const MasterSettings& before, const std::vector<MasterSettings>& after,
                         const Change& change) {
  VaultWorld world;
  EXPECT_TRUE(world.open(before).ok());
  const std::string sealed = world.vault->seal(kAcme, "a", "b").value();
  const std::size_t from = world.disk.operations();
  EXPECT_TRUE(change(*world.vault).ok());
  std::size_t states = 0;
  world.disk.for_each_crash_state(from, [&](const sys::CrashState& state) {
    states += 1;
    bool opened = false;
    std::string said;
    for (const MasterSettings& settings : after) {
      VaultWorld later(state.image, 100 + states);
      Status done = later.open(settings);
      if (!done) {
        said += done.error().text() + "; ";
        continue;
      }
      opened = later.vault->unseal(kAcme, "a", sealed).ok() && later.open(settings).ok();
      if (opened) break;
    }
    EXPECT_TRUE(opened) << state.what << " after " << state.operations << ": " << said << "\n"
                        << world.disk.journal();
    return opened;
  });
  return states;
}

TEST(VaultCrash, LeavesTheOldKeysOrTheNewOnes) {
  const MasterSettings file = file_settings();
  const MasterSettings words = passphrase_settings("four words of it");
  EXPECT_GT(crash_during(file, {file}, [](Vault& vault) { return vault.rotate(); }), 20u);
  EXPECT_GT(crash_during(file, {file}, [&](Vault& vault) { return vault.change_master(file); }),
            30u);
  EXPECT_GT(
      crash_during(file, {file, words}, [&](Vault& vault) { return vault.change_master(words); }),
      20u);
  EXPECT_GT(
      crash_during(words, {words, file}, [&](Vault& vault) { return vault.change_master(file); }),
      20u);
}

TEST(VaultCrash, MakesTheFirstKeysOrNone) {
  VaultWorld world;
  const std::size_t from = world.disk.operations();
  ASSERT_TRUE(world.open().ok());
  world.disk.for_each_crash_state(from, [&](const sys::CrashState& state) {
    VaultWorld later(state.image, 5);
    Status opened = later.open();
    EXPECT_TRUE(opened.ok()) << state.what << ": " << opened.error().text();
    return opened.ok();
  });
}

TEST(Vault, ReadsTheExampleOfItsFormatPage) {
  sys::SimDisk disk;
  ASSERT_TRUE(disk.create_directories("/data").ok());
  const auto keep = [&](const char* path, const std::string& text) {
    return sys::write_file_atomically(disk, path, as_bytes(text));
  };
  ASSERT_TRUE(keep("/data/keys.json", example("keys.json")).ok());
  ASSERT_TRUE(keep("/data/master.key", example("master.key")).ok());
  VaultWorld world(disk.durable_image(), 3);
  const Status opened = world.open();
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  std::string sealed = example("A sealed secret");
  sealed.erase(sealed.find_last_not_of('\n') + 1);
  EXPECT_EQ(world.vault->unseal(kAcme, "connection/7/settings/password", sealed).value(),
            "\"correct horse\"");
}

}  // namespace
}  // namespace lineshaft::vault
