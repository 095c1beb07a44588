// docket/toml_reader.h: strict reading of TOML tables; the first problem is kept, with its line.
// Included by .cpp files only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/date.h"
#include "base/ratio.h"
#include "docket/months.h"
#include "model/money.h"

namespace lineshaft::docket {

// One document. Every reader below gives an empty value after the first problem, so that callers
// read everything and ask once.
class TomlReader {
 public:
  TomlReader(std::string_view name, std::string_view text);

  const toml::table& root() const { return root_; }
  bool ok() const { return problem_.ok(); }
  const Status& problem() const { return problem_; }

  // Keeps the first problem: "cn.toml:12: rule: ..."
  void fail(const toml::node& at, const std::string& what);

  // A member that is not among `known` is a problem.
  void only(const toml::table& table, std::initializer_list<std::string_view> known);

  std::string text(const toml::table& table, std::string_view key, bool is_required = true);
  // Lower-case letters, digits, '_' and '-', at most 64 of them.
  std::string word(const toml::table& table, std::string_view key, bool is_required = true);
  std::vector<std::string> words(const toml::table& table, std::string_view key,
                                 bool is_required = false);
  std::vector<std::string> texts(const toml::table& table, std::string_view key);
  std::int64_t number(const toml::table& table, std::string_view key, std::int64_t fallback,
                      std::int64_t min, std::int64_t max);
  bool flag(const toml::table& table, std::string_view key);
  std::optional<Day> day(const toml::table& table, std::string_view key);
  std::optional<Offset> offset(const toml::table& table, std::string_view key);
  std::optional<Money> money(const toml::table& table, std::string_view key, Currency currency);
  std::optional<Ratio> ratio(const toml::table& table, std::string_view key);
  // The tables of [[key]]; empty if there are none.
  std::vector<const toml::table*> tables(const toml::table& table, std::string_view key);
  // The table of [key] or key = {...}.
  const toml::table* table(const toml::table& table, std::string_view key);

 private:
  const toml::node* get(const toml::table& table, std::string_view key, bool is_required);
  template <typename Value>
  std::optional<Value> take(const toml::table& table, std::string_view key, const char* form,
                            bool is_required);

  std::string name_;
  toml::table root_;
  Status problem_;
};

}  // namespace lineshaft::docket
