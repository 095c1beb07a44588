// rights/deadline_book.h: the deadlines of every asset of the register: what is due when, what it
// costs, and what was done about it. An index in memory follows the register; nothing is stored but
// the events of the assets.
//
// Threads: any. Calls that read assets block for the disk.
// Errors of every call besides those named: as records::Statement::step.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "docket/calendar_feed.h"
#include "docket/deadline_index.h"
#include "docket/fees.h"
#include "rights/asset_docket.h"

namespace lineshaft::rights {

inline constexpr std::size_t kDeadlinesPerPageMax = 1'000;
// Bounds one calculation of costs, and one calendar feed.
inline constexpr std::size_t kCostDeadlinesMax = 200'000;
inline constexpr std::size_t kFeedDeadlinesMax = 20'000;
// Deadlines are known so many years ahead: an invention filed today ends within them.
inline constexpr int kYearsAhead = 25;

struct DeadlineFilter {
  docket::DayRange days;    // by the day it is due
  std::string asset = {};   // "" for all
  std::string owner = {};   // a party that owns a share today; "" for all
  bool is_open = true;      // due today or later
  bool is_overdue = true;   // past and not done: kOverdue and kMissed
  bool is_settled = false;  // kDone and kPassed too; of one asset only
};

struct DeadlineRow {
  Asset asset;
  AssetDeadline item;
  // What settles it: on the day it is due, or today if that is past.
  docket::Payment payment;
  Day pay_on;
};

struct DeadlinePage {
  std::vector<DeadlineRow> rows;  // by due day
  std::uint64_t total = 0;
};

// One deadline of an asset, by what stays the same over restarts.
struct DeadlineName {
  std::string asset;
  std::string pack;
  std::string rule;
  int number = 0;
};

struct DeadlineMark {
  DeadlineName of;
  std::string word;  // one of done_by of the rule; "": the first
  Day on;
  std::string note;
  std::string document;  // SHA-256, or ""
};

// What somebody should look at.
struct PressingTasks {
  std::size_t overdue = 0;  // past and not done
  std::size_t due = 0;      // today, or within the next days
};

struct AssetCost {
  Asset asset;
  std::size_t deadlines = 0;
  std::vector<Money> sums;  // one per currency
};

struct OwnerCost {
  std::string party;  // "" for assets that nobody owns yet
  std::vector<Money> sums;
};

struct MonthCost {
  Day month;  // its first day
  std::vector<Money> sums;
};

struct PortfolioCosts {
  std::vector<AssetCost> assets;  // that cost something, in order of id
  std::vector<OwnerCost> owners;  // in order of party
  std::vector<MonthCost> months;  // that cost something
  std::vector<Money> sums;        // one per currency
  std::size_t deadlines = 0;
  std::size_t incomplete = 0;  // deadlines for which the pack has no amount
};

class DeadlineBook {
 public:
  // Reads every asset of the tenants, and follows the register from then on: it takes the place of
  // its watcher. The register and the clock must outlive the book, and nobody may change the
  // register after the book is gone.
  static Result<std::unique_ptr<DeadlineBook>> open(docket::RuleBook rules, Register& assets,
                                                    sys::Clock& clock,
                                                    std::span<const TenantId> tenants);

  const docket::RuleBook& rules() const { return rules_; }

  // Cost: the deadlines of the range that lie in the past; of the others those before the page,
  // or all of them when the view or the filter shows a part only.
  // Errors: kNotFound: no such asset in the view; kInvalidArgument: settled ones without an asset.
  Result<DeadlinePage> list(const View& view, const DeadlineFilter& filter, std::uint64_t offset,
                            std::uint64_t limit);

  // How many undone deadlines fall due on each day of the range that has any. Cost: the deadlines
  // of the range.
  Result<std::vector<std::pair<Day, std::size_t>>> count_days(const View& view,
                                                              const DeadlineFilter& filter);

  // What is overdue, and what falls due before so many days are over. Cost: the deadlines between.
  Result<PressingTasks> pressing(const View& view, int days);

  // The fees of every undone deadline of the range, each paid on its day; those that are overdue
  // are paid today, with their surcharge, when the range holds today. Each amount is divided among
  // the owners of that day in proportion to their shares, to the last minor unit. Missed ones cost
  // nothing any more.
  // Errors: kInvalidArgument: more than kCostDeadlinesMax deadlines.
  Result<PortfolioCosts> costs(const View& view, const DeadlineFilter& filter);

  // Errors: kInvalidArgument: more than kFeedDeadlinesMax deadlines.
  Result<std::vector<docket::FeedEntry>> feed(const View& view, const DeadlineFilter& filter,
                                              docket::Language language,
                                              std::string_view authority);

  // The event that a mark would add. Errors: kNotFound: no such asset or deadline;
  // kInvalidArgument: the word does not settle it; kConflict: it is settled already.
  Result<Event> event_of(const View& view, const DeadlineMark& mark);
  // Adds that event to the asset. Errors: as event_of and Register::add_event.
  Result<Event> mark(const View& view, const DeadlineMark& mark, std::string_view by);

 private:
  using Entry = docket::DeadlineIndex::Entry;
  struct Tenant {
    docket::DeadlineIndex index;                            // undone deadlines, and those to come
    std::vector<std::string> ids;                           // of the assets, by item
    std::unordered_map<std::string, std::uint32_t> number;  // back
  };

  DeadlineBook(docket::RuleBook rules, Register& assets, sys::Clock& clock);

  Day today() const;
  Status build(TenantId tenant);
  void refresh(TenantId tenant, const std::string& asset);
  std::vector<Entry> entries_of(const AssetDocket& docket, std::uint32_t item) const;
  // A filter made ready: which items it leaves, and in which days.
  struct Walk {
    TenantId tenant;
    docket::DayRange days;
    Day today;
    bool is_open = false;
    bool is_overdue = false;
    std::optional<std::vector<bool>> shown;  // by item; nothing: all
  };
  Result<Walk> prepare(const View& view, const DeadlineFilter& filter);
  // Calls `keep` for each entry of the walk, in order; those it keeps, at most `limit`.
  std::vector<Entry> scan(const Walk& walk, const docket::DayRange& days, std::size_t limit,
                          const std::function<bool(const Entry&)>& keep);
  std::vector<Entry> page_of(const Walk& walk, std::uint64_t offset, std::uint64_t limit,
                             std::uint64_t& total);
  Result<std::vector<Entry>> some(const Walk& walk, std::size_t max);

  struct Found {
    AssetHistory history;
    AssetDocket docket;
  };
  using Take = std::function<Status(const Found&, const AssetDeadline&)>;
  // Calls `take` for each entry with its asset; entries that changed meanwhile are left out.
  Status each(const Walk& walk, const std::vector<Entry>& entries, const Take& take);
  Result<DeadlinePage> list_of_asset(const View& view, const DeadlineFilter& filter,
                                     std::uint64_t offset, std::uint64_t limit);
  Result<AssetDocket> docket(TenantId tenant, const AssetHistory& history);

  docket::RuleBook rules_;
  std::vector<bool> is_task_;  // by RuleBook::number_of
  Register& register_;
  sys::Clock& clock_;
  std::mutex refresh_mutex_;  // held over reading an asset and putting what was read
  std::mutex mutex_;
  std::unordered_map<std::uint32_t, Tenant> tenants_;  // guarded by mutex_
};

}  // namespace lineshaft::rights
