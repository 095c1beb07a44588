// What the trail keeps, finds, hands out, and forgets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/hex.h"
#include "identity/audit_entry.h"
#include "identity/audit_export.h"
#include "identity/audit_rows.h"
#include "identity/audit_verify.h"
#include "identity/identity_fixture.h"
#include "ledger/witnesses.h"

namespace lineshaft::identity {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The example of docs/formats/audit.md, which is read from there: line and hash.
TEST(AuditEntryForm, IsTheOneOfThePage) {
  std::ifstream page(LINESHAFT_SOURCE_DIR "/docs/formats/audit.md");
  std::stringstream text;
  text << page.rdbuf();
  const AuditEntry entry{.id = 2,
                         .tenant = TenantId{1},
                         .time = Timestamp{1'795'000'000'000'000'000},
                         .actor = "ann@example.com",
                         .action = "tag.write",
                         .object = "mill/temperature",
                         .detail = "from 1 to 2",
                         .actor_kind = "user",
                         .actor_id = 1,
                         .door = "console",
                         .address = "192.0.2.10",
                         .request = "5f1c-7",
                         .before = "{\"value\":1}",
                         .after = "{\"value\":2}",
                         .result = "done"};
  EXPECT_THAT(text.str(), HasSubstr("\n" + entry_line(entry) + "\n"));
  EXPECT_THAT(text.str(), HasSubstr(hex_text(entry_hash(entry))));
}

TEST(AuditEntryForm, TellsAnyTwoTextsApart) {
  const auto line_of = [](std::string detail) {
    AuditEntry entry;
    entry.detail = std::move(detail);
    return entry_line(entry);
  };
  // Expected: RFC 8785, 3.2.2.2.
  EXPECT_THAT(line_of(std::string("\x00\x1f\b\t\n\f\r\"\\/\x7f", 11)),
              HasSubstr("\"detail\":\"\\u0000\\u001f\\b\\t\\n\\f\\r\\\"\\\\/\x7f\""));
  EXPECT_THAT(line_of("轧钢"), HasSubstr("\"detail\":\"轧钢\""));
  EXPECT_NE(line_of("a\xff"), line_of("a\xfe"));
  EXPECT_NE(line_of("\",\"door\":\""), line_of(""));
}

class AuditTrailTest : public IdentityFixture {
 protected:
  AuditTrailTest() { admin_ = claim().session.principal; }

  AuditTrail& trail() { return identity_->trail(); }
  void enter(const std::string& action, const std::string& object,
             AuditResult result = AuditResult::kDone) {
    ASSERT_TRUE(trail().append(admin_, {.action = action, .object = object, .result = result}));
  }
  std::vector<std::string> found(const AuditFilter& filter) {
    std::vector<std::string> objects;
    const auto entries = trail().search(admin_, filter, 0, 100);
    for (const AuditEntry& entry : entries.value()) objects.push_back(entry.object);
    return objects;
  }
  std::string exported(const AuditFilter& filter, const Principal& who) {
    std::string text;
    const AuditPieces pieces = trail().signed_export(who, filter).value();
    for (;;) {
      const std::string piece = pieces().value();
      if (piece.empty()) return text;
      text += piece;
    }
  }
  std::string trouble() {
    static_cast<void>(identity_->maintain());
    return trail().status(admin_)->trouble;
  }
  std::string path(const std::string& name) { return directory_.file(name); }
  // As somebody with access to the files, while the server does not run.
  void tamper(const std::string& sql) {
    identity_.reset();
    auto database =
        records::Database::open(sys::real_file_system(), {.path = path("records.db")}).value();
    ASSERT_TRUE(database->run(sql));
  }
  static Principal foreigner() {
    return {.kind = PrincipalKind::kUser,
            .tenant = TenantId{2},
            .id = 99,
            .access = Role::kAdministrator,
            .name = "eve@elsewhere.example"};
  }

