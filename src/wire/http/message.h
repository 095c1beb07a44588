// wire/http/message.h: HTTP/1.1 as machines speak it: bytes to the head and body of one message and
// back, within bounds. For clients of devices and for what we serve to them; the people's side of
// the house has an HTTP server of its own (sys/http.h). No sockets, no clock; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::http {

inline constexpr std::size_t kHeadBytesMax = 16 * 1024;
inline constexpr std::size_t kHeadersMax = 100;
inline constexpr std::size_t kChunkLineBytesMax = 256;  // size and extensions

using Headers = std::vector<std::pair<std::string, std::string>>;  // names in lower case

// The value of the first header of that (lower-case) name; "" if absent.
std::string_view header(const Headers& headers, std::string_view name);
// "boundary" of `multipart/x-mixed-replace; boundary="abc"` -> "abc"; "" if absent.
std::string_view header_parameter(std::string_view value, std::string_view name);
// ASCII only, as names of headers and their words are compared.
bool same_word(std::string_view a, std::string_view b);

struct ResponseHead {
  int status = 0;  // 200..599: those before are passed over
  Headers headers;
};

struct Request {
  std::string method;  // "GET"
  std::string target;  // raw: "/current?path=%2F%2FDataItem"
  Headers headers;
  bool keep_alive = true;  // the client may send another one
};

// Reads one response, in pieces of any size. What has come of the body stands in body(); whoever
// reads an endless answer takes it out of there as it comes.
class ResponseReader {
 public:
  // `body_bytes_max`: what may stand in body() untaken.
  explicit ResponseReader(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  // Errors: kBadAnswer: no HTTP, a head or body above its bounds, bytes behind the end.
  Status take(ByteSpan bytes);
  // The other side has closed. Errors: kBadAnswer, unless the answer is complete by that.
  Status close();

  // The head, once it is complete.
  const std::optional<ResponseHead>& head() const { return head_; }
  std::string& body() { return body_; }
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State : std::uint8_t {
    kHead,
    kLength,  // so many bytes
    kUntilClose,
    kChunkLine,
    kChunk,
    kChunkEnd,  // the line end behind it
    kTrailer,
    kDone,
  };

  Status take_head(std::string_view& text);
  Status begin_body();
  Status take_body(std::string_view& text);
  Status take_chunk_line(std::string_view& text);
  Status on_chunk_line();
  // Moves bytes to line_ up to the end of a line. True if it is complete, without its end.
  Result<bool> take_line(std::string_view& text, std::size_t bytes_max);

  std::size_t body_bytes_max_;
  State state_ = State::kHead;
  std::string line_;  // that has begun; the whole head
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::optional<ResponseHead> head_;
  std::string body_;
};

// Reads requests without a body, one after the other.
class RequestReader {
 public:
  // Takes bytes from the front of `bytes` up to the end of a request; nothing if it is not
  // complete. Errors: kInvalidArgument: no HTTP/1, above the bounds, with a body.
  Result<std::optional<Request>> next(ByteSpan& bytes);
  // A request has begun and is not complete.
  bool midway() const { return !head_.empty(); }

 private:
  std::string head_;
};

// "GET <target> HTTP/1.1" for one answer. Requires: no control characters in what is given.
std::string write_get(std::string_view target, std::string_view host, bool keep_alive);
// The head of an answer with these headers and, if `length` is given, that body length.
std::string write_head(int status, const Headers& headers, std::optional<std::size_t> length);

// A target split up and decoded.
struct Target {
  std::vector<std::string> levels;  // of the path, without empty ones
  std::vector<std::pair<std::string, std::string>> query;
};
// Errors: kInvalidArgument.
Result<Target> parse_target(std::string_view target);

namespace detail {
// The header lines of a head, without its first line. Nothing if one of them is none.
std::optional<Headers> parse_headers(std::string_view lines);
// The end of a head (behind its blank line) in `head`, looked for from `from` on; npos if it is not
// there yet.
std::size_t head_end(std::string_view head, std::size_t from);
}  // namespace detail

}  // namespace lineshaft::http
