#include "historian/tag_search.h"

#include <algorithm>
#include <string>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

// What a filter asks of the name of a level: each question is a bit.
using Bits = std::uint64_t;
constexpr std::size_t kQuestionsMax = 64;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

bool is_any_levels(std::string_view level) { return level == "**"; }

// The levels of a pattern in small letters; `**` beside `**` says nothing more.
std::vector<std::string> levels_of(std::string_view pattern) {
  std::vector<std::string> levels;
  if (pattern.empty()) return levels;
  for (std::string& level : split(lower_ascii(pattern), '/')) {
    if (is_any_levels(level) && !levels.empty() && is_any_levels(levels.back())) continue;
    levels.push_back(std::move(level));
  }
  return levels;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words = split(lower_ascii(text), ' ');
  std::erase_if(words, [](const std::string& word) { return word.empty(); });
  return words;
}

std::size_t questions_of(const std::vector<std::string>& levels,
                         const std::vector<std::string>& words) {
  std::size_t questions = levels.size() + 1 + words.size();
  for (const std::string& word : words) {
    const auto slashes = static_cast<std::size_t>(std::count(word.begin(), word.end(), '/'));
    if (slashes > 0) questions += slashes + 1;
  }
  return questions;
}

// Does each `*` of the pattern stand for some letters of the name, none included? With a way back
// to the last star only: an earlier one never helps.
bool fits_pattern(std::string_view name, std::string_view pattern) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() && pattern[p] == lower_ascii(name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string longest_part_without_star(std::string_view pattern) {
  const std::vector<std::string> parts = split(pattern, '*');
  return *std::max_element(
      parts.begin(), parts.end(),
      [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
}

// A part of a word with slashes ends a level, is a level or begins one.
enum class PartOf : std::uint8_t { kEnd, kWhole, kBegin };

bool fits_part(std::string_view name, std::string_view part, PartOf level) {
  if (name.size() < part.size() || (level == PartOf::kWhole && name.size() > part.size())) {
    return false;
  }
  const std::size_t skipped = level == PartOf::kEnd ? name.size() - part.size() : 0;
  return std::equal(part.begin(), part.end(), name.begin() + static_cast<std::ptrdiff_t>(skipped),
                    [](char a, char b) { return a == lower_ascii(b); });
}

// A word with slashes: its parts lie in levels that follow each other.
struct WordOverLevels {
  Bits word;
  std::size_t first_part;  // number of its question; the others follow
  std::size_t parts;
};

// The answers of all names and descriptions to what a filter asks, found once and then looked up.
// The questions are, in this order: each level of the pattern, one that no name answers, and the
// words, each followed by its parts if it has any.
class Answers {
 public:
  Answers(const TagTree& tree, const std::vector<std::string>& levels,
          const std::vector<std::string>& words)
      : tree_(tree), names_(tree.names().id_end()), descriptions_(tree.descriptions().id_end()) {
    for (const std::string& level : levels) ask_level(level);
    ++questions_;
    for (const std::string& word : words) ask_word(word);
  }

  Bits any_levels() const { return any_levels_; }
  Bits all_words() const { return all_words_; }
  const std::vector<WordOverLevels>& words_over_levels() const { return words_over_levels_; }
  // Is there a word that no name and no description has?
  bool none_can_match() const { return (answered_ & needed_) != needed_; }
  Bits of_name(TextId name) const { return names_[name] | always_; }
  Bits of_description(TextId description) const { return descriptions_[description]; }

 private:
  // `known`: some letters of every name that fits; none if every name may.
  template <typename Fits>
  void ask_names(std::string_view known, const Fits& fits) {
    const Bits bit = Bits{1} << questions_++;
    const auto ask = [&](TextId id) {
      if (!fits(tree_.names().text(id))) return;
      names_[id] |= bit;
      answered_ |= bit;
    };
    if (known.empty()) {
      ask(0);
    } else {
      tree_.names().search(known, ask);
    }
  }
  void answer_always() { always_ |= Bits{1} << questions_++; }

  void ask_level(const std::string& level) {
    if (is_any_levels(level)) {
      any_levels_ |= Bits{1} << questions_++;
    } else if (level.find_first_not_of('*') == std::string::npos && !level.empty()) {
      answer_always();
    } else {
      needed_ |= Bits{1} << questions_;
      ask_names(longest_part_without_star(level),
                [&](std::string_view name) { return fits_pattern(name, level); });
    }
  }

  void ask_word(const std::string& word) {
    const Bits bit = Bits{1} << questions_;
    all_words_ |= bit;
    tree_.descriptions().search(word, [&](TextId id) {
      descriptions_[id] |= bit;
      answered_ |= bit;
    });
    const std::vector<std::string> parts = split(word, '/');
    if (parts.size() == 1) {
      needed_ |= bit;
      ask_names(word, [](std::string_view) { return true; });
      return;
    }
    words_over_levels_.push_back({bit, ++questions_, parts.size()});
    for (const std::string& part : parts) {
      const PartOf place = &part == &parts.front()  ? PartOf::kEnd
                           : &part == &parts.back() ? PartOf::kBegin
                                                    : PartOf::kWhole;
      if (part.empty() && place != PartOf::kWhole) {
        answer_always();
      } else {
        ask_names(part, [&](std::string_view name) { return fits_part(name, part, place); });
      }
    }
  }

  const TagTree& tree_;
  std::vector<Bits> names_;
  std::vector<Bits> descriptions_;
  std::size_t questions_ = 0;
  Bits always_ = 0;      // what every name answers
  Bits any_levels_ = 0;  // the `**`
  Bits all_words_ = 0;
  Bits answered_ = 0;  // by at least one name or description
  Bits needed_ = 0;    // without an answer nothing matches
  std::vector<WordOverLevels> words_over_levels_;
};

// Goes through the tree with what is known about the way to a level: after which levels of the
// pattern it may be (bit i: the first i are done), and which words occurred.
class Walk {
 public:
  Walk(const TagTree& tree, const Answers& answers, std::size_t levels, TagWindow window,
       const std::function<void(NodeId)>& visit)
      : tree_(tree),
        answers_(answers),
        any_levels_(answers.any_levels()),
        all_words_(answers.all_words()),
        done_(Bits{1} << levels),
        rest_is_any_((answers.any_levels() & done_ >> 1) != 0),
        window_(window),
        visit_(visit) {
    ways_.push_back({with_empty_any(1), 0, 0, {}, 0});
  }

  // Everything below the root, or what is at and below `start`.
  std::uint64_t all() {
    ways_.back().children = tree_.children(TagTree::kRoot);
    return go();
  }
  std::uint64_t from(NodeId start, bool itself) {
    std::vector<NodeId> above;
    for (NodeId node = start; node != TagTree::kRoot; node = tree_.node(node).parent) {
      above.push_back(node);
    }
    for (std::size_t i = above.size(); i > 1; --i)
      ways_.push_back(way_to(tree_.node(above[i - 1])));
    const Way way = way_to(tree_.node(start));
    if (itself) take(start, tree_.node(start), way);
    descend(start, way);
    return go();
  }

 private:
  struct Way {
    Bits levels;
    Bits words;
    Bits name;  // answers of its last level
    std::span<const NodeId> children;
    std::size_t next = 0;
  };

  Bits with_empty_any(Bits levels) const { return levels | (levels & any_levels_) << 1; }

  // Requires: ways_ leads to its parent.
  Way way_to(const Node& node) const {
    const Way& before = ways_.back();
    const Bits name = answers_.of_name(node.name);
    const Bits stay = before.levels & any_levels_;
    const Bits levels = with_empty_any((before.levels & name & (done_ - 1)) << 1 | stay);
    Bits words = before.words | (name & all_words_);
    for (const WordOverLevels& word : answers_.words_over_levels()) {
      if (occurs(word, name)) words |= word.word;
    }
    return {levels, words, name, {}, 0};
  }

  // Do the last levels of the way, the last of which answers `name`, hold the parts of the word?
  bool occurs(const WordOverLevels& word, Bits name) const {
    if (word.parts > ways_.size()) return false;
    for (std::size_t back = 0; back < word.parts; ++back) {
      const Bits bits = back == 0 ? name : ways_[ways_.size() - back].name;
      if ((bits >> (word.first_part + word.parts - 1 - back) & 1) == 0) return false;
    }
    return true;
  }

  bool has_all_words(Bits words) const { return words == all_words_; }

  void take(NodeId at, const Node& node, const Way& way) {
    if (node.tag == TagId{} || (way.levels & done_) == 0) return;
    if (!has_all_words(way.words | answers_.of_description(node.description))) return;
    if (total_++ < window_.offset || handed_ == window_.limit) return;
    ++handed_;
    visit_(at);
  }

  void descend(NodeId at, const Way& way) {
    if (way.levels == 0) return;
    ways_.push_back(way);
    ways_.back().children = tree_.children(at);
  }

  // Nothing below can fail, and nothing is in the window: it need only be counted.
  bool is_only_counted(const Way& way, std::uint32_t tags) const {
    return rest_is_any_ && (way.levels & done_ >> 1) != 0 && has_all_words(way.words) &&
           (handed_ == window_.limit || total_ + tags <= window_.offset);
  }

  std::uint64_t go() {
    while (!ways_.empty()) {
      Way& way = ways_.back();
      if (way.next == way.children.size()) {
        ways_.pop_back();
        continue;
      }
      const NodeId at = way.children[way.next++];
      const Node& node = tree_.node(at);
      const Way further = way_to(node);
      if (is_only_counted(further, node.tags)) {
        total_ += node.tags;
        continue;
      }
      take(at, node, further);
      if (node.list != 0) descend(at, further);
    }
    return total_;
  }

  const TagTree& tree_;
  const Answers& answers_;
  const Bits any_levels_;
  const Bits all_words_;
  const Bits done_;         // all levels of the pattern
  const bool rest_is_any_;  // the pattern ends with `**`
  const TagWindow window_;
  const std::function<void(NodeId)>& visit_;
  std::vector<Way> ways_;  // from the root; each is one level of the one behind it
  std::uint64_t total_ = 0;
  std::uint64_t handed_ = 0;
};

// Where a walk begins, and whether a tag at just that path counts.
struct Start {
  std::string_view path;
  bool itself = true;
};

bool is_at_or_below(std::string_view path, std::string_view place) {
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

// Before it level by level, as the tree is ordered: a slash comes before every letter.
bool comes_before(const Start& a, const Start& b) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  return std::ranges::lexicographical_compare(a.path, b.path, {}, rank, rank);
}

// Requires: the filter has a prefix or places. None of the answer is below another.
std::vector<Start> starts_of(const TagFilter& filter) {
  const bool below = filter.prefix.ends_with('/');
  const std::string_view prefix =
      std::string_view(filter.prefix).substr(0, filter.prefix.size() - (below ? 1 : 0));
  if (filter.within.empty()) return {{prefix, !below}};
  std::vector<Start> starts;
  for (const std::string& place : filter.within) {
    if (!filter.prefix.empty() && is_at_or_below(prefix, place)) {
      starts.push_back({prefix, !below});
    } else if (filter.prefix.empty() || is_at_or_below(place, prefix)) {
      starts.push_back({place, true});
    }
  }
  std::ranges::sort(starts, comes_before);
  return starts;
}

}  // namespace

Status check_tag_filter(const TagFilter& filter) {
  if (questions_of(levels_of(filter.pattern), words_of(filter.text)) <= kQuestionsMax) return {};
  return Error{ErrorId::kInvalidArgument, "text, pattern: have more than some 60 words and levels"};
}

std::uint64_t search_tags(const TagTree& tree, const TagFilter& filter, TagWindow window,
                          const std::function<void(NodeId)>& visit) {
  std::vector<std::string> levels = levels_of(filter.pattern);
  if (levels.empty()) levels.emplace_back("**");
  const std::vector<std::string> words = words_of(filter.text);
  if (questions_of(levels, words) > kQuestionsMax) return 0;
  const Answers answers(tree, levels, words);
  if (answers.none_can_match()) return 0;
  if (filter.prefix.empty() && filter.within.empty()) {
    return Walk(tree, answers, levels.size(), window, visit).all();
  }
  std::uint64_t total = 0;
  std::uint64_t handed = 0;
  const std::function<void(NodeId)> counted = [&](NodeId node) {
    ++handed;
    visit(node);
  };
  for (const Start& start : starts_of(filter)) {
    const NodeId node = tree.find(start.path);
    if (node == 0) continue;  // nothing is there
    const TagWindow rest{window.offset - std::min(window.offset, total), window.limit - handed};
    total += Walk(tree, answers, levels.size(), rest, counted).from(node, start.itself);
  }
  return total;
}

}  // namespace lineshaft::historian
