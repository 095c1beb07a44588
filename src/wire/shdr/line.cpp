#include <algorithm>

#include "wire/shdr/shdr.h"

namespace lineshaft::shdr {

namespace {

constexpr std::string_view kMultiline = "--multiline--";

Error bad(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t from = text.find_first_not_of(kBlank);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

// Where a field in quotation marks ends: at a mark that a separator or the end follows.
std::size_t closing_mark(std::string_view text) {
  for (std::size_t at = text.find('"', 1); at != text.npos; at = text.find('"', at + 1)) {
    const std::string_view rest = trim(text.substr(at + 1));
    if (rest.empty() || rest.front() == '|') return at;
  }
  return text.npos;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '|') ++i;
    out += text[i];
  }
  return out;
}

}  // namespace

namespace detail {

std::vector<std::string> split_fields(std::string_view line) {
  std::vector<std::string> fields;
  while (true) {
    const std::size_t blank = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(blank);
    if (line.starts_with('"')) {
      if (const std::size_t mark = closing_mark(line); mark != line.npos) {
        fields.push_back(unescape(line.substr(1, mark - 1)));
        const std::size_t separator = line.find('|', mark);
        if (separator == line.npos) return fields;
        line.remove_prefix(separator + 1);
        continue;
      }
    }
    const std::size_t end = line.find('|');
    fields.emplace_back(trim(line.substr(0, end)));
    if (end == line.npos) return fields;
    line.remove_prefix(end + 1);
  }
}

}  // namespace detail

Result<std::optional<Line>> LineReader::next(ByteSpan& bytes) {
  while (!bytes.empty()) {
    const std::string_view text = as_text(bytes);
    const std::size_t end = text.find('\n');
    line_ += text.substr(0, end);
    if (line_.size() > kLineBytesMax) return bad("the adapter sends a line that does not end");
    if (end == text.npos) {
      bytes = {};
      break;
    }
    bytes = bytes.subspan(end + 1);
    auto line = on_line(std::exchange(line_, {}));
    if (!line || *line) return line;
  }
  return std::optional<Line>();
}

Result<std::optional<Line>> LineReader::on_line(std::string line) {
  if (line.ends_with('\r')) line.pop_back();
  if (open_) {
    if (trim(line) == end_mark_) {
      auto done = std::exchange(open_, std::nullopt);
      return done;
    }
    if (open_->body->size() + line.size() > kBodyBytesMax) {
      return bad("the adapter sends an asset that does not end");
    }
    *open_->body += line + "\n";
    return std::optional<Line>();
  }
  if (trim(line).empty()) return std::optional<Line>();
  const std::size_t mark = line.rfind("|" + std::string(kMultiline));
  if (mark == line.npos) return std::optional(Line{std::move(line), std::nullopt});
  end_mark_ = trim(std::string_view(line).substr(mark + 1));
  line.resize(mark);
  open_ = Line{std::move(line), std::string()};
  return std::optional<Line>();
}

std::optional<Command> parse_command(std::string_view line) {
  line = trim(line);
  if (!line.starts_with('*')) return std::nullopt;
  line = trim(line.substr(1));
  const std::size_t end = std::min(line.find_first_of(" :"), line.size());
  Command command;
  command.name = line.substr(0, end);
  std::string_view value = trim(line.substr(end));
  if (value.starts_with(':')) value = trim(value.substr(1));
  command.value = value;
  return command;
}

std::optional<AssetLine> parse_asset(const Line& line) {
  std::vector<std::string> fields = detail::split_fields(line.text);
  if (fields.size() < 2) return std::nullopt;
  AssetLine asset;
  asset.command = fields[1];
  if (asset.command != "@ASSET@" && asset.command != "@UPDATE_ASSET@" &&
      asset.command != "@REMOVE_ASSET@" && asset.command != "@REMOVE_ALL_ASSETS@") {
    return std::nullopt;
  }
  if (fields.size() > 2) asset.id = std::move(fields[2]);
  if (fields.size() > 3) asset.type = std::move(fields[3]);
  if (fields.size() > 4) asset.xml = std::move(fields[4]);
  if (line.body) asset.xml = *line.body;
  return asset;
}

std::string write_line(Timestamp time, std::span<const std::string> fields) {
  std::string out = format_rfc3339(time);
  for (const std::string& field : fields) {
    std::string clean;
    for (const char c : field) {
      if (c == '|') clean += '\\';
      clean += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    const bool quote = field.find('|') != field.npos || field.starts_with('"');
    out += quote ? "|\"" + clean + "\"" : "|" + clean;
  }
  return out + "\n";
}

}  // namespace lineshaft::shdr
