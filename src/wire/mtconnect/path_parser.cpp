#include "wire/mtconnect/path.h"

namespace lineshaft::mtconnect {

namespace {

class Parser {
 public:
  explicit Parser(std::string_view path) : text_(path) {}

  Result<std::vector<PathLocation>> parse() {
    std::vector<PathLocation> all;
    do {
      auto location = parse_location();
      if (!location) return location.error();
      all.push_back(*std::move(location));
    } while (take("|"));
    if (at_ != text_.size()) return fail("something that is not understood");
    return all;
  }

 private:
  Error fail(const std::string& what) const {
    return {ErrorId::kInvalidArgument,
            "the path has " + what + " at byte " + std::to_string(at_ + 1)};
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(std::string_view word) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  // A word that does not go on: "or" is not the beginning of "order".
  bool take_word(std::string_view word) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(word) || (rest.size() > word.size() && is_name(rest[word.size()]))) {
      return false;
    }
    at_ += word.size();
    return true;
  }

  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  }
  // The last part of a name with prefixes.
  Result<std::string> name() {
    skip_blanks();
    std::size_t end = at_;
    while (end < text_.size() && (is_name(text_[end]) || text_[end] == ':')) ++end;
    const std::string_view whole = text_.substr(at_, end - at_);
    const std::string_view last = whole.substr(whole.rfind(':') + 1);
    if (last.empty() || last[0] == '.' || last[0] == '-' || (last[0] >= '0' && last[0] <= '9')) {
      return fail("no name");
    }
    at_ = end;
    return std::string(last);
  }
  Result<std::string> quoted() {
    skip_blanks();
    if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) {
      return fail("no text in quotation marks");
    }
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == text_.npos) return fail("a text that does not end");
    std::string found(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return found;
  }

  Result<PathLocation> parse_location() {
    PathLocation location;
    while (take("/")) {
      if (++steps_ > kPathStepsMax) return fail("too many steps");
      PathStep step;
      step.anywhere_below = at_ < text_.size() && text_[at_] == '/';
      if (step.anywhere_below) ++at_;
      if (!take("*")) {
        auto found = name();
        if (!found) return found.error();
        step.name = *std::move(found);
      }
      while (take("[")) {
        auto test = parse_list(PathTest::Kind::kOr, 0);
        if (!test) return test.error();
        if (!take("]")) return fail("a condition that does not end");
        step.tests.push_back(*std::move(test));
      }
      location.push_back(std::move(step));
    }
    if (location.empty()) return fail("no '/'");
    return location;
  }

  // "a or b or c" or, one level below, "a and b".
  Result<PathTest> parse_list(PathTest::Kind kind, std::size_t depth) {
    PathTest list;
    list.kind = kind;
    const bool is_or = kind == PathTest::Kind::kOr;
    do {
      auto part = is_or ? parse_list(PathTest::Kind::kAnd, depth) : parse_test(depth);
      if (!part) return part.error();
      list.parts.push_back(*std::move(part));
    } while (take_word(is_or ? "or" : "and"));
    return list;
  }

  Result<PathTest> parse_test(std::size_t depth) {
    if (depth == kPathDepthMax) return fail("brackets that are nested too deep");
    if (take("(")) return parse_inner(depth);
    if (take("not(")) {
      auto inner = parse_inner(depth);
      if (!inner) return inner.error();
      PathTest test;
      test.kind = PathTest::Kind::kNot;
      test.parts.push_back(*std::move(inner));
      return test;
    }
    if (take("contains(")) return parse_function(PathTest::Kind::kContains);
    if (take("starts-with(")) return parse_function(PathTest::Kind::kStartsWith);
    if (!take("@")) return fail("a condition that is not understood");
    return parse_comparison();
  }

  Result<PathTest> parse_inner(std::size_t depth) {
    auto inner = parse_list(PathTest::Kind::kOr, depth + 1);
    if (inner && !take(")")) return fail("a bracket that is not closed");
    return inner;
  }

  Result<PathTest> parse_function(PathTest::Kind kind) {
    PathTest test;
    test.kind = kind;
    if (!take("@")) return fail("no attribute");
    auto attribute = name();
    if (!attribute) return attribute.error();
    if (!take(",")) return fail("no ','");
    auto value = quoted();
    if (!value) return value.error();
    if (!take(")")) return fail("a bracket that is not closed");
    test.attribute = *std::move(attribute);
    test.value = *std::move(value);
    return test;
  }

  Result<PathTest> parse_comparison() {
    PathTest test;
    auto attribute = name();
    if (!attribute) return attribute.error();
    test.attribute = *std::move(attribute);
    if (take("!=")) {
      test.kind = PathTest::Kind::kNotEqual;
    } else if (take("=")) {
      test.kind = PathTest::Kind::kEqual;
    } else {
      return test;
    }
    auto value = quoted();
    if (!value) return value.error();
    test.value = *std::move(value);
    return test;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace

Result<std::vector<PathLocation>> parse_path(std::string_view path) {
  if (path.size() > kPathBytesMax) {
    return Error{ErrorId::kInvalidArgument,
                 "the path has more than " + std::to_string(kPathBytesMax) + " bytes"};
  }
  return Parser(path).parse();
}

}  // namespace lineshaft::mtconnect
