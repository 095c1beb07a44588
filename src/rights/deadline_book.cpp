#include "rights/deadline_book.h"

#include <algorithm>
#include <limits>

#include "base/log.h"

namespace lineshaft::rights {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

DeadlineRow row_of(const Asset& asset, const docket::Case& item, const AssetDeadline& found,
                   Day today) {
  DeadlineRow row{asset, found, {}, std::max(found.deadline.due, today)};
  if (!is_undone(found.state)) row.pay_on = found.deadline.due;
  row.payment = docket::payment_on(item, found.deadline, row.pay_on);
  return row;
}

}  // namespace

DeadlineBook::DeadlineBook(docket::RuleBook rules, Register& assets, sys::Clock& clock)
    : rules_(std::move(rules)), register_(assets), clock_(clock) {
  for (const docket::RulePack& pack : rules_.packs()) {
    for (const docket::Rule& rule : pack.rules) {
      is_task_.push_back(rule.kind == docket::RuleKind::kTask);
    }
  }
}

Result<std::unique_ptr<DeadlineBook>> DeadlineBook::open(docket::RuleBook rules, Register& assets,
                                                         sys::Clock& clock,
                                                         std::span<const TenantId> tenants) {
  std::unique_ptr<DeadlineBook> book(new DeadlineBook(std::move(rules), assets, clock));
  for (const TenantId tenant : tenants) {
    if (Status built = book->build(tenant); !built) return std::move(built).error();
  }
  assets.watch([book = book.get()](TenantId tenant, const std::string& asset) {
    book->refresh(tenant, asset);
  });
  return book;
}

Day DeadlineBook::today() const {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<Nanoseconds>(Nanoseconds(clock_.now().ns)));
}

std::vector<DeadlineBook::Entry> DeadlineBook::entries_of(const AssetDocket& docket,
                                                          std::uint32_t item) const {
  std::vector<Entry> entries;
  for (const AssetDeadline& one : docket.deadlines) {
    if (!is_undone(one.state)) continue;
    entries.push_back({one.deadline.due, item,
                       rules_.number_of(*one.deadline.pack, *one.deadline.rule),
                       static_cast<std::uint16_t>(one.deadline.number)});
  }
  return entries;
}

// The relatives of all are read once, and looked up for each.
Status DeadlineBook::build(TenantId tenant) {
  const Result<std::vector<Relative>> relatives = register_.list_relatives(tenant, "");
  if (!relatives) return relatives.error();
  std::unordered_map<std::string_view, std::vector<const Relative*>> near;
  for (const Relative& one : *relatives) {
    near[one.id].push_back(&one);
    if (!one.parent.empty()) near[one.parent].push_back(&one);
  }
  const Day now = today();
  const Day until = docket::add_months(now, 12 * kYearsAhead);
  Tenant built;
  std::vector<Relative> own;
  Status read = register_.each_history(tenant, [&](AssetHistory history) -> Status {
    own.clear();
    for (const std::string* id : {&history.asset.id, &history.asset.parent}) {
      const auto found = near.find(*id);
      if (id->empty() || found == near.end()) continue;
      for (const Relative* one : found->second) own.push_back(*one);
    }
    const auto item = static_cast<std::uint32_t>(built.ids.size());
    built.ids.push_back(history.asset.id);
    built.number.emplace(history.asset.id, item);
    const Result<AssetDocket> docket = docket_of(rules_, history, own, now, until);
    if (!docket) return docket.error();
    built.index.replace(item, entries_of(*docket, item));
    return {};
  });
  if (!read) return read;
  const std::lock_guard lock(mutex_);
  tenants_[tenant.value] = std::move(built);
  return {};
}

Result<AssetDocket> DeadlineBook::docket(TenantId tenant, const AssetHistory& history) {
  const Result<std::vector<Relative>> relatives =
      register_.list_relatives(tenant, history.asset.id);
  if (!relatives) return relatives.error();
  const Day now = today();
  return docket_of(rules_, history, *relatives, now, docket::add_months(now, 12 * kYearsAhead));
}

