#include "app/decommission.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sys/file.h"

namespace lineshaft::app {
namespace {

namespace fs = std::filesystem;

class Decommission : public testing::Test {
 protected:
  Decommission() : root_(testing::TempDir() + "lineshaft-end-XXXXXX") {
    LS_ASSERT(mkdtemp(root_.data()) != nullptr);
    config_.data_directory = root_ + "/data";
    write("data/records.db", "names and addresses");
    write("data/keys.json", "the keys");
    write("data/keys.json.copy", "the keys");
    write("data/master.key", "the key of the keys");
    write("data/history/1/block", std::string(3'000'000, 'v'));
    write("data/empty", "");
  }
  ~Decommission() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(root_ + "/" + name).parent_path());
    std::ofstream(root_ + "/" + name) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream in(root_ + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Another name for a file, by which its bytes are seen when the first name is gone.
  void keep_a_hold_of(const std::string& name, const std::string& other) {
    fs::create_hard_link(root_ + "/" + name, root_ + "/" + other);
  }

  std::string root_;
  Config config_;
};

TEST_F(Decommission, LeavesNothingNotEvenOnTheDisk) {
  keep_a_hold_of("data/history/1/block", "block");
  keep_a_hold_of("data/keys.json", "keys");
  const auto done = decommission(config_);
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_FALSE(fs::exists(root_ + "/data"));
  EXPECT_EQ(read("block"), std::string(3'000'000, '\0'));
  EXPECT_EQ(read("keys"), std::string(8, '\0'));
  EXPECT_EQ(done->files, 6U);
  EXPECT_EQ(done->bytes, 19U + 8 + 8 + 19 + 3'000'000);
}

TEST_F(Decommission, DoesNotFollowLinksOutOfTheDirectory) {
  write("others/file", "of somebody else");
  fs::create_symlink(root_ + "/others/file", root_ + "/data/link");
  fs::create_directory_symlink(root_ + "/others", root_ + "/data/history/others");
  ASSERT_TRUE(decommission(config_).ok());
  EXPECT_EQ(read("others/file"), "of somebody else");
}

TEST_F(Decommission, TakesOnlyADataDirectoryThatNoServerUses) {
  config_.data_directory = root_;
  EXPECT_EQ(decommission(config_).error().id, ErrorId::kFileMissing);
  config_.data_directory = root_ + "/nowhere";
  EXPECT_EQ(decommission(config_).error().id, ErrorId::kFileMissing);
  config_.data_directory = root_ + "/data";
  const auto lock = sys::real_file_system().lock_directory(config_.data_directory).value();
  EXPECT_EQ(decommission(config_).error().id, ErrorId::kLocked);
  EXPECT_EQ(read("data/records.db"), "names and addresses");
}

}  // namespace
}  // namespace lineshaft::app
