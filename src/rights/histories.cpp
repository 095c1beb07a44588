// Assets with all that happened to them, and with their relatives.
#include "rights/asset_rows.h"
#include "rights/schema.h"

namespace lineshaft::rights {

Result<AssetHistory> Register::get_history(const View& view, std::string_view asset) {
  const std::lock_guard lock(mutex_);
  if (Status shown = must_show(view, asset); !shown) return shown.error();
  Result<Asset> known = read_asset(view.tenant, asset);
  if (!known) return std::move(known).error();
  auto events =
      query<Event>(*database_, kEventsOf, event_row, std::int64_t{view.tenant.value}, asset);
  if (!events) return std::move(events).error();
  return AssetHistory{*std::move(known), *std::move(events)};
}

// Two walks in the same order, side by side.
Status Register::each_history(TenantId tenant, const std::function<Status(AssetHistory)>& take) {
  const std::lock_guard lock(mutex_);
  Result<records::Statement> assets =
      database_->prepare("SELECT " + std::string(kAssetColumns) +
                         " FROM rights_assets AS a WHERE tenant = ?1 ORDER BY id");
  if (!assets) return std::move(assets).error();
  Result<records::Statement> events =
      database_->prepare("SELECT " + std::string(kEventColumns) +
                         ", asset FROM rights_events WHERE tenant = ?1 ORDER BY asset, sequence");
  if (!events) return std::move(events).error();
  assets->bind(std::int64_t{tenant.value});
  events->bind(std::int64_t{tenant.value});
  Result<bool> has_event = events->step();
  if (!has_event) return std::move(has_event).error();
  for (;;) {
    const Result<bool> more = assets->step();
    if (!more) return more.error();
    if (!*more) return {};
    AssetHistory history{asset_row(*assets), {}};
    while (*has_event && events->text(9) <= history.asset.id) {
      if (events->text(9) == history.asset.id) history.events.push_back(event_row(*events));
      has_event = events->step();
      if (!has_event) return std::move(has_event).error();
    }
    if (Status taken = take(std::move(history)); !taken) return taken;
  }
}

Result<std::vector<Relative>> Register::list_relatives(TenantId tenant, std::string_view asset) {
  constexpr std::string_view kColumns =
      "SELECT a.id, a.parent, a.kind, a.office, "
      "(SELECT min(e.day) FROM rights_events AS e WHERE e.tenant = ?1 AND e.asset = a.id "
      " AND e.kind = ?3), "
      "EXISTS (SELECT 1 FROM rights_events AS e WHERE e.tenant = ?1 AND e.asset = a.id "
      " AND e.kind = ?4) FROM rights_assets AS a WHERE a.tenant = ?1 AND ";
  constexpr std::string_view kOfOne =
      "a.id IN (SELECT parent FROM rights_assets WHERE tenant = ?1 AND id = ?2 "
      " UNION SELECT id FROM rights_assets WHERE tenant = ?1 AND parent = ?2 AND parent <> '')";
  constexpr std::string_view kOfAll =
      "?2 = '' AND (a.parent <> '' OR EXISTS (SELECT 1 FROM rights_assets AS c "
      " WHERE c.tenant = ?1 AND c.parent = a.id AND c.parent <> ''))";
  const std::lock_guard lock(mutex_);
  return query<Relative>(
      *database_,
      std::string(kColumns) + std::string(asset.empty() ? kOfAll : kOfOne) + " ORDER BY a.id",
      [](records::Statement& row) {
        Relative one{std::string(row.text(0)),
                     std::string(row.text(1)),
                     static_cast<AssetKind>(row.int64(2)),
                     std::string(row.text(3)),
                     {},
                     false};
        if (const auto day = row.optional_int64(4)) one.filed = day_of(*day);
        one.has_priority = row.int64(5) != 0;
        return one;
      },
      std::int64_t{tenant.value}, asset, static_cast<std::int64_t>(EventKind::kFiled),
      static_cast<std::int64_t>(EventKind::kPriority));
}

Status Register::take(TenantId tenant, const std::vector<Addition>& additions,
                      std::string_view by) {
  const Status taken = [&]() -> Status {
    const std::lock_guard lock(mutex_);
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    for (const Addition& addition : additions) {
      const std::string& id = addition.asset.id;
      if (addition.is_put) {
        if (const Result<Asset> kept = keep_asset(tenant, addition.asset); !kept) {
          return kept.error();
        }
      }
      for (const Event& event : addition.events) {
        if (const Result<Event> kept = keep_event(tenant, id, event, by); !kept) {
          return kept.error();
        }
      }
      if (!addition.events.empty()) {
        if (Status written = write_status(tenant, id); !written) return written;
      }
      if (!addition.ownership) continue;
      const Result<Ownership> kept = keep_ownership(tenant, id, *addition.ownership, by);
      if (!kept) return kept.error();
    }
    return transaction->commit();
  }();
  if (!taken) return taken;
  for (const Addition& addition : additions) changed(tenant, addition.asset.id);
  return {};
}

}  // namespace lineshaft::rights
