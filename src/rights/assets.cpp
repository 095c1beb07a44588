// The assets of the register and what happened to them.
#include "rights/asset_rows.h"
#include "rights/schema.h"

namespace lineshaft::rights {
namespace {

// A lineage is a handful of steps; more is a mistake, and bounds the walk up.
constexpr int kLineageMax = 100;

// No party has this id: the whole register looks.
constexpr std::string_view kWholeRegister = "*";

// Texts that are '' and numbers that are NULL leave all in. ?2: the party that looks, or
// kWholeRegister. ?3: what to search, as a pattern. ?4 kind, ?5 status, ?6 office, ?7 family. ?8:
// an owner on day ?9.
constexpr std::string_view kAssetsWhere =
    " FROM rights_assets AS a WHERE a.tenant = ?1 "
    "AND (?2 = '*' OR EXISTS (SELECT 1 FROM rights_standing_shares AS s "
    "  WHERE s.tenant = ?1 AND s.party = ?2 AND s.asset = a.id)) "
    "AND (?3 = '' OR a.id LIKE ?3 ESCAPE '\\' OR a.title LIKE ?3 ESCAPE '\\' "
    "  OR a.number LIKE ?3 ESCAPE '\\') "
    "AND (?4 IS NULL OR a.kind = ?4) AND (?5 IS NULL OR a.status = ?5) "
    "AND (?6 = '' OR a.office = ?6) AND (?7 = '' OR a.family = ?7) "
    "AND (?8 = '' OR EXISTS (SELECT 1 FROM rights_shares AS s "
    "  WHERE s.tenant = ?1 AND s.party = ?8 AND s.asset = a.id AND s.sequence = "
    "    (SELECT o.sequence FROM rights_ownership AS o WHERE o.tenant = ?1 AND o.asset = a.id "
    "     AND o.corrected = 0 AND o.from_day <= ?9 ORDER BY o.from_day DESC LIMIT 1)))";

// What a person types is no pattern.
std::string like(std::string_view search) {
  if (search.empty()) return "";
  std::string pattern = "%";
  for (const char c : search) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

std::optional<std::int64_t> number_or_null(const auto& kind) {
  if (!kind) return std::nullopt;
  return static_cast<std::int64_t>(*kind);
}

std::string looker(const View& view) {
  if (!view.party) return std::string(kWholeRegister);
  return *view.party == kWholeRegister ? "" : *view.party;
}

// Binds ?1..?9 of kAssetsWhere and what comes after them.
void bind_filter(records::Statement& statement, const View& view, const AssetFilter& filter,
                 const auto&... rest) {
  statement.bind(std::int64_t{view.tenant.value}, looker(view), like(filter.search),
                 number_or_null(filter.kind), number_or_null(filter.status), filter.office,
                 filter.family, filter.owner, number_of(filter.on), rest...);
}

Error no_asset(std::string_view id) {
  return {ErrorId::kNotFound, "there is no asset '" + std::string(id) + "'"};
}

}  // namespace

Result<AssetPage> Register::list_assets(const View& view, const AssetFilter& filter,
                                        std::uint64_t offset, std::uint64_t limit) {
  const std::lock_guard lock(mutex_);
  AssetPage page;
  Result<records::Statement> count =
      database_->prepare("SELECT count(*)" + std::string(kAssetsWhere));
  if (!count) return std::move(count).error();
  bind_filter(*count, view, filter);
  const auto total =
      all_rows<std::int64_t>(*count, [](records::Statement& row) { return row.int64(0); });
  if (!total) return total.error();
  page.total = static_cast<std::uint64_t>(total->front());

  Result<records::Statement> select =
      database_->prepare("SELECT " + std::string(kAssetColumns) + std::string(kAssetsWhere) +
                         " ORDER BY a.id LIMIT ?11 OFFSET ?10");
  if (!select) return std::move(select).error();
  bind_filter(*select, view, filter, static_cast<std::int64_t>(offset),
              static_cast<std::int64_t>(limit));
  Result<std::vector<Asset>> assets = all_rows<Asset>(*select, asset_row);
  if (!assets) return std::move(assets).error();
  for (Asset& asset : *assets) {
    const Result<std::int64_t> entry = current_entry(view.tenant, asset.id, filter.on);
    if (!entry) return entry.error();
    Result<std::vector<Share>> owners = shares_of(view.tenant, asset.id, *entry);
    if (!owners) return std::move(owners).error();
    page.rows.push_back({std::move(asset), *std::move(owners)});
  }
  return page;
}

Result<std::vector<std::string>> Register::list_asset_ids(const View& view,
                                                          const AssetFilter& filter) {
  const std::lock_guard lock(mutex_);
  Result<records::Statement> select =
      database_->prepare("SELECT a.id" + std::string(kAssetsWhere) + " ORDER BY a.id");
  if (!select) return std::move(select).error();
  bind_filter(*select, view, filter);
  return all_rows<std::string>(*select,
                               [](records::Statement& row) { return std::string(row.text(0)); });
}

Result<Asset> Register::read_asset(TenantId tenant, std::string_view id) {
  const auto rows = query<Asset>(*database_,
                                 "SELECT " + std::string(kAssetColumns) +
                                     " FROM rights_assets AS a WHERE tenant = ?1 AND id = ?2",
                                 asset_row, std::int64_t{tenant.value}, id);
  if (!rows) return rows.error();
  if (rows->empty()) return no_asset(id);
  return rows->front();
}

Status Register::must_show(const View& view, std::string_view asset) {
  if (const Result<Asset> known = read_asset(view.tenant, asset); !known) return known.error();
  if (!view.party) return {};
  const Result<std::int64_t> shares = query_number(
      *database_,
      "SELECT count(*) FROM rights_standing_shares WHERE tenant = ?1 AND party = ?2 AND asset = ?3",
      std::int64_t{view.tenant.value}, *view.party, asset);
  if (!shares) return shares.error();
  return *shares > 0 ? Status() : no_asset(asset);
}

Result<Asset> Register::get_asset(const View& view, std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (Status shown = must_show(view, id); !shown) return shown.error();
  return read_asset(view.tenant, id);
}

// The parents of an asset lead to an end, and not to itself.
Status Register::check_lineage(TenantId tenant, const Asset& asset) {
  std::string above = asset.parent;
  for (int step = 0; !above.empty(); ++step) {
    if (above == asset.id || step == kLineageMax) {
      return Error{ErrorId::kInvalidArgument,
                   "parent: '" + asset.parent + "' stems from '" + asset.id + "' itself"};
    }
    const Result<Asset> parent = read_asset(tenant, above);
    if (!parent) {
      return Error{parent.error().id, "parent: " + parent.error().what};
    }
    above = parent->parent;
  }
  return {};
}

Result<Asset> Register::put_asset(TenantId tenant, Asset asset) {
  Result<Asset> kept = [&]() -> Result<Asset> {
    const std::lock_guard lock(mutex_);
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    Result<Asset> done = keep_asset(tenant, std::move(asset));
    if (!done) return done;
    if (Status written = transaction->commit(); !written) return written.error();
    return done;
  }();
  if (kept) changed(tenant, kept->id);
  return kept;
}

Result<Asset> Register::keep_asset(TenantId tenant, Asset asset) {
  if (Status sound = check_asset(asset); !sound) return sound.error();
  put_in_order(asset);
  const Result<Asset> present = read_asset(tenant, asset.id);
  if (!present && present.error().id != ErrorId::kNotFound) return present.error();
  if (!present && asset.version != 0) return present.error();
  if (present && present->version != asset.version) {
    return Error{ErrorId::kConflict, "asset '" + asset.id + "' is there with version " +
                                         std::to_string(present->version)};
  }
  if (Status sound = check_lineage(tenant, asset); !sound) return sound.error();
  asset.status = present ? present->status : AssetStatus::kDraft;
  ++asset.version;
  const Status kept = database_->run(
      "INSERT OR REPLACE INTO rights_assets (tenant, id, kind, title, family, parent, office, "
      "number, status, version, counts, reductions) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
      std::int64_t{tenant.value}, asset.id, static_cast<std::int64_t>(asset.kind), asset.title,
      asset.family, asset.parent, asset.office, asset.number,
      static_cast<std::int64_t>(asset.status), asset.version, text_of(asset.counts),
      text_of(asset.reductions));
  if (!kept) return kept.error();
  return asset;
}

Result<std::vector<Event>> Register::list_events(const View& view, std::string_view asset) {
  const std::lock_guard lock(mutex_);
  if (Status shown = must_show(view, asset); !shown) return shown.error();
  return query<Event>(*database_, kEventsOf, event_row, std::int64_t{view.tenant.value}, asset);
}

Result<std::int64_t> Register::next_sequence(std::string_view table, TenantId tenant,
                                             std::string_view asset) {
  const Result<std::int64_t> last =
      query_number(*database_,
                   "SELECT coalesce(max(sequence), 0) FROM " + std::string(table) +
                       " WHERE tenant = ?1 AND asset = ?2",
                   std::int64_t{tenant.value}, asset);
  if (!last) return last.error();
  return *last + 1;
}

Result<Event> Register::add_event(TenantId tenant, std::string_view asset, Event event, Day today,
                                  std::string_view by) {
  if (event.date > today) {
    return Error{ErrorId::kInvalidArgument,
                 "date: " + day_text(event.date) + " has not come yet; events are what happened"};
  }
  Result<Event> kept = [&]() -> Result<Event> {
    const std::lock_guard lock(mutex_);
    Result<records::Transaction> transaction = database_->begin();
    if (!transaction) return std::move(transaction).error();
    if (const Result<Asset> known = read_asset(tenant, asset); !known) return known.error();
    Result<Event> done = keep_event(tenant, asset, std::move(event), by);
    if (!done) return done;
    if (Status written = write_status(tenant, asset); !written) return written.error();
    if (Status written = transaction->commit(); !written) return written.error();
    return done;
  }();
  if (kept) changed(tenant, std::string(asset));
  return kept;
}

Result<Event> Register::keep_event(TenantId tenant, std::string_view asset, Event event,
                                   std::string_view by) {
  if (Status sound = check_event(event); !sound) return sound.error();
  const auto kind = static_cast<std::int64_t>(event.kind);
  const Result<std::int64_t> same = query_number(
      *database_,
      "SELECT count(*) FROM rights_events WHERE tenant = ?1 AND asset = ?2 AND kind = ?3 "
      "AND day = ?4 AND act = ?5 AND number = ?6",
      std::int64_t{tenant.value}, asset, kind, number_of(event.date), event.act, event.number);
  if (!same) return same.error();
  if (*same != 0) {
    const std::string_view what = event.act.empty() ? name_of(event.kind) : event.act;
    return Error{ErrorId::kConflict,
                 "'" + std::string(what) + "' of " + day_text(event.date) + " is there already"};
  }
  const Result<std::int64_t> sequence = next_sequence("rights_events", tenant, asset);
  if (!sequence) return sequence.error();
  event.sequence = *sequence;
  event.recorded = clock_.now();
  event.recorded_by = by;
  const Status kept = database_->run(
      "INSERT INTO rights_events (tenant, asset, sequence, kind, day, note, document, recorded, "
      "recorded_by, act, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      std::int64_t{tenant.value}, asset, event.sequence, kind, number_of(event.date), event.note,
      event.document, event.recorded, event.recorded_by, event.act, event.number);
  if (!kept) return kept.error();
  return event;
}

Status Register::write_status(TenantId tenant, std::string_view asset) {
  const auto events =
      query<Event>(*database_, kEventsOf, event_row, std::int64_t{tenant.value}, asset);
  if (!events) return events.error();
  return database_->run("UPDATE rights_assets SET status = ?3 WHERE tenant = ?1 AND id = ?2",
                        std::int64_t{tenant.value}, asset,
                        static_cast<std::int64_t>(status_after(*events)));
}

}  // namespace lineshaft::rights
