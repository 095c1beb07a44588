#include <algorithm>

#include "wire/http/message.h"

namespace lineshaft::http {

namespace {

Error bad(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

Result<Request> parse_request(std::string_view head) {
  const std::size_t first = head.find('\n');
  std::string_view line = head.substr(0, first);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  const std::string_view version =
      target_end == line.npos ? std::string_view() : line.substr(target_end + 1);
  auto headers = detail::parse_headers(head.substr(first + 1));
  if (!headers || method_end == line.npos || target_end <= method_end ||
      (version != "HTTP/1.1" && version != "HTTP/1.0")) {
    return bad("the request is no HTTP/1");
  }
  Request request;
  request.method = line.substr(0, method_end);
  request.target = line.substr(method_end + 1, target_end - method_end - 1);
  request.headers = *std::move(headers);
  if (request.method.empty() ||
      !std::ranges::all_of(request.method, [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return bad("the request has no method");
  }
  if (std::ranges::any_of(request.target, [](char c) { return c <= ' ' || c == 0x7F; })) {
    return bad("the request has a target with blanks");
  }
  const std::string_view length = header(request.headers, "content-length");
  if ((!length.empty() && length != "0") || !header(request.headers, "transfer-encoding").empty()) {
    return bad("the request has a body");
  }
  const std::string_view connection = header(request.headers, "connection");
  request.keep_alive =
      version == "HTTP/1.1" ? !same_word(connection, "close") : same_word(connection, "keep-alive");
  return request;
}

}  // namespace

Result<std::optional<Request>> RequestReader::next(ByteSpan& bytes) {
  const std::string_view text = as_text(bytes);
  const std::size_t before = head_.size();
  head_ += text.substr(0, kHeadBytesMax + 1 - before);
  // A blank line before a request is left over from the one before (RFC 9112, 2.2).
  std::size_t blank = 0;
  while (before == 0 && blank < head_.size() && (head_[blank] == '\r' || head_[blank] == '\n')) {
    ++blank;
  }
  head_.erase(0, blank);
  const std::size_t end = detail::head_end(head_, before < 3 ? 0 : before - 3);
  if (end == head_.npos) {
    bytes = {};
    if (head_.size() > kHeadBytesMax) return bad("the head of the request is too long");
    return std::optional<Request>();
  }
  bytes = bytes.subspan(blank + end - before);
  head_.resize(end);
  auto request = parse_request(head_);
  head_.clear();
  if (!request) return request.error();
  return std::optional<Request>(*std::move(request));
}

}  // namespace lineshaft::http
