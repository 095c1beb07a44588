#include "records/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "records/test_directory.h"

namespace lineshaft::records {
namespace {

using ::testing::HasSubstr;

constexpr std::array<std::string_view, 1> kSteps{
    "CREATE TABLE things (id INTEGER PRIMARY KEY, number INTEGER, name TEXT, raw BLOB) STRICT"};

std::unique_ptr<Database> open(const TestDirectory& directory, DatabaseOptions options = {}) {
  if (options.path.empty()) options.path = directory.file("records.db");
  return Database::open(sys::real_file_system(), options).value();
}

std::unique_ptr<Database> open_with_things(const TestDirectory& directory) {
  std::unique_ptr<Database> database = open(directory);
  EXPECT_TRUE(database->migrate("things", kSteps).ok());
  return database;
}

Status add(Database& database, std::int64_t id, std::string_view name = "x") {
  return database.run("INSERT INTO things (id, name) VALUES (?1, ?2)", id, name);
}

std::int64_t count(Database& database) {
  Statement select = database.prepare("SELECT count(*) FROM things").value();
  EXPECT_TRUE(select.step().value());
  return select.int64(0);
}

void overwrite(const std::string& path, std::streamoff offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file << bytes;
}

TEST(Database, GivesBackEveryTypeExactly) {
  const TestDirectory directory;
  const auto database = open_with_things(directory);
  const Bytes raw{0x00, 0xff, 0x27};
  const std::string name("a\0'轧机", 9);
  ASSERT_TRUE(database
                  ->run("INSERT INTO things (id, number, name, raw) VALUES (?1, ?2, ?3, ?4)", 1,
                        std::numeric_limits<std::int64_t>::min(), name, ByteSpan(raw))
                  .ok());
  ASSERT_TRUE(database
                  ->run("INSERT INTO things (id, number, name, raw) VALUES (?1, ?2, ?3, ?4)", 2,
                        std::nullopt, std::string_view(), ByteSpan())
                  .ok());
  Statement select = database->prepare("SELECT number, name, raw FROM things ORDER BY id").value();
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.int64(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(select.text(1), name);
  EXPECT_THAT(select.blob(2), testing::ElementsAreArray(raw));
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.optional_int64(0), std::nullopt);
  EXPECT_EQ(select.text(1), "");  // empty is not NULL
  EXPECT_TRUE(select.blob(2).empty());
  EXPECT_FALSE(select.step().value());
  EXPECT_FALSE(select.step().value()) << "an ended statement must not start again by itself";
}

TEST(Database, ReportsAColumnReadAsAnotherType) {
  const TestDirectory directory;
  const auto database = open_with_things(directory);
  ASSERT_TRUE(add(*database, 1, "12").ok());
  Statement select = database->prepare("SELECT name FROM things").value();
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.int64(0), 0) << "text must not turn into a number";
  EXPECT_EQ(select.finish().error().id, ErrorId::kCorrupt);
}

TEST(Database, UndoesATransactionThatWasNotCommitted) {
  const TestDirectory directory;
  const auto database = open_with_things(directory);
  {
    Transaction transaction = database->begin().value();
    ASSERT_TRUE(add(*database, 1).ok());
  }
  EXPECT_EQ(count(*database), 0);
  {
    Transaction transaction = database->begin().value();
    ASSERT_TRUE(add(*database, 1).ok());
    ASSERT_TRUE(transaction.commit().ok());
  }
  EXPECT_EQ(count(*database), 1);
}

TEST(Database, NamesAConflictOfKeysWithoutTheValues) {
  const TestDirectory directory;
  const auto database = open_with_things(directory);
  ASSERT_TRUE(add(*database, 77, "a secret").ok());
  const Status again = add(*database, 77, "a secret");
  EXPECT_EQ(again.error().id, ErrorId::kConflict);
  EXPECT_THAT(again.error().what, HasSubstr("things.id"));
  EXPECT_THAT(again.error().what, testing::Not(HasSubstr("secret")));
}

TEST(Database, RefusesAValueOfAnotherTypeThanTheColumn) {
  const TestDirectory directory;
  const auto database = open_with_things(directory);
  EXPECT_EQ(database->run("INSERT INTO things (number) VALUES (?1)", "many").error().id,
            ErrorId::kInvalidArgument);
}

TEST(Database, RunsEachMigrationStepOnce) {
  const TestDirectory directory;
  constexpr std::array<std::string_view, 2> kMore{
      kSteps[0], "ALTER TABLE things ADD COLUMN colour TEXT; CREATE TABLE more (a INTEGER) STRICT"};
  open_with_things(directory);
  for (int start = 0; start < 3; ++start) {
    const auto database = open(directory);
    ASSERT_TRUE(database->migrate("things", kMore).ok());
    EXPECT_TRUE(database->run("UPDATE things SET colour = 'red'").ok());
  }
}

TEST(Database, KeepsNothingOfAMigrationThatFails) {
  const TestDirectory directory;
  const auto database = open_with_things(directory);
  constexpr std::array<std::string_view, 3> kBroken{
      kSteps[0], "CREATE TABLE half (a INTEGER) STRICT", "CREATE TABLE things (a INTEGER) STRICT"};
  EXPECT_FALSE(database->migrate("things", kBroken).ok());
  EXPECT_FALSE(database->prepare("SELECT a FROM half").ok());
  EXPECT_TRUE(database->migrate("things", kSteps).ok());
}

TEST(Database, RefusesAFileOfANewerProgramAndLeavesItAsItIs) {
  const TestDirectory directory;
  open_with_things(directory);
  const auto database = open(directory);
  const Status older = database->migrate("things", {});
  EXPECT_EQ(older.error().id, ErrorId::kFormatTooNew);
  EXPECT_EQ(count(*database), 0);
  EXPECT_TRUE(database->recovery().damages.empty());
}

TEST(Database, IsReadableForItsOwnerOnly) {
  const TestDirectory directory;
  const auto database = open_with_things(directory);
  ASSERT_TRUE(add(*database, 1).ok());
  for (const char* part : {"", "-wal", "-shm"}) {
    const auto permissions =
        std::filesystem::status(directory.file("records.db") + part).permissions();
    EXPECT_EQ(permissions, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << part;
  }
}

TEST(Database, WaitsForTheOtherConnectionAndThenSaysWho) {
  const TestDirectory directory;
  const auto first = open_with_things(directory);
  const auto second = open(directory, {.path = directory.file("records.db"),
                                       .busy_timeout = std::chrono::milliseconds(1),
                                       .check = false});
  Transaction transaction = first->begin().value();
  EXPECT_EQ(second->begin().error().id, ErrorId::kLocked);
  ASSERT_TRUE(add(*first, 1).ok());
  EXPECT_EQ(count(*second), 0) << "readers see the last commit";
  ASSERT_TRUE(transaction.commit().ok());
  EXPECT_EQ(count(*second), 1);
}

TEST(Database, TurnsAFileThatMayNotGrowIntoDiskFull) {
  const TestDirectory directory;
  const auto database = open_with_things(directory);
  Statement limit = database->prepare("PRAGMA max_page_count=8").value();
  ASSERT_TRUE(limit.finish().ok());
  const std::string large(100'000, 'x');
  EXPECT_EQ(add(*database, 1, large).error().id, ErrorId::kDiskFull);
  EXPECT_EQ(count(*database), 0);
  EXPECT_TRUE(add(*database, 2).ok()) << "what fits is still taken";
}

// Damage: whatever is wrong, the server starts, says so, and the evidence is kept.
class DamagedDatabase : public ::testing::Test {
 protected:
  DamagedDatabase() : path_(directory_.file("records.db")) {
    const auto database = open_with_things(directory_);
    for (int id = 1; id <= 500; ++id) EXPECT_TRUE(add(*database, id, "thing").ok());
  }

  // Opens what is now at the path; expects a fresh database and the old file beside it.
  void expect_set_aside() {
    const auto database = open(directory_);
    ASSERT_EQ(database->recovery().damages.size(), 1U);
    EXPECT_THAT(database->recovery().damages[0], HasSubstr("records.db.damaged-1"));
    ASSERT_TRUE(database->migrate("things", kSteps).ok());
    EXPECT_EQ(count(*database), 0);
  }

  TestDirectory directory_;
  std::string path_;
};

TEST_F(DamagedDatabase, IsSetAsideWhenItIsNoDatabase) {
  overwrite(path_, 0, "this is not a database");
  expect_set_aside();
  EXPECT_TRUE(std::filesystem::exists(path_ + ".damaged-1"));
}

TEST_F(DamagedDatabase, IsSetAsideWhenAPageIsBroken) {
  overwrite(path_, 3 * 4096, std::string(4096, '\xff'));
  expect_set_aside();
}

TEST_F(DamagedDatabase, IsSetAsideWhenItIsCutShort) {
  std::filesystem::resize_file(path_, 2 * 4096);
  expect_set_aside();
}

TEST_F(DamagedDatabase, KeepsTheLogBesideAFileThatIsMissing) {
  std::filesystem::rename(path_, path_ + "-wal");
  expect_set_aside();
  EXPECT_TRUE(std::filesystem::exists(path_ + ".damaged-1-wal"));
}

TEST_F(DamagedDatabase, NumbersEachFileThatIsSetAside) {
  for (int number = 1; number <= 3; ++number) {
    overwrite(path_, 0, "this is not a database");
    open(directory_);
    EXPECT_TRUE(std::filesystem::exists(path_ + ".damaged-" + std::to_string(number)));
  }
}

TEST_F(DamagedDatabase, IsWholeWhenNothingWasDone) {
  const auto database = open(directory_);
  EXPECT_TRUE(database->recovery().damages.empty());
  EXPECT_EQ(count(*database), 500);
}

}  // namespace
}  // namespace lineshaft::records
