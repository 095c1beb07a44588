#include <algorithm>
#include <utility>

#include "docket/rule_pack.h"
#include "docket/toml_reader.h"

namespace lineshaft::docket {
namespace {

using Strings = std::vector<std::string>;

constexpr int kYearsMax = 100;

bool overlap(const DayRange& a, const DayRange& b) {
  return a.from < b.before && b.from < a.before;
}

// Reads one pack. What refers to something else in it is checked where it stands.
class PackReader {
 public:
  PackReader(std::string_view name, std::string_view text) : reader_(name, text) {}

  Result<RulePack> read();

 private:
  void read_head();
  void read_fee(const toml::table& table);
  void read_years(const toml::table& table, Fee& fee);
  void read_reduction(const toml::table& table);
  void read_rule(const toml::table& table);
  void read_recurrence(const toml::table& table, Rule& rule);
  void read_grace(const toml::table& table, Rule& rule);
  void read_surcharge(const toml::table& table, Rule& rule);

  DayRange range(const toml::table& table, std::string_view from, std::string_view before);
  Currency currency(const toml::table& table);
  Strings events(const toml::table& table, std::string_view key, bool is_required = false);
  Strings fees(const toml::table& table, std::string_view key);
  bool has_event(const std::string& id) const {
    return std::ranges::find(pack_.events, id, &RulePack::Named::id) != pack_.events.end();
  }
  bool has_fee(const std::string& id) const {
    return std::ranges::find(pack_.fees, id, &Fee::id) != pack_.fees.end();
  }

