#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "wire/http/message.h"

namespace lineshaft::http {

namespace {

constexpr std::size_t kQueryMembersMax = 32;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trim(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Answer";
  }
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view header(const Headers& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Headers::value_type::first);
  return found == headers.end() ? std::string_view() : found->second;
}

std::string_view header_parameter(std::string_view value, std::string_view name) {
  while (true) {
    const std::size_t semicolon = value.find(';');
    if (semicolon == value.npos) return {};
    value.remove_prefix(semicolon + 1);
    const std::string_view part = value.substr(0, value.find(';'));
    const std::size_t equals = part.find('=');
    if (equals == part.npos || !same_word(trim(part.substr(0, equals)), name)) continue;
    std::string_view found = trim(part.substr(equals + 1));
    if (found.size() >= 2 && found.front() == '"' && found.back() == '"') {
      found = found.substr(1, found.size() - 2);
    }
    return found;
  }
}

namespace detail {

std::optional<Headers> parse_headers(std::string_view lines) {
  Headers headers;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t colon = line.find(':');
    if (colon == line.npos || headers.size() == kHeadersMax) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_token(name) || value.find('\0') != value.npos) return std::nullopt;
    std::string small(name);
    std::ranges::transform(small, small.begin(), lower);
    headers.emplace_back(std::move(small), value);
  }
  return headers;
}

std::size_t head_end(std::string_view head, std::size_t from) {
  // Bare line feeds are taken too: some devices send them.
  for (std::size_t at = head.find('\n', from); at != head.npos; at = head.find('\n', at + 1)) {
    if (head.substr(at + 1).starts_with('\n')) return at + 2;
    if (head.substr(at + 1).starts_with("\r\n")) return at + 3;
  }
  return head.npos;
}

}  // namespace detail

Result<Target> parse_target(std::string_view target) {
  const Error bad{ErrorId::kInvalidArgument, "the target of the request cannot be read"};
  if (!target.starts_with('/') || target.find('#') != target.npos) return bad;
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  std::string_view query = target.substr(std::min(mark + 1, target.size()));
  Target parsed;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    auto level = percent_decode(path.substr(0, end), false);
    if (!level || !is_utf8(*level)) return bad;
    if (!level->empty()) parsed.levels.push_back(*std::move(level));
    path.remove_prefix(end);
  }
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) return bad;
    if (parsed.query.size() == kQueryMembersMax) return bad;
    parsed.query.emplace_back(*std::move(name), *std::move(value));
  }
  return parsed;
}

std::string write_get(std::string_view target, std::string_view host, bool keep_alive) {
  LS_ASSERT(!has_control(target) && !has_control(host));
  std::string out = "GET ";
  out += target;
  out += " HTTP/1.1\r\nHost: ";
  out += host;
  out += "\r\nAccept: text/xml, multipart/x-mixed-replace\r\nUser-Agent: Lineshaft\r\nConnection: ";
  out += keep_alive ? "keep-alive" : "close";
  return out + "\r\n\r\n";
}

std::string write_head(int status, const Headers& headers, std::optional<std::size_t> length) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
  out += reason_of(status);
  out += "\r\n";
  for (const auto& [name, value] : headers) {
    LS_ASSERT(is_token(name) && !has_control(value));
    out += name + ": " + value + "\r\n";
  }
  if (length) out += "Content-Length: " + std::to_string(*length) + "\r\n";
  return out + "\r\n";
}

}  // namespace lineshaft::http
