#include "sys/aes_xts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>

#include "base/hex.h"

namespace lineshaft::sys {
namespace {

Bytes from_hex(std::string_view text) {
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, bytes[i], 16);
  }
  return bytes;
}

// IEEE 1619-2007, annex B, vector 10: AES-256, data unit 0xff, the 512 bytes 00..ff 00..ff.
const char* const kVector10Key =
    "2718281828459045235360287471352662497757247093699959574966967627"
    "3141592653589793238462643383279502884197169399375105820974944592";

const Bytes& vector_key() {
  static const Bytes key = from_hex(kVector10Key);
  return key;
}

XtsKey key() { return XtsKey(vector_key().data(), kXtsKeyBytes); }

TEST(AesXts, GivesTheBytesOfTheStandard) {
  Bytes data(512);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i);
  const Bytes plain = data;
  ASSERT_TRUE(xts_encrypt(key(), 0xff, data).ok());
  EXPECT_EQ(hex_text(ByteSpan(data).first(32)),
            "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b");
  EXPECT_EQ(hex_text(ByteSpan(data).last(16)), "c4f36ffda9fcea70b9c6e693e148c151");
  ASSERT_TRUE(xts_decrypt(key(), 0xff, data).ok());
  EXPECT_EQ(data, plain);
}

TEST(AesXts, EnciphersABlockTheSameWhateverStandsAroundIt) {
  Bytes a(kXtsUnitBytes + 64, 1);
  Bytes b(kXtsUnitBytes + 64, 2);
  std::copy_n(a.begin() + 160, 16, b.begin() + 160);
  ASSERT_TRUE(xts_encrypt(key(), 7, a).ok());
  ASSERT_TRUE(xts_encrypt(key(), 7, b).ok());
  EXPECT_TRUE(std::equal(a.begin() + 160, a.begin() + 176, b.begin() + 160));
  EXPECT_FALSE(std::equal(a.begin(), a.begin() + 16, b.begin()));
  // Another unit has another number.
  EXPECT_FALSE(std::equal(a.begin(), a.begin() + 16, a.begin() + kXtsUnitBytes));
}

}  // namespace
}  // namespace lineshaft::sys