  TomlReader reader_;
  RulePack pack_;
  Currency currency_;
  Strings stopped_by_;
  std::vector<int> remind_;
  std::string calendar_;
};

DayRange PackReader::range(const toml::table& table, std::string_view from,
                           std::string_view before) {
  const DayRange range{reader_.day(table, from).value_or(kDayMin),
                       reader_.day(table, before).value_or(kDayMax)};
  if (range.from >= range.before)
    reader_.fail(table,
                 "'" + std::string(before) + "' must be later than '" + std::string(from) + "'");
  return range;
}

Currency PackReader::currency(const toml::table& table) {
  const std::string code = reader_.text(table, "currency", false);
  if (code.empty()) return currency_;
  const Result<Currency> parsed = Currency::parse(code);
  if (!parsed) reader_.fail(table, "'currency' must be a code of ISO 4217 such as \"CNY\"");
  return parsed.ok() ? *parsed : currency_;
}

Strings PackReader::events(const toml::table& table, std::string_view key, bool is_required) {
  Strings found = reader_.words(table, key, is_required);
  for (const std::string& event : found) {
    if (!has_event(event)) {
      reader_.fail(table,
                   "'" + std::string(key) + "': the event '" + event + "' is not among [events]");
    }
  }
  return found;
}

Strings PackReader::fees(const toml::table& table, std::string_view key) {
  Strings found = reader_.words(table, key);
  for (const std::string& fee : found) {
    if (!has_fee(fee)) {
      reader_.fail(table, "'" + std::string(key) + "': there is no [[fee]] '" + fee + "'");
    }
  }
  return found;
}

std::vector<int> remind_days(TomlReader& reader, const toml::table& table) {
  std::vector<int> found;
  const toml::node* node = table.get("remind");
  if (node == nullptr) return found;
  const toml::array* list = node->as_array();
  for (std::size_t i = 0; list != nullptr && i < list->size() && i <= 20; ++i) {
    const auto days = list->get(i)->value_exact<std::int64_t>();
    if (!days || *days < 0 || *days > 3'660 || i == 20)
      list = nullptr;
    else
      found.push_back(static_cast<int>(*days));
  }
  if (list == nullptr) reader.fail(*node, "'remind' must be a list of up to 20 numbers of days");
  return found;
}

void PackReader::read_head() {
  const toml::table& root = reader_.root();
  reader_.only(root, {"id", "title", "office", "kinds", "as_of", "currency", "calendar",
                      "years_from", "stopped_by", "remind", "events", "rule", "fee", "reduction"});
  pack_.id = reader_.word(root, "id");
  pack_.title = reader_.text(root, "title");
  pack_.office = reader_.text(root, "office");
  pack_.kinds = reader_.words(root, "kinds", true);
  const std::optional<Day> as_of = reader_.day(root, "as_of");
  if (!as_of)
    reader_.fail(root, "'as_of' is missing: the day on which the sources were read");
  else
    pack_.as_of = day_text(*as_of);
  currency_ = currency(root);
  calendar_ = reader_.word(root, "calendar");
  remind_ = remind_days(reader_, root);
  if (const toml::table* events = reader_.table(root, "events")) {
    for (const auto& [key, node] : *events) {
      pack_.events.push_back({std::string(key.str()), reader_.text(*events, key.str())});
    }
  }
  stopped_by_ = events(root, "stopped_by");
  pack_.years_from = reader_.word(root, "years_from", false);
  if (!pack_.years_from.empty() && !has_event(pack_.years_from)) {
    reader_.fail(root, "'years_from': the event is not among [events]");
  }
}

void PackReader::read_years(const toml::table& table, Fee& fee) {
  int next = 1;
  for (const toml::table* row : reader_.tables(table, "by_year")) {
    reader_.only(*row, {"first", "last", "amount"});
    Fee::Years years;
    years.first = static_cast<int>(reader_.number(*row, "first", 0, next, kYearsMax));
    years.last =
        static_cast<int>(reader_.number(*row, "last", years.first, years.first, kYearsMax));
    years.amount = reader_.money(*row, "amount", fee.amount.currency).value_or(Money{});
    if (years.first == 0 || !row->contains("amount"))
      reader_.fail(*row, "'first' and 'amount' are needed");
    next = years.last + 1;
    fee.by_year.push_back(years);
  }
}

void PackReader::read_fee(const toml::table& table) {
  reader_.only(table, {"id", "title", "source", "from", "before", "currency", "amount", "by_year",
                       "per", "included", "each"});
  Fee fee;
  fee.id = reader_.word(table, "id");
  fee.title = reader_.text(table, "title");
  fee.source = reader_.text(table, "source");
  fee.valid = range(table, "from", "before");
  const Money nothing{0, currency(table)};
  fee.amount = reader_.money(table, "amount", nothing.currency).value_or(nothing);
  read_years(table, fee);
  fee.per = reader_.word(table, "per", false);
  fee.included = reader_.number(table, "included", 0, 0, kCountMax);
  fee.each = reader_.money(table, "each", nothing.currency).value_or(nothing);
  if (!table.contains("amount") && fee.by_year.empty() && !table.contains("each")) {
    reader_.fail(table, "the fee needs 'amount', 'by_year' or 'each'");
  }
  if (fee.per.empty() == table.contains("each")) {
    reader_.fail(table, "'per' and 'each' go together");
  }
  for (const Fee& other : pack_.fees) {
    if (other.id == fee.id && overlap(other.valid, fee.valid)) {
      reader_.fail(table, "two versions of the fee '" + fee.id + "' hold on the same day");
    }
  }
  pack_.fees.push_back(std::move(fee));
}

void PackReader::read_reduction(const toml::table& table) {
  reader_.only(table,
               {"id", "title", "source", "from", "before", "off", "fees", "years_from_grant"});
  Reduction reduction;
  reduction.id = reader_.word(table, "id");
  reduction.title = reader_.text(table, "title");
  reduction.source = reader_.text(table, "source");
  reduction.valid = range(table, "from", "before");
  const std::optional<Ratio> off = reader_.ratio(table, "off");
  if (!off) reader_.fail(table, "'off' is missing");
  reduction.off = off.value_or(Ratio{});
  reduction.fees = fees(table, "fees");
  reduction.years_from_grant =
      static_cast<int>(reader_.number(table, "years_from_grant", 0, 0, kYearsMax));
  if (reduction.years_from_grant > 0 && (pack_.years_from.empty() || !has_event("granted"))) {
    reader_.fail(table, "'years_from_grant' needs the event 'granted' and 'years_from'");
  }
  pack_.reductions.push_back(std::move(reduction));
}

void PackReader::read_recurrence(const toml::table& table, Rule& rule) {
  const std::optional<Offset> every = reader_.offset(table, "every");
  if (!every) {
    if (table.contains("first") || table.contains("last"))
      reader_.fail(table, "'first' and 'last' need 'every'");
    return;
  }
  if (every->months < 0 || every->days < 0 || *every == Offset{}) {
    reader_.fail(table, "'every' must lead forward");
  }
  rule.every = *every;
  rule.first = static_cast<int>(reader_.number(table, "first", 1, 1, kRecurrencesMax));
  rule.last =
      static_cast<int>(reader_.number(table, "last", kRecurrencesMax, rule.first, kRecurrencesMax));
}

void PackReader::read_surcharge(const toml::table& table, Rule& rule) {
  const toml::table* surcharge = reader_.table(table, "surcharge");
  if (surcharge == nullptr) return;
  reader_.only(*surcharge, {"fee", "rate", "per_month", "free_months", "of"});
  rule.surcharge.fee = reader_.word(*surcharge, "fee", false);
  rule.surcharge.rate = reader_.ratio(*surcharge, "rate").value_or(Ratio{});
  rule.surcharge.is_per_month = reader_.flag(*surcharge, "per_month");
  rule.surcharge.free_months =
      static_cast<int>(reader_.number(*surcharge, "free_months", 0, 0, 120));
  rule.surcharge.of = fees(*surcharge, "of");
  if (!rule.surcharge.fee.empty() && !has_fee(rule.surcharge.fee)) {
    reader_.fail(*surcharge, "there is no [[fee]] '" + rule.surcharge.fee + "'");
  }
  if (rule.surcharge.fee.empty() == rule.surcharge.rate.is_zero()) {
    reader_.fail(*surcharge, "the surcharge needs either 'fee' or 'rate'");
  }
}

void PackReader::read_grace(const toml::table& table, Rule& rule) {
  rule.opens = reader_.offset(table, "opens");
  rule.grace = reader_.offset(table, "grace");
  rule.is_grace_from_trigger = reader_.flag(table, "grace_from_trigger");
  for (const std::optional<Offset>& span : {rule.opens, rule.grace}) {
    if (span && (span->months < 0 || span->days < 0)) {
      reader_.fail(table, "'opens' and 'grace' must not be negative");
    }
  }
  read_surcharge(table, rule);
  if (table.contains("surcharge") && !rule.grace) reader_.fail(table, "'surcharge' needs 'grace'");
}

RuleKind rule_kind(TomlReader& reader, const toml::table& table) {
  const std::string kind = reader.word(table, "kind", false);
  if (kind == "office") return RuleKind::kOffice;
  if (kind == "expiry") return RuleKind::kExpiry;
  if (!kind.empty() && kind != "task") {
    reader.fail(table, "'kind' must be \"task\", \"office\" or \"expiry\"");
  }
  return RuleKind::kTask;
}

void PackReader::read_rule(const toml::table& table) {
  reader_.only(
      table,
      {"id",        "title",    "title_zh",   "source",  "kind",         "from",
       "for_each",  "use_from", "use_before", "after",   "end_of_month", "or_from",
       "or_after",  "needs",    "unless",     "done_by", "stopped_by",   "not_before",
       "every",     "first",    "last",       "opens",   "grace",        "grace_from_trigger",
       "surcharge", "fees",     "remind",     "calendar"});
  Rule rule;
  rule.id = reader_.word(table, "id");
  rule.title = reader_.text(table, "title");
  rule.title_zh = reader_.text(table, "title_zh", false);
  rule.source = reader_.text(table, "source");
  rule.kind = rule_kind(reader_, table);
  rule.from = events(table, "from", true);
  rule.is_for_each = reader_.flag(table, "for_each");
  rule.use = range(table, "use_from", "use_before");
  const std::optional<Offset> after = reader_.offset(table, "after");
  if (!after) reader_.fail(table, "'after' is missing");
  rule.after = after.value_or(Offset{});
  rule.is_end_of_month = reader_.flag(table, "end_of_month");
  rule.or_from = events(table, "or_from");
  rule.or_after = reader_.offset(table, "or_after").value_or(Offset{});
  if (rule.or_from.empty() == table.contains("or_after")) {
    reader_.fail(table, "'or_from' and 'or_after' go together");
  }
  rule.needs = events(table, "needs");
  rule.unless = events(table, "unless");
  rule.done_by = events(table, "done_by");
  rule.stopped_by = table.contains("stopped_by") ? events(table, "stopped_by") : stopped_by_;
  rule.not_before = reader_.word(table, "not_before", false);
  if (!rule.not_before.empty() && !has_event(rule.not_before)) {
    reader_.fail(table, "'not_before': the event is not among [events]");
  }
  read_recurrence(table, rule);
  read_grace(table, rule);
  rule.fees = fees(table, "fees");
  rule.remind_days = table.contains("remind") ? remind_days(reader_, table) : remind_;
  rule.calendar = table.contains("calendar") ? reader_.word(table, "calendar") : calendar_;
  for (const Rule& other : pack_.rules) {
    if (other.id == rule.id && overlap(other.use, rule.use)) {
      reader_.fail(table, "two versions of the rule '" + rule.id + "' hold on the same day");
    }
  }
  pack_.rules.push_back(std::move(rule));
}

Result<RulePack> PackReader::read() {
  if (!reader_.ok()) return reader_.problem().error();
  const toml::table& root = reader_.root();
  read_head();
  for (const toml::table* table : reader_.tables(root, "fee")) read_fee(*table);
  for (const toml::table* table : reader_.tables(root, "reduction")) read_reduction(*table);
  for (const toml::table* table : reader_.tables(root, "rule")) read_rule(*table);
  if (pack_.rules.empty()) reader_.fail(root, "there is no [[rule]]");
  if (!reader_.ok()) return reader_.problem().error();
  return std::move(pack_);
}

}  // namespace

Result<RulePack> read_rule_pack(std::string_view name, std::string_view text) {
  return PackReader(name, text).read();
}

}  // namespace lineshaft::docket
