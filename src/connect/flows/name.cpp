#include "connect/flows/name.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "connect/flow.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

constexpr int kLevelMax = static_cast<int>(kTagPathLevelsMax);

// What stands between braces.
struct Part {
  int level = 0;  // 0: the whole path; from 1, or from -1 backwards
  bool to_end = false;
};

std::optional<Part> parse_part(std::string_view text) {
  if (text == "path") return Part{};
  Part part;
  if (text.size() > 1 && text.back() == '-') {
    part.to_end = true;
    text.remove_suffix(1);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part.level);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (part.level == 0 || part.level > kLevelMax || part.level < -kLevelMax) return std::nullopt;
  return part;
}

std::vector<std::string_view> levels_of(std::string_view path) {
  std::vector<std::string_view> levels;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    levels.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  return levels;
}

// Goes through a template: plain text to `text`, what stands in braces to `part`; either says what
// is wrong with it.
template <typename OnText, typename OnPart>
Status walk(std::string_view form, OnText on_text, OnPart on_part) {
  for (std::size_t i = 0; i < form.size();) {
    const char c = form[i];
    if ((c == '{' || c == '}') && i + 1 < form.size() && form[i + 1] == c) {
      on_text(form.substr(i, 1));
      i += 2;
    } else if (c == '{') {
      const std::size_t end = form.find('}', i);
      const auto part = end == std::string_view::npos ? std::nullopt
                                                      : parse_part(form.substr(i + 1, end - i - 1));
      if (!part) {
        return Error{ErrorId::kInvalidArgument,
                     "after a brace comes path, a level as 2 or -1, or 2- for all from there on, "
                     "and a closing brace; {{ is a brace itself"};
      }
      if (Status done = on_part(*part); !done) return done;
      i = end + 1;
    } else if (c == '}') {
      return Error{ErrorId::kInvalidArgument,
                   "a closing brace without one that opens; }} is a "
                   "brace itself"};
    } else {
      const std::size_t end = std::min(form.find_first_of("{}", i), form.size());
      on_text(form.substr(i, end - i));
      i = end;
    }
  }
  return {};
}

}  // namespace

Status check_name_template(std::string_view form) {
  if (!is_name(form, kFlowNameBytesMax)) {
    return Error{ErrorId::kInvalidArgument,
                 "must be text of 1 to " + std::to_string(kFlowNameBytesMax) + " bytes"};
  }
  return walk(
      form, [](std::string_view) {}, [](Part) { return Status(); });
}

Result<std::string> make_name(std::string_view form, std::string_view path) {
  const std::vector<std::string_view> levels = levels_of(path);
  const int count = static_cast<int>(levels.size());
  std::string name;
  const Status made = walk(
      form, [&](std::string_view text) { name += text; },
      [&](Part part) -> Status {
        if (part.level == 0) {
          name += path;
          return {};
        }
        const int first = part.level > 0 ? part.level - 1 : count + part.level;
        if (first < 0 || first >= count) {
          return Error{ErrorId::kInvalidArgument, "the path has " + std::to_string(count) +
                                                      " levels, none is {" +
                                                      std::to_string(part.level) + "}"};
        }
        const std::string_view from = levels[static_cast<std::size_t>(first)];
        // Levels are views into the path, so that its rest begins where the level does.
        name +=
            part.to_end ? path.substr(static_cast<std::size_t>(from.data() - path.data())) : from;
        return {};
      });
  if (!made) return made.error();
  if (name.empty() || name.size() > kFlowNameBytesMax) {
    return Error{ErrorId::kInvalidArgument, "the name would have " + std::to_string(name.size()) +
                                                " bytes; allowed are 1 to " +
                                                std::to_string(kFlowNameBytesMax)};
  }
  return name;
}

}  // namespace lineshaft::connect
