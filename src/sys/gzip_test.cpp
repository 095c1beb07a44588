#include "sys/gzip.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace lineshaft::sys {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// Made by Python's gzip module.
const std::string kLines = "cpu,host=a usage=1.5 1\ncpu,host=a usage=1.5 2\n";
const std::string kLinesPacked = from_hex(
    "1f8b08000000000002034b2e28d5c9c82f2eb14d54282d4e4c4fb535d4335530e44ac6266cc40500cb7b5c4c2e0000"
    "00");
// "x" in a file that was called "lines".
const std::string kNamedPacked = from_hex("1f8b08080000000002ff6c696e657300ab00008316dc8c01000000");

std::string refusal(std::string_view packed, std::size_t bytes_max = 1000) {
  const auto out = gunzip(packed, bytes_max);
  return out ? "" : out.error().what;
}

TEST(Gzip, GivesBackWhatAnotherProgramPacked) {
  EXPECT_EQ(gunzip(kLinesPacked, 1000).value(), kLines);
  EXPECT_EQ(gunzip(kNamedPacked, 1000).value(), "x");
  EXPECT_EQ(gunzip(kLinesPacked + kNamedPacked, 1000).value(), kLines + "x") << "two members";
}

TEST(Gzip, TakesNoMoreThanItMay) {
  EXPECT_EQ(gunzip(kLinesPacked, kLines.size()).value(), kLines);
  EXPECT_EQ(refusal(kLinesPacked, kLines.size() - 1),
            "the gzip body is too large when it is unpacked");
  EXPECT_EQ(refusal(kLinesPacked + kNamedPacked, kLines.size()),
            "the gzip body is too large when it is unpacked");
}

TEST(Gzip, IsRefusedWhereverItIsCutOffOrAltered) {
  for (std::size_t size = 0; size < kLinesPacked.size(); ++size) {
    EXPECT_NE(refusal(kLinesPacked.substr(0, size)), "") << size;
  }
  // Not the bytes 4 to 9 of the header, which say nothing about the content, nor the last one of
  // the deflate stream, which is filled up with bits that say nothing either.
  const std::size_t filled_up = kLinesPacked.size() - 9;
  for (std::size_t at = 10; at < kLinesPacked.size(); ++at) {
    if (at == filled_up) continue;
    std::string altered = kLinesPacked;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    EXPECT_NE(refusal(altered), "") << at;
  }
  EXPECT_EQ(refusal("cpu usage=1"), "the gzip body does not begin as gzip does");
}

}  // namespace
}  // namespace lineshaft::sys