  Principal admin_;
};

TEST_F(AuditTrailTest, SaysWhoFromWhereAndWhatChanged) {
  Principal ann = admin_;
  ann.origin = {Door::kConsole, "192.0.2.77", "abc-1"};
  ASSERT_TRUE(trail().append(ann, {.action = "flow.change",
                                   .object = "historian feed",
                                   .before = "{\"enabled\":true}",
                                   .after = "{\"enabled\":false}"}));
  const AuditEntry entry = trail().search(admin_, {}, 0, 1).value().at(0);
  EXPECT_EQ(entry.actor, kAnn);
  EXPECT_EQ(entry.actor_kind, "user");
  EXPECT_EQ(entry.actor_id, admin_.id);
  EXPECT_EQ(entry.door, "console");
  EXPECT_EQ(entry.address, "192.0.2.77");
  EXPECT_EQ(entry.request, "abc-1");
  EXPECT_EQ(entry.before, "{\"enabled\":true}");
  EXPECT_EQ(entry.after, "{\"enabled\":false}");
  EXPECT_EQ(entry.result, "done");
}

TEST_F(AuditTrailTest, KnowsWhatAPersonWasBeforeAChange) {
  const User bob = add_bob(admin_);
  ASSERT_TRUE(identity_->update_user(admin_, bob.id, {.name = "Rob", .access = {}}).ok());
  const AuditEntry entry = trail().search(admin_, {.action = "user.change"}, 0, 1).value().at(0);
  EXPECT_THAT(entry.before, HasSubstr("\"name\":\"Bob\""));
  EXPECT_THAT(entry.after, HasSubstr("\"name\":\"Rob\""));
  EXPECT_EQ(trail().search(admin_, {.action = "server.claim"}, 0, 1)->at(0).address, kHere);
}

TEST_F(AuditTrailTest, FindsByTimeActorActionObjectResultAndText) {
  enter("tag.write", "mill/speed");
  clock_.pass(std::chrono::hours(1));
  const Timestamp later = clock_.now();
  enter("tag.write.failed", "mill/100%_a", AuditResult::kFailed);
  enter("tagged", "kiln/speed");
  EXPECT_THAT(found({.action = "tag.write"}), ElementsAre("mill/100%_a", "mill/speed"));
  EXPECT_THAT(found({.action = "tag"}), ElementsAre("mill/100%_a", "mill/speed"))
      << "what begins with the same letters is another action";
  EXPECT_THAT(found({.result = "failed"}), ElementsAre("mill/100%_a"));
  EXPECT_THAT(found({.object = "SPEED"}), ElementsAre("kiln/speed", "mill/speed"));
  EXPECT_THAT(found({.object = "%_"}), ElementsAre("mill/100%_a")) << "no pattern";
  EXPECT_THAT(found({.from = later, .action = "tag"}), ElementsAre("mill/100%_a"));
  EXPECT_THAT(found({.to = later, .action = "tag"}), ElementsAre("mill/speed"));
  EXPECT_THAT(found({.actor = "ann@", .text = "kiln"}), ElementsAre("kiln/speed"));
  EXPECT_THAT(found({.actor = "bob"}), ElementsAre());
}

TEST_F(AuditTrailTest, TurnsPagesByNumberWhileOthersWrite) {
  for (int i = 0; i < 10; ++i) enter("test", std::to_string(i));
  const auto first = trail().search(admin_, {.action = "test"}, 0, 4).value();
  enter("test", "new");
  const auto second = trail().search(admin_, {.action = "test"}, first.back().id, 4).value();
  EXPECT_EQ(first.back().object, "6");
  EXPECT_EQ(second.front().object, "5") << "nothing is seen twice";
  EXPECT_EQ(trail().search(admin_, {}, 0, 1001).error().id, ErrorId::kInvalidArgument);
}

TEST_F(AuditTrailTest, IsOnlyForWhoMayReadIt) {
  const Principal bob{.kind = PrincipalKind::kUser, .tenant = TenantId{1}, .id = 7, .name = "bob"};
  EXPECT_EQ(trail().search(bob, {}, 0, 10).error().id, ErrorId::kDenied);
  EXPECT_EQ(trail().signed_export(bob, {}).error().id, ErrorId::kDenied);
  EXPECT_EQ(trail().status(bob).error().id, ErrorId::kDenied);
  EXPECT_EQ(trail().list_feeds(bob).error().id, ErrorId::kDenied);
  EXPECT_TRUE(trail().search(foreigner(), {}, 0, 10)->empty());
}

TEST_F(AuditTrailTest, ProvesAnExportWithoutShowingWhatOthersDid) {
  for (int i = 0; i < 20; ++i) enter("ours", std::to_string(i));
  ASSERT_TRUE(trail().append(foreigner(), {.action = "theirs", .object = "furnace"}));
  enter("ours", "last");
  std::vector<std::string> lines;
  const auto take = [&](std::string_view line) { lines.emplace_back(line); };
  const std::string text = exported({.object = "last"}, admin_);
  const AuditExport read = read_audit_export(text, take).value();
  EXPECT_EQ(read.checkpoint.size, 23U);
  EXPECT_EQ(read.shown, 1U);
  EXPECT_EQ(nlohmann::json::parse(lines.at(0))["object"], "last");
  EXPECT_THAT(text, testing::Not(HasSubstr("furnace")));
  EXPECT_LT(text.size(), 1'500U) << "of what is hidden there are a few hashes";

  lines.clear();
  const std::string theirs = exported({}, foreigner());
  EXPECT_EQ(read_audit_export(theirs, take)->shown, 1U);
  EXPECT_THAT(theirs, testing::Not(HasSubstr("ours")));
  EXPECT_EQ(read_audit_export(theirs, take)->checkpoint, read.checkpoint);
}

TEST_F(AuditTrailTest, LetsNobodyChangeAnExport) {
  for (int i = 0; i < 5; ++i) enter("ours", std::to_string(i));
  for (const AuditFilter& filter : {AuditFilter{}, AuditFilter{.object = "3"}}) {
    const std::string text = exported(filter, admin_);
    ASSERT_TRUE(read_audit_export(text, {}).ok());
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ 1);
      EXPECT_FALSE(read_audit_export(other, {}).ok()) << "byte " << i;
      EXPECT_FALSE(read_audit_export(text.substr(0, i), {}).ok()) << "cut at " << i;
    }
  }
}

