// A copy of a database in use is whole, as of one moment, and opens like any other.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <fstream>

#include "records/database.h"
#include "records/test_directory.h"

namespace lineshaft::records {
namespace {

constexpr std::array<std::string_view, 1> kSteps{
    "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT) STRICT"};

class DatabaseBackup : public testing::Test {
 protected:
  DatabaseBackup() {
    EXPECT_TRUE(database_->migrate("things", kSteps).ok());
    for (std::int64_t i = 1; i <= 500; ++i) add(i);
  }
  void add(std::int64_t id) {
    const std::string name(100, 'x');
    ASSERT_TRUE(
        database_->run("INSERT INTO things (id, name) VALUES (?1, ?2)", id, std::string_view(name))
            .ok());
  }
  static std::int64_t count(Database& database) {
    Statement select = database.prepare("SELECT count(*) FROM things").value();
    EXPECT_TRUE(select.step().value());
    return select.int64(0);
  }
  std::int64_t count_in(const std::string& path) {
    const auto copy = Database::open(files_, {.path = path}).value();
    EXPECT_TRUE(copy->recovery().damages.empty());
    return count(*copy);
  }

  sys::FileSystem& files_ = sys::real_file_system();
  TestDirectory directory_;
  const std::string copy_ = directory_.file("copy.db");
  std::unique_ptr<Database> database_ =
      Database::open(files_, {.path = directory_.file("records.db")}).value();
};

TEST_F(DatabaseBackup, HoldsWhatWasCommittedAndNothingOfWhatWasNot) {
  const auto other =
      Database::open(files_, {.path = directory_.file("records.db"), .check = false}).value();
  {
    const auto transaction = other->begin();
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(other->run("INSERT INTO things (id, name) VALUES (9999, 'open')").ok());
    const Status made = database_->back_up(files_, copy_);
    ASSERT_TRUE(made.ok()) << made.error().text();
  }
  EXPECT_TRUE(Database::verify(files_, copy_).ok());
  EXPECT_EQ(count_in(copy_), 500);
  struct stat info {};
  ASSERT_EQ(stat(copy_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U) << "there are password hashes in it";
}

TEST_F(DatabaseBackup, TakesThePlaceOfTheCopyOfBefore) {
  ASSERT_TRUE(database_->back_up(files_, copy_).ok());
  add(501);
  std::ofstream(copy_ + ".tmp") << "what a crash left";
  ASSERT_TRUE(database_->back_up(files_, copy_).ok());
  EXPECT_FALSE(files_.exists(copy_ + ".tmp"));
  EXPECT_EQ(count_in(copy_), 501);
}

TEST_F(DatabaseBackup, ATargetThatCannotBeWrittenIsToldAndLeavesNothing) {
  const Status made = database_->back_up(files_, directory_.file("missing") + "/copy.db");
  ASSERT_FALSE(made.ok());
  add(501);
  EXPECT_EQ(count(*database_), 501) << "the database goes on";
}

TEST_F(DatabaseBackup, VerifyFindsADamagedPage) {
  ASSERT_TRUE(database_->back_up(files_, copy_).ok());
  {
    std::fstream file(copy_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 3);
    file << std::string(64, '\xff');
  }
  EXPECT_EQ(Database::verify(files_, copy_).error().id, ErrorId::kCorrupt);
  EXPECT_EQ(Database::verify(files_, directory_.file("none")).error().id, ErrorId::kFileMissing);
}

}  // namespace
}  // namespace lineshaft::records