// What an asset says changes the deadlines of its parent and of those that stem from it, too. The
// register has kept the change already: what cannot be read now is read at the next change.
void DeadlineBook::refresh(TenantId tenant, const std::string& asset) {
  const std::lock_guard refreshing(refresh_mutex_);
  std::vector<std::string> ids{asset};
  if (const auto relatives = register_.list_relatives(tenant, asset)) {
    for (const Relative& one : *relatives) ids.push_back(one.id);
  }
  for (const std::string& id : ids) {
    const Result<AssetHistory> history = register_.get_history({tenant, {}}, id);
    const Result<AssetDocket> found =
        history ? docket(tenant, *history) : Result<AssetDocket>(history.error());
    if (!found) {
      log_error("rights",
                "the deadlines of '" + id + "' are not up to date: " + found.error().text());
      continue;
    }
    const std::lock_guard lock(mutex_);
    Tenant& kept = tenants_[tenant.value];
    const auto next = static_cast<std::uint32_t>(kept.ids.size());
    const auto [number, is_new] = kept.number.emplace(id, next);
    if (is_new) kept.ids.push_back(id);
    kept.index.replace(number->second, entries_of(*found, number->second));
  }
}

Result<DeadlineBook::Walk> DeadlineBook::prepare(const View& view, const DeadlineFilter& filter) {
  Walk walk{view.tenant, filter.days, today(), filter.is_open, filter.is_overdue, {}};
  if (!view.party && filter.owner.empty() && filter.asset.empty()) return walk;
  AssetFilter wanted;
  wanted.owner = filter.owner;
  wanted.on = walk.today;
  const Result<std::vector<std::string>> ids = register_.list_asset_ids(view, wanted);
  if (!ids) return ids.error();
  const std::lock_guard lock(mutex_);
  const Tenant& tenant = tenants_[view.tenant.value];
  walk.shown.emplace(tenant.ids.size(), false);
  for (const std::string& id : *ids) {
    if (!filter.asset.empty() && id != filter.asset) continue;
    const auto found = tenant.number.find(id);
    if (found != tenant.number.end()) (*walk.shown)[found->second] = true;
  }
  return walk;
}

// mutex_ held.
std::vector<DeadlineBook::Entry> DeadlineBook::scan(const Walk& walk, const docket::DayRange& days,
                                                    std::size_t limit,
                                                    const std::function<bool(const Entry&)>& keep) {
  if (days.from >= days.before) return {};
  const bool is_past = days.before <= walk.today;
  const auto is_meant = [&](const Entry& entry) {
    if (walk.shown && (entry.item >= walk.shown->size() || !(*walk.shown)[entry.item])) {
      return false;
    }
    // What offices do and what ends by itself is over when its day is.
    if (is_past && !is_task_[entry.rule]) return false;
    return keep(entry);
  };
  return tenants_[walk.tenant.value]
      .index.page({days.from, 0, 0, 0}, days.before, limit, is_meant)
      .entries;
}

std::vector<DeadlineBook::Entry> DeadlineBook::page_of(const Walk& walk, std::uint64_t offset,
                                                       std::uint64_t limit, std::uint64_t& total) {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  const auto window = [&](const Entry&) {
    const std::uint64_t place = total++;
    return place >= offset && place - offset < limit;
  };
  if (walk.is_overdue) {
    entries =
        scan(walk, {walk.days.from, std::min(walk.days.before, walk.today)}, kNoLimit, window);
  }
  if (!walk.is_open) return entries;
  const docket::DayRange rest{std::max(walk.days.from, walk.today), walk.days.before};
  std::vector<Entry> more;
  if (walk.shown) {
    more = scan(walk, rest, kNoLimit, window);
  } else {
    // All of them are meant: they need not be looked at beyond the page.
    std::uint64_t skip = offset > total ? offset - total : 0;
    more = scan(walk, rest, static_cast<std::size_t>(limit - entries.size()),
                [&](const Entry&) { return skip == 0 || skip-- == 0; });
    for (const auto& [day, count] : tenants_[walk.tenant.value].index.counts(rest)) total += count;
  }
  entries.insert(entries.end(), more.begin(), more.end());
  return entries;
}

