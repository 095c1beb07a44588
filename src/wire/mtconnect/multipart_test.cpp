#include "wire/mtconnect/multipart.h"

#include <gtest/gtest.h>

#include <vector>

namespace lineshaft::mtconnect {
namespace {

struct Read {
  std::vector<std::string> documents;
  std::optional<Error> error;
};

Read read(std::string_view stream, std::size_t piece, std::size_t bytes_max = 1000) {
  auto reader = MultipartReader::make("sep", bytes_max);
  std::string buffer;
  Read seen;
  for (std::size_t at = 0; at < stream.size() && !seen.error; at += piece) {
    buffer += stream.substr(at, piece);
    while (true) {
      auto document = reader->next(buffer);
      if (!document) seen.error = document.error();
      if (!document || !*document) break;
      seen.documents.push_back(**std::move(document));
    }
  }
  return seen;
}

const std::string kSized = write_part("sep", "<a/>") + write_part("sep", "<b>\n--sep\n</b>");
const std::string kUnsized =
    "--sep\nContent-type: text/xml\n\n<a/>\n--sep\r\nContent-type: text/xml\r\n\r\n<b/>\r\n--sep--";

TEST(Multipart, GivesTheDocumentsInPiecesOfAnySize) {
  for (std::size_t piece = 1; piece <= kUnsized.size() + kSized.size(); ++piece) {
    const Read sized = read(kSized, piece);
    EXPECT_FALSE(sized.error.has_value()) << piece;
    EXPECT_EQ(sized.documents, (std::vector<std::string>{"<a/>", "<b>\n--sep\n</b>"})) << piece;
    const Read unsized = read(kUnsized, piece);
    EXPECT_EQ(unsized.documents, (std::vector<std::string>{"<a/>", "<b/>"})) << piece;
    ASSERT_TRUE(unsized.error.has_value()) << "it says that it is over";
    EXPECT_EQ(unsized.error->id, ErrorId::kPeerClosed);
  }
}

// A document whose length is told does not wait for the next one to begin.
TEST(Multipart, ADocumentIsThereWithItsLastByte) {
  const std::string part = write_part("sep", "<a/>");
  auto reader = MultipartReader::make("sep", 1000);
  std::string buffer = part.substr(0, part.size() - 3);  // the line end and one byte more
  EXPECT_FALSE(reader->next(buffer)->has_value());
  buffer += part.substr(part.size() - 3, 1);
  EXPECT_EQ(reader->next(buffer)->value(), "<a/>");
}

TEST(Multipart, RefusesOtherBoundariesAndWhatIsTooLong) {
  EXPECT_TRUE(read("--other\r\n\r\n<a/>", 1).error.has_value());
  EXPECT_TRUE(read("--separator\r\n\r\n<a/>", 1).error.has_value()) << "sep and more";
  EXPECT_TRUE(read("<a/>", 1).error.has_value());
  EXPECT_TRUE(read("--sep\r\nContent-length: 1001\r\n\r\n", 1).error.has_value());
  EXPECT_TRUE(read("--sep\r\nContent-length: 18446744073709551616\r\n\r\n", 1).error.has_value());
  EXPECT_TRUE(read("--sep\r\nContent-length: -1\r\n\r\n", 1).error.has_value());
  EXPECT_TRUE(read("--sep\r\n\r\n" + std::string(1100, 'x'), 100).error.has_value());
  EXPECT_TRUE(read("--sep\r\n" + std::string(kPartHeadBytesMax + 1, 'x'), 100).error.has_value());
  EXPECT_FALSE(MultipartReader::make("", 1000).ok());
  EXPECT_FALSE(MultipartReader::make("a b", 1000).ok());
  EXPECT_FALSE(MultipartReader::make(std::string(kBoundaryBytesMax + 1, 'a'), 1000).ok());
}

}  // namespace
}  // namespace lineshaft::mtconnect
