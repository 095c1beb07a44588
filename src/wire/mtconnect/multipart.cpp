#include "wire/mtconnect/multipart.h"

#include <algorithm>
#include <charconv>

namespace lineshaft::mtconnect {

namespace {

Error bad(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The length that a part's head tells; nothing if it tells none, an error if it tells nonsense.
Result<std::optional<std::size_t>> length_of(std::string_view head) {
  constexpr std::string_view kName = "content-length:";
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.size() < kName.size() ||
        !std::ranges::equal(line.substr(0, kName.size()), kName, {}, lower)) {
      continue;
    }
    line.remove_prefix(kName.size());
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    std::size_t length = 0;
    const auto [last, error] = std::from_chars(line.data(), line.data() + line.size(), length);
    if (line.empty() || error != std::errc() || last != line.data() + line.size()) {
      return bad("a part of the stream has no length that is one");
    }
    return std::optional(length);
  }
  return std::optional<std::size_t>();
}

// Behind the blank line that ends a head; npos if it has not come.
std::size_t head_end(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
    if (text.substr(at + 1).starts_with('\n')) return at + 2;
    if (text.substr(at + 1).starts_with("\r\n")) return at + 3;
  }
  return text.npos;
}

}  // namespace

Result<MultipartReader> MultipartReader::make(std::string_view boundary,
                                              std::size_t part_bytes_max) {
  const bool sound = std::ranges::all_of(boundary, [](char c) { return c > ' ' && c < 0x7F; });
  if (boundary.empty() || boundary.size() > kBoundaryBytesMax || !sound) {
    return bad("the stream has no boundary that is one");
  }
  return MultipartReader(std::string(boundary), part_bytes_max);
}

Result<bool> MultipartReader::take_head(std::string& buffer) {
  buffer.erase(0, std::min(buffer.find_first_not_of("\r\n"), buffer.size()));
  const std::size_t compared = std::min(buffer.size(), delimiter_.size());
  if (buffer.compare(0, compared, delimiter_, 0, compared) != 0) {
    return bad("a part of the stream does not begin with its boundary");
  }
  if (buffer.size() < delimiter_.size() + 2) return false;
  const std::string_view rest = std::string_view(buffer).substr(delimiter_.size());
  if (rest.starts_with("--")) {
    return Error{ErrorId::kPeerClosed, "the agent has ended the stream"};
  }
  // "--abc" is no boundary of "--ab".
  if (rest[0] != '\r' && rest[0] != '\n') {
    return bad("a part of the stream begins with another boundary");
  }
  const std::size_t end = head_end(rest);
  if (end == rest.npos) {
    if (rest.size() > kPartHeadBytesMax) return bad("the head of a part does not end");
    return false;
  }
  auto length = length_of(rest.substr(0, end));
  if (!length) return length.error();
  if (*length && **length > part_bytes_max_) {
    return bad("a document of the stream has " + std::to_string(**length) + " bytes, more than " +
               std::to_string(part_bytes_max_));
  }
  length_ = *length;
  buffer.erase(0, delimiter_.size() + end);
  in_part_ = true;
  searched_ = 0;
  return true;
}

Result<std::optional<std::string>> MultipartReader::take_until_delimiter(std::string& buffer) {
  const std::size_t from = searched_ < delimiter_.size() ? 0 : searched_ - delimiter_.size();
  const std::size_t at = buffer.find("\n" + delimiter_, from);
  if (at == buffer.npos) {
    searched_ = buffer.size();
    if (buffer.size() > part_bytes_max_ + delimiter_.size()) return bad("a document does not end");
    return std::optional<std::string>();
  }
  std::string document = buffer.substr(0, at);
  if (document.ends_with('\r')) document.pop_back();
  buffer.erase(0, at + 1);
  in_part_ = false;
  return std::optional(std::move(document));
}

Result<std::optional<std::string>> MultipartReader::next(std::string& buffer) {
  if (!in_part_) {
    const auto taken = take_head(buffer);
    if (!taken) return taken.error();
    if (!*taken) return std::optional<std::string>();
  }
  if (!length_) return take_until_delimiter(buffer);
  if (buffer.size() < *length_) return std::optional<std::string>();
  std::string document = buffer.substr(0, *length_);
  buffer.erase(0, *length_);
  in_part_ = false;
  return std::optional(std::move(document));
}

std::string write_part(std::string_view boundary, std::string_view document) {
  std::string part = "--";
  part += boundary;
  part += "\r\nContent-type: text/xml\r\nContent-length: " + std::to_string(document.size()) +
          "\r\n\r\n";
  part += document;
  return part + "\r\n";
}

}  // namespace lineshaft::mtconnect