Result<std::vector<DeadlineBook::Entry>> DeadlineBook::some(const Walk& walk, std::size_t max) {
  std::uint64_t total = 0;
  std::vector<Entry> entries = page_of(walk, 0, max, total);
  if (total <= max) return entries;
  return Error{ErrorId::kInvalidArgument,
               "days: " + std::to_string(total) + " deadlines are in them, and at most " +
                   std::to_string(max) + " fit; ask for fewer days, or for one owner"};
}

Status DeadlineBook::each(const Walk& walk, const std::vector<Entry>& entries, const Take& take) {
  std::optional<std::uint32_t> item;
  Found found;
  for (const Entry& entry : entries) {
    if (item != entry.item) {
      item.reset();
      std::string id;
      {
        const std::lock_guard lock(mutex_);
        id = tenants_[walk.tenant.value].ids[entry.item];
      }
      Result<AssetHistory> history = register_.get_history({walk.tenant, {}}, id);
      if (!history) return history.error();
      Result<AssetDocket> read = docket(walk.tenant, *history);
      if (!read) return read.error();
      found = {*std::move(history), *std::move(read)};
      item = entry.item;
    }
    for (const AssetDeadline& one : found.docket.deadlines) {
      const docket::Deadline& deadline = one.deadline;
      if (deadline.due != entry.due || deadline.number != entry.number) continue;
      if (!is_undone(one.state)) continue;
      if (rules_.number_of(*deadline.pack, *deadline.rule) != entry.rule) continue;
      if (Status taken = take(found, one); !taken) return taken;
      break;
    }
  }
  return {};
}

Result<DeadlinePage> DeadlineBook::list_of_asset(const View& view, const DeadlineFilter& filter,
                                                 std::uint64_t offset, std::uint64_t limit) {
  const Result<AssetHistory> history = register_.get_history(view, filter.asset);
  if (!history) return history.error();
  const Result<AssetDocket> found = docket(view.tenant, *history);
  if (!found) return found.error();
  DeadlinePage page;
  for (const AssetDeadline& one : found->deadlines) {
    const bool is_settled = !is_undone(one.state);
    const bool is_open = one.state == DeadlineState::kOpen;
    if (is_settled ? !filter.is_settled : is_open ? !filter.is_open : !filter.is_overdue) continue;
    if (!filter.days.contains(one.deadline.due)) continue;
    const std::uint64_t place = page.total++;
    if (place < offset || place - offset >= limit) continue;
    page.rows.push_back(row_of(history->asset, found->item, one, today()));
  }
  return page;
}

Result<DeadlinePage> DeadlineBook::list(const View& view, const DeadlineFilter& filter,
                                        std::uint64_t offset, std::uint64_t limit) {
  if (!filter.asset.empty()) return list_of_asset(view, filter, offset, limit);
  if (filter.is_settled) {
    return Error{ErrorId::kInvalidArgument,
                 "state: what is settled is listed of one asset only; name it"};
  }
  const Result<Walk> walk = prepare(view, filter);
  if (!walk) return walk.error();
  DeadlinePage page;
  const std::vector<Entry> entries = page_of(*walk, offset, limit, page.total);
  Status read = each(*walk, entries, [&](const Found& found, const AssetDeadline& one) -> Status {
    page.rows.push_back(row_of(found.history.asset, found.docket.item, one, walk->today));
    return {};
  });
  if (!read) return read.error();
  return page;
}

