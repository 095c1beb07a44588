#include "records/documents.h"

#include <gtest/gtest.h>

#include <string>

#include "records/test_directory.h"

namespace lineshaft::records {
namespace {

constexpr TenantId kOurs{1};
constexpr TenantId kTheirs{2};

class DocumentsTest : public ::testing::Test {
 protected:
  DocumentsTest() { reopen(); }
  void reopen() {
    documents_.reset();
    documents_ = Documents::open(Database::open(sys::real_file_system(),
                                                {.path = directory_.file("records.db")})
                                     .value())
                     .value();
  }
  TestDirectory directory_;
  std::unique_ptr<Documents> documents_;
};

TEST_F(DocumentsTest, KeepsDocumentsOverARestart) {
  EXPECT_EQ(documents_->create(kOurs, "connection", R"({"a":1})")->id, 1);
  EXPECT_EQ(documents_->create(kOurs, "connection", R"({"a":2})")->id, 2);
  reopen();
  const std::vector<Document> all = documents_->list(kOurs, "connection").value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].id, 2);
  EXPECT_EQ(all[1].version, 1);
  EXPECT_EQ(all[1].json, R"({"a":2})");
}

TEST_F(DocumentsTest, HidesTheDocumentsOfOneOrganisationFromAnother) {
  ASSERT_TRUE(documents_->create(kOurs, "connection", "{}").ok());
  EXPECT_TRUE(documents_->list(kTheirs, "connection")->empty());
  EXPECT_EQ(documents_->get(kTheirs, "connection", 1).error().id, ErrorId::kNotFound);
  EXPECT_EQ(documents_->put(kTheirs, "connection", 1, "{}", 1).error().id, ErrorId::kNotFound);
  EXPECT_EQ(documents_->remove(kTheirs, "connection", 1, 1).error().id, ErrorId::kNotFound);
  EXPECT_EQ(documents_->create(kTheirs, "connection", "{}")->id, 1) << "ids count by organisation";
}

TEST_F(DocumentsTest, RefusesAChangeOfAVersionThatIsNoMore) {
  ASSERT_TRUE(documents_->create(kOurs, "connection", R"({"a":1})").ok());
  EXPECT_EQ(documents_->put(kOurs, "connection", 1, R"({"a":2})", 1)->version, 2);
  const auto late = documents_->put(kOurs, "connection", 1, R"({"a":3})", 1);
  EXPECT_EQ(late.error().id, ErrorId::kConflict);
  EXPECT_EQ(documents_->get(kOurs, "connection", 1)->json, R"({"a":2})");
  EXPECT_EQ(documents_->remove(kOurs, "connection", 1, 1).error().id, ErrorId::kConflict);
  EXPECT_TRUE(documents_->remove(kOurs, "connection", 1, 2).ok());
}

TEST_F(DocumentsTest, MakesADocumentUnderAChosenIdOnce) {
  EXPECT_EQ(documents_->put(kOurs, "settings", 7, "{}", 0)->version, 1);
  EXPECT_EQ(documents_->put(kOurs, "settings", 7, "{}", 0).error().id, ErrorId::kConflict);
  EXPECT_EQ(documents_->create(kOurs, "settings", "{}")->id, 8);
  EXPECT_EQ(documents_->put(kOurs, "settings", 3, "{}", 0)->id, 3);
  EXPECT_EQ(documents_->create(kOurs, "settings", "{}")->id, 9);
}

TEST_F(DocumentsTest, NeverGivesAnIdTwice) {
  ASSERT_EQ(documents_->create(kOurs, "connection", "{}")->id, 1);
  ASSERT_TRUE(documents_->remove(kOurs, "connection", 1, 1).ok());
  reopen();
  EXPECT_EQ(documents_->create(kOurs, "connection", "{}")->id, 2);
}

TEST_F(DocumentsTest, RefusesWhatIsNotJsonAndKeepsNothing) {
  EXPECT_EQ(documents_->create(kOurs, "connection", "{\"a\":").error().id,
            ErrorId::kInvalidArgument);
  EXPECT_TRUE(documents_->list(kOurs, "connection")->empty());
  EXPECT_EQ(documents_->create(kOurs, "connection", "{}")->id, 1) << "the id was not used up";
}

TEST_F(DocumentsTest, RefusesDocumentsAndKindsOutOfBounds) {
  const std::string large = '"' + std::string(kDocumentBytesMax - 1, 'x') + '"';
  EXPECT_EQ(documents_->create(kOurs, "import", large).error().id, ErrorId::kInvalidArgument);
  EXPECT_TRUE(documents_->create(kOurs, "import", large.substr(0, large.size() - 2) + '"').ok());
  for (const std::string& kind : {std::string(), std::string("A"), std::string(65, 'a')}) {
    EXPECT_EQ(documents_->create(kOurs, kind, "{}").error().id, ErrorId::kInvalidArgument) << kind;
  }
}

}  // namespace
}  // namespace lineshaft::records
