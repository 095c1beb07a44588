#include <algorithm>
#include <charconv>

#include "wire/http/message.h"

namespace lineshaft::http {

namespace {

Error bad(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

// "HTTP/1.1 200 OK" -> 200; 0 if it is none.
int status_of(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return 0;
  int status = 0;
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, status);
  const bool is_whole = error == std::errc() && end == line.data() + 12;
  if (!is_whole || (line.size() > 12 && line[12] != ' ' && line[12] != '\r')) return 0;
  return status >= 100 && status <= 599 ? status : 0;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view take_front(std::string_view& text, std::uint64_t count) {
  const std::string_view front = text.substr(0, std::min<std::uint64_t>(count, text.size()));
  text.remove_prefix(front.size());
  return front;
}

}  // namespace

Status ResponseReader::take(ByteSpan bytes) {
  std::string_view text = as_text(bytes);
  while (!text.empty()) {
    if (state_ == State::kDone) return bad("bytes behind the end of the answer");
    Status taken = state_ == State::kHead ? take_head(text) : take_body(text);
    if (!taken) return taken;
  }
  return {};
}

Status ResponseReader::take_head(std::string_view& text) {
  const std::size_t before = line_.size();
  line_ += text.substr(0, kHeadBytesMax + 1 - before);
  const std::size_t end = detail::head_end(line_, before < 3 ? 0 : before - 3);
  // What is no HTTP is told from its first bytes, not after 16 KiB of waiting.
  if (std::string_view start = "HTTP/1."; !line_.starts_with(start.substr(0, line_.size()))) {
    return bad("the answer is no HTTP/1");
  }
  if (end == line_.npos) {
    if (line_.size() > kHeadBytesMax) return bad("the head of the answer is too long");
    text = {};
    return {};
  }
  text.remove_prefix(end - before);
  line_.resize(end);
  const std::size_t first = line_.find('\n');
  const int status = status_of(std::string_view(line_).substr(0, first));
  auto headers = detail::parse_headers(std::string_view(line_).substr(first + 1));
  line_.clear();
  if (status == 0 || !headers) return bad("the head of the answer cannot be read");
  if (status < 200) return {};  // "continue": the answer is still to come
  head_ = ResponseHead{status, *std::move(headers)};
  return begin_body();
}

Status ResponseReader::begin_body() {
  if (head_->status == 204 || head_->status == 304) {
    state_ = State::kDone;
    return {};
  }
  const std::string_view coding = header(head_->headers, "transfer-encoding");
  if (same_word(coding, "chunked")) {
    state_ = State::kChunkLine;
    return {};
  }
  if (!coding.empty()) return bad("the answer has a coding that nobody asked for");
  std::optional<std::uint64_t> length;
  for (const auto& [name, value] : head_->headers) {
    if (name != "content-length") continue;
    const auto said = number(value, 10);
    if (!said || (length && *length != *said)) return bad("the answer has no length that is one");
    length = said;
  }
  left_ = length.value_or(0);
  state_ = !length ? State::kUntilClose : left_ == 0 ? State::kDone : State::kLength;
  return {};
}

Status ResponseReader::take_body(std::string_view& text) {
  switch (state_) {
    case State::kUntilClose:
      body_ += std::exchange(text, {});
      break;
    case State::kLength:
    case State::kChunk: {
      const std::string_view part = take_front(text, left_);
      body_ += part;
      left_ -= part.size();
      if (left_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kChunkEnd;
      break;
    }
    default:
      return take_chunk_line(text);
  }
  if (body_.size() <= body_bytes_max_) return {};
  return bad("the answer has more than " + std::to_string(body_bytes_max_) + " bytes");
}

Status ResponseReader::take_chunk_line(std::string_view& text) {
  const auto line = take_line(text, state_ == State::kTrailer ? kHeadBytesMax : kChunkLineBytesMax);
  if (!line) return line.error();
  return *line ? on_chunk_line() : Status();
}

Status ResponseReader::on_chunk_line() {
  const std::string line = std::exchange(line_, {});
  if (state_ == State::kTrailer) {
    trailer_bytes_ += line.size() + 1;
    if (line.empty()) state_ = State::kDone;
    return trailer_bytes_ > kHeadBytesMax ? bad("the answer does not end") : Status();
  }
  if (state_ == State::kChunkEnd) {
    state_ = State::kChunkLine;
    return line.empty() ? Status() : bad("a chunk of the answer is longer than it says");
  }
  std::string_view size = std::string_view(line).substr(0, line.find(';'));
  while (size.ends_with(' ') || size.ends_with('\t')) size.remove_suffix(1);
  const auto said = number(size, 16);
  if (!said) return bad("a chunk of the answer has no length that is one");
  left_ = *said;
  state_ = left_ == 0 ? State::kTrailer : State::kChunk;
  return {};
}

Result<bool> ResponseReader::take_line(std::string_view& text, std::size_t bytes_max) {
  const std::size_t end = text.find('\n');
  line_ += take_front(text, end == text.npos ? text.size() : end);
  if (line_.size() > bytes_max) return bad("a line of the answer is too long");
  if (end == text.npos && text.empty()) return false;
  text.remove_prefix(1);
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

Status ResponseReader::close() {
  if (state_ == State::kUntilClose) state_ = State::kDone;
  if (state_ == State::kDone) return {};
  return Error{ErrorId::kPeerClosed, "the other side closed the connection within its answer"};
}

}  // namespace lineshaft::http