Result<std::vector<std::pair<Day, std::size_t>>> DeadlineBook::count_days(
    const View& view, const DeadlineFilter& filter) {
  const Result<Walk> walk = prepare(view, filter);
  if (!walk) return walk.error();
  std::vector<std::pair<Day, std::size_t>> counts;
  const auto count = [&](const Entry& entry) {
    if (counts.empty() || counts.back().first != entry.due) counts.emplace_back(entry.due, 0);
    ++counts.back().second;
    return false;
  };
  const std::lock_guard lock(mutex_);
  const docket::DayRange& days = walk->days;
  if (walk->is_overdue) scan(*walk, {days.from, std::min(days.before, walk->today)}, 1, count);
  if (walk->is_open) scan(*walk, {std::max(days.from, walk->today), days.before}, 1, count);
  return counts;
}

Result<PressingTasks> DeadlineBook::pressing(const View& view, int days) {
  const Result<Walk> walk = prepare(view, {});
  if (!walk) return walk.error();
  PressingTasks tasks;
  const auto count = [&](const Entry& entry) {
    if (is_task_[entry.rule]) ++(entry.due < walk->today ? tasks.overdue : tasks.due);
    return false;
  };
  const std::lock_guard lock(mutex_);
  scan(*walk, {kDayMin, walk->today}, 1, count);
  scan(*walk, {walk->today, walk->today + std::chrono::days(days)}, 1, count);
  return tasks;
}

Result<std::vector<docket::FeedEntry>> DeadlineBook::feed(const View& view,
                                                          const DeadlineFilter& filter,
                                                          docket::Language language,
                                                          std::string_view authority) {
  const Result<Walk> walk = prepare(view, filter);
  if (!walk) return walk.error();
  const Result<std::vector<Entry>> entries = some(*walk, kFeedDeadlinesMax);
  if (!entries) return entries.error();
  std::vector<docket::FeedEntry> feed;
  Status read = each(*walk, *entries, [&](const Found& found, const AssetDeadline& one) -> Status {
    if (one.state == DeadlineState::kMissed) return {};
    feed.push_back(docket::feed_entry(found.docket.item, one.deadline, language, authority));
    return {};
  });
  if (!read) return read.error();
  return feed;
}

Result<Event> DeadlineBook::event_of(const View& view, const DeadlineMark& mark) {
  const Result<AssetHistory> history = register_.get_history(view, mark.of.asset);
  if (!history) return history.error();
  const Result<AssetDocket> found = docket(view.tenant, *history);
  if (!found) return found.error();
  const AssetDeadline* chosen = nullptr;
  for (const AssetDeadline& one : found->deadlines) {
    if (one.deadline.pack->id != mark.of.pack || one.deadline.rule->id != mark.of.rule) continue;
    if (one.deadline.number != mark.of.number) continue;
    if (chosen == nullptr || (!is_undone(chosen->state) && is_undone(one.state))) chosen = &one;
  }
  if (chosen == nullptr) {
    return Error{ErrorId::kNotFound, "'" + mark.of.asset + "' has no deadline '" + mark.of.rule +
                                         "' " + std::to_string(mark.of.number) + " of the pack '" +
                                         mark.of.pack + "'"};
  }
  if (chosen->deadline.done) {
    return Error{ErrorId::kConflict,
                 "it was settled on " + day_text(*chosen->deadline.done) + " already"};
  }
  const std::vector<std::string>& words = chosen->deadline.rule->done_by;
  const std::string word = mark.word.empty() && !words.empty() ? words.front() : mark.word;
  if (std::ranges::find(words, word) == words.end()) {
    std::string allowed;
    for (const std::string& one : words) allowed += (allowed.empty() ? "" : ", ") + one;
    return Error{ErrorId::kInvalidArgument,
                 "event: '" + word + "' does not settle it; " +
                     (allowed.empty() ? "nothing does" : "there are " + allowed)};
  }
  Event event = mark_event(chosen->deadline, word, mark.on);
  event.note = mark.note;
  event.document = mark.document;
  return event;
}

Result<Event> DeadlineBook::mark(const View& view, const DeadlineMark& mark, std::string_view by) {
  Result<Event> event = event_of(view, mark);
  if (!event) return event;
  return register_.add_event(view.tenant, mark.of.asset, *std::move(event), today(), by);
}

}  // namespace lineshaft::rights