TEST_F(AuditTrailTest, NamesTheEntryOfAnExportThatWasEditedAndFindsOneWithAHashToFit) {
  for (int i = 0; i < 5; ++i) enter("ours", std::to_string(i));
  std::string edited = exported({}, admin_);
  edited.replace(edited.find("\"object\":\"3\""), 12, "\"object\":\"4\"");
  EXPECT_THAT(read_audit_export(edited, {}).error().what, HasSubstr("entry 5 "));

  const std::size_t end = edited.find('\n', edited.find("\"object\":\"4\""));
  const std::size_t begin = edited.rfind("\ne ", end - 1) + 1;
  const std::string line = edited.substr(edited.find('{', begin), end - edited.find('{', begin));
  edited.replace(begin, end - begin,
                 "e " + ledger::base64_text(ledger::leaf_hash(as_bytes(line))) + " " + line);
  EXPECT_THAT(read_audit_export(edited, {}).error().what,
              HasSubstr("one of the entries 1 to 6 is another"));
}

TEST_F(AuditTrailTest, ContinuesACheckpointThatSomebodyKept) {
  enter("test", "1");
  const ledger::SignedNote kept = trail().checkpoint().value();
  const ledger::Checkpoint before = ledger::Checkpoint::parse(kept.text).value();
  for (int i = 0; i < 6; ++i) enter("test", "more");
  reopen();
  const ledger::Checkpoint now = ledger::Checkpoint::parse(trail().checkpoint()->text).value();
  EXPECT_EQ(now.origin, before.origin);
  EXPECT_EQ(now.size, 8U);
  const auto proof = trail().consistency(before.size, now.size).value();
  EXPECT_TRUE(ledger::verify_consistency(before.size, now.size, proof, before.root, now.root));
  EXPECT_EQ(trail().consistency(2, 9).error().id, ErrorId::kNotFound);
  EXPECT_EQ(trail().consistency(0, 2).error().id, ErrorId::kNotFound);
}

