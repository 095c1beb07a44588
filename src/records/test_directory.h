// records/test_directory.h: an empty directory on the real disk for one test, gone when it ends.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/assert.h"
#include "sys/file.h"

namespace lineshaft::records {

class TestDirectory {
 public:
  TestDirectory() : path_(::testing::TempDir() + "lineshaft-XXXXXX") {
    LS_ASSERT(mkdtemp(path_.data()) != nullptr);
  }
  ~TestDirectory() {
    const auto names = sys::real_file_system().list(path_);
    if (names) {
      for (const std::string& name : *names) std::remove(file(name).c_str());
    }
    std::remove(path_.c_str());
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace lineshaft::records
