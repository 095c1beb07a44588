#include "rights/asset_rows.h"

#include <algorithm>
#include <charconv>

#include "rights/schema.h"

namespace lineshaft::rights {
namespace {

constexpr std::size_t kNumberCharactersMax = 64;
constexpr std::size_t kOfficeCharactersMax = 2;

// What rule packs call things.
Status check_word(std::string_view field, std::string_view word) {
  const bool is_word = std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (is_word && !word.empty() && word.size() <= kIdBytesMax) return {};
  return Error{ErrorId::kInvalidArgument,
               std::string(field) + ": '" + std::string(word.substr(0, kIdBytesMax)) +
                   "' is no word: 1 to 64 lower-case letters, digits, '_' and '-'"};
}

Status check_fee_facts(const Asset& asset) {
  if (asset.counts.size() > kCountsMax || asset.reductions.size() > kCountsMax) {
    return Error{ErrorId::kInvalidArgument, "counts, reductions: at most 20 of each"};
  }
  for (const FeeCount& count : asset.counts) {
    if (Status sound = check_word("counts", count.of); !sound) return sound;
    if (count.number >= 0 && count.number <= kCountMax) continue;
    return Error{ErrorId::kInvalidArgument,
                 "counts: the number of " + count.of + " is not from 0 to 1,000,000"};
  }
  for (const std::string& id : asset.reductions) {
    if (Status sound = check_word("reductions", id); !sound) return sound;
  }
  return {};
}

// "one two" to its words.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<FeeCount> counts_of(std::string_view text) {
  std::vector<FeeCount> counts;
  for (const std::string& word : words_of(text)) {
    const std::size_t equals = std::min(word.find('='), word.size() - 1);
    FeeCount count{word.substr(0, equals), 0};
    std::from_chars(word.data() + equals + 1, word.data() + word.size(), count.number);
    counts.push_back(std::move(count));
  }
  return counts;
}

}  // namespace

Status check_event(const Event& event) {
  if (Status sound = check_text("note", event.note, kNoteCharactersMax); !sound) return sound;
  if (Status sound = check_document("document", event.document); !sound) return sound;
  if (event.kind == EventKind::kAct) {
    if (Status sound = check_word("act", event.act); !sound) return sound;
  } else if (!event.act.empty()) {
    return Error{ErrorId::kInvalidArgument, "act: only an event of the kind act has one"};
  }
  if (event.number >= 0 && event.number <= kEventNumberMax) return {};
  return Error{ErrorId::kInvalidArgument, "number: is not from 0 to 200"};
}

Status check_asset(const Asset& asset) {
  if (Status sound = check_id("id", asset.id); !sound) return sound;
  if (Status sound = check_text("title", asset.title, kTitleCharactersMax, true); !sound) {
    return sound;
  }
  if (!asset.family.empty()) {
    if (Status sound = check_id("family", asset.family); !sound) return sound;
  }
  if (!asset.parent.empty()) {
    if (Status sound = check_id("parent", asset.parent); !sound) return sound;
  }
  for (const char c : asset.office) {
    if (c < 'A' || c > 'Z' || asset.office.size() != kOfficeCharactersMax) {
      return Error{ErrorId::kInvalidArgument,
                   "office: is no code of two capital letters, like CN or WO"};
    }
  }
  if (Status sound = check_text("number", asset.number, kNumberCharactersMax); !sound) {
    return sound;
  }
  return check_fee_facts(asset);
}

std::string text_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string text_of(const std::vector<FeeCount>& counts) {
  std::vector<std::string> words;
  for (const FeeCount& count : counts) {
    words.push_back(count.of + "=" + std::to_string(count.number));
  }
  return text_of(words);
}

void put_in_order(Asset& asset) {
  std::erase_if(asset.counts, [](const FeeCount& count) { return count.number == 0; });
  std::ranges::stable_sort(asset.counts, {}, &FeeCount::of);
  const auto is_same = [](const FeeCount& a, const FeeCount& b) { return a.of == b.of; };
  asset.counts.erase(std::unique(asset.counts.begin(), asset.counts.end(), is_same),
                     asset.counts.end());
  std::ranges::sort(asset.reductions);
  asset.reductions.erase(std::unique(asset.reductions.begin(), asset.reductions.end()),
                         asset.reductions.end());
}

Asset asset_row(records::Statement& row) {
  return {std::string(row.text(0)),
          static_cast<AssetKind>(row.int64(1)),
          std::string(row.text(2)),
          std::string(row.text(3)),
          std::string(row.text(4)),
          std::string(row.text(5)),
          std::string(row.text(6)),
          static_cast<AssetStatus>(row.int64(7)),
          row.int64(8),
          counts_of(row.text(9)),
          words_of(row.text(10))};
}

Event event_row(records::Statement& row) {
  return {row.int64(0),
          static_cast<EventKind>(row.int64(1)),
          day_of(row.int64(2)),
          std::string(row.text(3)),
          std::string(row.text(4)),
          Timestamp{row.int64(5)},
          std::string(row.text(6)),
          std::string(row.text(7)),
          row.int64(8)};
}

}  // namespace lineshaft::rights