TEST_F(AuditTrailTest, IsCosignedByAWitnessWhoThenNoticesThatItWasCutOff) {
  enter("test", "1");
  enter("test", "2");
  const ledger::NoteSigner witness("witness.example", ledger::SignatureKind::kCosignature, {1});
  ASSERT_TRUE(trail().witnesses().add(witness.key()));
  ledger::SignedNote note = trail().checkpoint().value();
  note.signatures.push_back(witness.sign(note.text, clock_.now()));
  EXPECT_THAT(trail().take_cosigned(note).value(), ElementsAre("witness.example"));
  EXPECT_EQ(trail().checkpoint()->signatures.size(), 2U) << "shown as witnessed";
  ASSERT_EQ(trouble(), "");

  tamper("DELETE FROM audit WHERE id = 3");
  tamper("DELETE FROM audit_seals WHERE id = 3");
  std::filesystem::remove(path("audit/checkpoint"));
  reopen();
  EXPECT_THAT(trouble(), HasSubstr("entry 3 is missing: the witness witness.example counts 3"));
}

TEST_F(AuditTrailTest, SaysAtTheNextStartThatItsEndIsGoneAndKeepsTheEvidence) {
  enter("test", "1");
  enter("test", "2");
  ASSERT_EQ(trouble(), "");
  tamper("DELETE FROM audit WHERE id > 1");
  tamper("DELETE FROM audit_seals WHERE id > 1");
  reopen();
  EXPECT_THAT(trouble(), HasSubstr("entry 2 is missing: the last checkpoint counts 3"));
  enter("test", "goes on");
  enter("test", "goes on");
  enter("test", "goes on");
  EXPECT_NE(trouble(), "");
  reopen();
  EXPECT_THAT(trouble(), HasSubstr("of the entries 1 to 3"));
}

TEST_F(AuditTrailTest, NamesAnEditedEntryWhileTheServerRuns) {
  for (int i = 0; i < 30; ++i) enter("test", std::to_string(i));
  tamper("UPDATE audit SET actor = 'bob@example.com' WHERE id = 17");
  reopen();
  EXPECT_EQ(trouble(), "entry 17 is another than the one that was sealed");
  EXPECT_EQ(trail().status(admin_)->verified, 16U);
}

TEST_F(AuditTrailTest, TakesInWhatWasThereBeforeItWasProvable) {
  identity_.reset();
  std::filesystem::remove_all(path("audit"));
  auto database =
      records::Database::open(sys::real_file_system(), {.path = path("records.db")}).value();
  // As the version before left it: the old columns only, a number that was never given among them.
  for (const char* sql :
       {"DROP TABLE audit", "DROP TABLE audit_seals", "DROP TABLE audit_settings",
        "DROP TABLE audit_feeds", "DELETE FROM schema_versions WHERE component = 'identity.audit'",
        "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, time "
        "INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, detail "
        "TEXT NOT NULL) STRICT",
        "INSERT INTO audit VALUES (1, 1, 1794999999000000000, 'ann', 'server.claim', '', ''), "
        "(2, 1, 1794999999000000001, 'ann', 'tag.write', 'a', ''), "
        "(4, 1, 1794999999000000002, 'ann', 'tag.write', 'b', '')"}) {
    const Status done = database->run(sql);
    ASSERT_TRUE(done.ok()) << sql << done.error().text();
  }
  database.reset();
  reopen();
  EXPECT_EQ(trouble(), "");
  enter("test", "new");
  EXPECT_EQ(trouble(), "");
  EXPECT_EQ(trail().status(admin_)->verified, 5U);
  EXPECT_THAT(found({}), ElementsAre("new", "b", "a", ""));
}

TEST_F(AuditTrailTest, GoesOnWithANewKeyWhenItsOwnIsLostAndSaysSo) {
  enter("test", "1");
  const std::string before = trail().status(admin_)->key;
  identity_.reset();
  std::filesystem::remove(path("audit/signing.key"));
  reopen();
  EXPECT_NE(trail().status(admin_)->key, before);
  const auto entries = trail().search(admin_, {.action = "audit.key"}, 0, 10).value();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_THAT(entries[0].detail, HasSubstr(before));
  EXPECT_EQ(trouble(), "") << "what the old key signed is still good";
  reopen();
  EXPECT_EQ(trouble(), "");
  EXPECT_EQ(trail().search(admin_, {.action = "audit.key"}, 0, 10)->size(), 1U);
}

TEST_F(AuditTrailTest, ForgetsWhatIsOlderThanAYearAndStaysProvable) {
  for (int i = 0; i < 6; ++i) enter("test", std::to_string(i));
  clock_.pass(std::chrono::hours(24 * 200));
  enter("test", "half a year later");
  ASSERT_EQ(trouble(), "");
  const ledger::Checkpoint before = ledger::Checkpoint::parse(trail().checkpoint()->text).value();
  clock_.pass(std::chrono::hours(24 * 200));
  ASSERT_EQ(trouble(), "");
  EXPECT_THAT(found({.action = "test"}), ElementsAre("half a year later"));
  EXPECT_EQ(trail().status(admin_)->removed_through, 7U);
  reopen();
  EXPECT_EQ(trouble(), "");
  const auto now = ledger::Checkpoint::parse(trail().checkpoint()->text).value();
  const auto proof = trail().consistency(before.size, now.size).value();
  EXPECT_TRUE(ledger::verify_consistency(before.size, now.size, proof, before.root, now.root));
  EXPECT_TRUE(read_audit_export(exported({}, admin_), {}).ok());

  tamper("DELETE FROM audit WHERE id = 8");
  reopen();
  EXPECT_EQ(trouble(), "entry 8 is missing") << "nobody said that this one was too old";
}

TEST_F(AuditTrailTest, KeepsNothingForLessThanSixMonths) {
  EXPECT_EQ(trail().set_keep_months(admin_, 5).error().id, ErrorId::kInvalidArgument);
  ASSERT_TRUE(trail().set_keep_months(admin_, 24));
  EXPECT_EQ(trail().status(admin_)->keep_months, 24U);
  const AuditEntry entry = trail().search(admin_, {.action = "audit.retention"}, 0, 1)->at(0);
  EXPECT_EQ(entry.before, "{\"keep_months\":12}");
  EXPECT_EQ(entry.after, "{\"keep_months\":24}");
  enter("test", "old");
  clock_.pass(std::chrono::hours(24 * 400));
  ASSERT_EQ(trouble(), "");
  EXPECT_THAT(found({.action = "test"}), ElementsAre("old"));
}

TEST_F(AuditTrailTest, KeepsFeedsAndHowFarTheyGot) {
  const AuditFeed feed =
      trail().add_feed(admin_, {.kind = "syslog-tls", .host = "log.example", .port = 6514}).value();
  EXPECT_EQ(trail().add_feed(admin_, {.kind = "carrier pigeon", .host = "a", .port = 1}).error().id,
            ErrorId::kInvalidArgument);
  enter("test", "1");
  const auto next = trail().read_on(admin_, {}, feed.position, 10).value();
  ASSERT_EQ(next.size(), 2U);
  EXPECT_EQ(next[0].action, "audit.feed.add");
  ASSERT_TRUE(trail().keep_position(feed.id, next[1].id));
  reopen();
  EXPECT_EQ(trail().list_feeds(admin_)->at(0).position, next[1].id);
  EXPECT_TRUE(trail().list_feeds(foreigner())->empty());
  EXPECT_EQ(trail().remove_feed(foreigner(), feed.id).error().id, ErrorId::kNotFound);
  ASSERT_TRUE(trail().remove_feed(admin_, feed.id));
  EXPECT_TRUE(trail().all_feeds()->empty());
}

TEST_F(AuditTrailTest, IsVerifiedByItsFilesAlone) {
  for (int i = 0; i < 5; ++i) enter("test", std::to_string(i));
  ASSERT_EQ(trouble(), "");
  const std::string data = std::filesystem::path(path("records.db")).parent_path().string();
  identity_.reset();
  sys::FileSystem& files = sys::real_file_system();
  EXPECT_EQ(verify_audit_directory(files, data, {})->entries, 6U);
  tamper("UPDATE audit SET result = 'failed' WHERE id = 4");
  EXPECT_THAT(verify_audit_directory(files, data, {}).error().what, HasSubstr("entry 4 "));
  EXPECT_EQ(verify_audit_directory(files, data + "/nowhere", {}).error().id, ErrorId::kFileMissing);
}

}  // namespace
}  // namespace lineshaft::identity
