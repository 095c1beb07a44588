// rights/register.h: the register of intellectual property: parties, assets, what happened to them,
// and who owns them in which shares since when. Stored in tables of records.db.
//
// Nothing that was true once is written over: events and shares are added, and a correction names
// what it replaces, so that what was shared out then can be repeated now.
//
// Threads: any; calls wait for each other. Every call blocks for the disk.
// Errors of every call besides those named: as records::Statement::step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/result.h"
#include "base/time.h"
#include "model/sample.h"
#include "records/database.h"
#include "sys/clock.h"

namespace lineshaft::rights {

inline constexpr std::size_t kIdBytesMax = 64;
inline constexpr std::size_t kTitleCharactersMax = 500;
inline constexpr std::size_t kNoteCharactersMax = 2'000;
inline constexpr std::size_t kOwnersMax = 1'000;           // of one asset at one time
inline constexpr std::int64_t kWeightMax = 1'000'000'000;  // of one owner
inline constexpr std::size_t kMembersMax = 10'000;         // of one centre
inline constexpr std::size_t kCountsMax = 20;              // of one asset, and reductions
inline constexpr std::int64_t kCountMax = 1'000'000;       // as the docket's
inline constexpr std::int64_t kEventNumberMax = 200;       // as the docket's recurrences

// The numbers of these kinds are stored: only append. Their words are those of the API.
//
// Who may own, license, be paid.
enum class PartyKind : std::uint8_t { kCentre, kOrganisation, kPerson };
// Kinds of property. Know-how, software and data sets have no office.
enum class AssetKind : std::uint8_t {
  kPatent,
  kUtilityModel,
  kDesign,
  kTradeMark,
  kSoftware,
  kDataSet,
  kKnowHow,
};
enum class AssetStatus : std::uint8_t { kDraft, kPending, kInForce, kEnded };
enum class EventKind : std::uint8_t {
  kPriority,
  kFiled,
  kPublished,
  kExaminationRequested,
  kGranted,
  kRegistered,
  kCreated,  // software, data sets and know-how exist from here on
  kRenewed,
  kLapsed,
  kRestored,
  kExpired,
  kWithdrawn,
  kRefused,
  kInvalidated,
  kAct,  // a step before an office that has no kind of its own here; `act` names it
};

std::string_view name_of(PartyKind kind);
std::string_view name_of(AssetKind kind);
std::string_view name_of(AssetStatus status);
std::string_view name_of(EventKind kind);
// Errors: kInvalidArgument naming the word and those that are allowed.
Result<PartyKind> parse_party_kind(std::string_view word);
Result<AssetKind> parse_asset_kind(std::string_view word);
Result<AssetStatus> parse_asset_status(std::string_view word);
Result<EventKind> parse_event_kind(std::string_view word);

// Letters, digits, '.', '-' and '_', 1..kIdBytesMax of them: the same id in every
// installation.
Status check_id(std::string_view field, std::string_view id);

struct Party {
  std::string id;
  PartyKind kind = PartyKind::kOrganisation;
  std::string name;
  std::string country;  // ISO 3166-1 alpha-2, or ""
  std::string region;
  std::string field;         // of a centre: what it works on
  std::int64_t version = 0;  // 0: not kept yet; plus one with every change
};

// A party belongs to a centre in [from, to).
struct Membership {
  std::string centre;
  std::string member;
  std::string tier;
  Day from;
  std::optional<Day> to;
};

// How many claims, classes, pages... an asset has: some fees depend on it.
struct FeeCount {
  std::string of;           // as the rule packs name it: "claims", "classes"
  std::int64_t number = 0;  // 0..kCountMax
  friend bool operator==(const FeeCount&, const FeeCount&) = default;
};

struct Asset {
  std::string id;
  AssetKind kind = AssetKind::kPatent;
  std::string title;
  std::string family;  // assets of one invention share it, or ""
  std::string parent;  // the asset it stems from (priority, division, national phase), or ""
  std::string office;  // WIPO ST.3 code: CN, US, EP, WO; or ""
  std::string number;  // of the application or registration at that office, or ""
  AssetStatus status = AssetStatus::kDraft;  // follows from the events; not set
  std::int64_t version = 0;
  std::vector<FeeCount> counts = {};         // in order of `of`
  std::vector<std::string> reductions = {};  // ids of the rule packs; in order
};

struct Event {
  std::int64_t sequence = 0;  // from 1 in its asset
  EventKind kind = EventKind::kFiled;
  Day date;
  std::string note;
  std::string document;  // SHA-256 of a document in 64 hexadecimal digits, or ""
  Timestamp recorded;
  std::string recorded_by;
  // Of kAct, as the rule packs name it: "first_office_action", "claims_amended"; else "".
  std::string act = {};
  // Which of several: of a renewal the year that was paid, 0 if nobody said; else 0.
  std::int64_t number = 0;
};

// An asset with all that happened to it, in order of sequence.
struct AssetHistory {
  Asset asset;
  std::vector<Event> events;
};

// What the deadlines of an asset need to know of its parent and of those that stem from it.
struct Relative {
  std::string id;
  std::string parent;
  AssetKind kind = AssetKind::kPatent;
  std::string office;
  std::optional<Day> filed;
  bool has_priority = false;
};

struct Share {
  std::string party;
  std::int64_t weight = 0;  // 1..kWeightMax; {1, 1} and {50, 50} own alike
  friend bool operator==(const Share&, const Share&) = default;
};

// Who owns an asset from a day on, until the next such day.
struct Ownership {
  std::int64_t sequence = 0;  // from 1 in its asset
  Day from;
  std::vector<Share> shares;  // in order of party
  std::string basis;          // the contract or decision it rests on
  std::string document;       // as Event
  // The sequence of the entry that this one corrects, which has the same `from`; 0: none.
  std::int64_t corrects = 0;
  Timestamp recorded;
  std::string recorded_by;
};

// What a file adds to the register: an asset that is new or changed, events, an owner.
struct Addition {
  Asset asset;  // version 0: new; else the version that this one replaces
  bool is_put = false;
  std::vector<Event> events;
  std::optional<Ownership> ownership;
};

// Who looks: everything of the organisation that runs the register, or what one party is party to.
// A party that is not in the register, such as "", sees nothing.
struct View {
  TenantId tenant;
  std::optional<std::string> party;  // nothing: everything
};

struct AssetFilter {
  std::string search = {};  // in id, title and number; "" for all
  std::optional<AssetKind> kind = {};
  std::optional<AssetStatus> status = {};
  std::string office = {};
  std::string family = {};
  std::string owner = {};  // owns a share on `on`
  Day on = {};
};

struct AssetRow {
  Asset asset;
  std::vector<Share> owners;  // on the day of the filter
};

struct AssetPage {
  std::vector<AssetRow> rows;  // in order of id
  std::uint64_t total = 0;
};

class Register {
 public:
  // Takes the database for itself; `clock` must outlive the register. Errors: as
  // Database::migrate.
  static Result<std::unique_ptr<Register>> open(std::unique_ptr<records::Database> database,
                                                sys::Clock& clock);

  // Called after an asset or its events changed, on the thread that changed it; it may call the
  // register. Set before the register is shared.
  using Watcher = std::function<void(TenantId tenant, const std::string& asset)>;
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }

  // --- parties ---
  // A view of one party sees that party, and those that share an asset, a centre or a project.
  Result<std::vector<Party>> list_parties(const View& view);
  Result<Party> get_party(const View& view, std::string_view id);
  // Makes it when version is 0, else replaces that version. Errors: kInvalidArgument naming the
  // field; kConflict: the id is taken, or it has another version; kNotFound.
  Result<Party> put_party(TenantId tenant, Party party);
  Result<std::vector<Membership>> list_memberships(const View& view);
  // Errors: kInvalidArgument (no centre, a centre in itself, `to` not after `from`), kNotFound;
  // kConflict: the member belongs to that centre already in a part of that time.
  Status add_membership(TenantId tenant, const Membership& membership);
  // Ends the membership that runs on the day before `on`. Errors: kNotFound.
  Status end_membership(TenantId tenant, std::string_view centre, std::string_view member, Day on);

  // Which party an account speaks for. Errors: kNotFound: no such party.
  Status set_speaker(TenantId tenant, std::uint64_t user, std::string_view party);
  Status remove_speaker(TenantId tenant, std::uint64_t user);
  Result<std::optional<std::string>> party_of(TenantId tenant, std::uint64_t user);
  // All who speak for a party, by account.
  Result<std::vector<std::pair<std::uint64_t, std::string>>> speakers(TenantId tenant);

  // --- assets ---
  Result<AssetPage> list_assets(const View& view, const AssetFilter& filter, std::uint64_t offset,
                                std::uint64_t limit);
  // kNotFound also for one that the view does not show.
  Result<Asset> get_asset(const View& view, std::string_view id);
  // As put_party. `status` is passed over; `parent` must exist and not stem from this asset.
  Result<Asset> put_asset(TenantId tenant, Asset asset);

  // The ids of all that the filter leaves, in order.
  Result<std::vector<std::string>> list_asset_ids(const View& view, const AssetFilter& filter);
  // Every asset of the tenant, in order of id. Stops at the first error of `take`, which must not
  // call the register.
  Status each_history(TenantId tenant, const std::function<Status(AssetHistory)>& take);
  // All of it or nothing. Errors: as put_asset, add_event and add_ownership.
  Status take(TenantId tenant, const std::vector<Addition>& additions, std::string_view by);
  // kNotFound also for one that the view does not show.
  Result<AssetHistory> get_history(const View& view, std::string_view asset);
  // The parent of the asset and those that stem from it; of "" every asset that has a parent or is
  // one. In order of id.
  Result<std::vector<Relative>> list_relatives(TenantId tenant, std::string_view asset);

  Result<std::vector<Event>> list_events(const View& view, std::string_view asset);
  // The status of the asset follows. Errors: kNotFound; kInvalidArgument: a document that is no
  // SHA-256, a day after `today`, an act without a name or a name without an act, a number beyond
  // kEventNumberMax; kConflict: such an event of that day is there already.
  Result<Event> add_event(TenantId tenant, std::string_view asset, Event event, Day today,
                          std::string_view by);

  // All entries in order of sequence; what counts on a day says shares_on.
  Result<std::vector<Ownership>> list_ownership(const View& view, std::string_view asset);
  // The entries that count, by `from`. Errors: kNotFound.
  Result<std::vector<Ownership>> standing_ownership(TenantId tenant, std::string_view asset);
  // Errors: kNotFound: no such asset or party; kInvalidArgument naming the share (none, twice the
  // same party, weight out of range); kConflict: there is an entry of that day, and this one does
  // not say that it corrects it; or the asset is a result of a project whose agreement asks for a
  // consent that is not there, and the error names who has not given it.
  Result<Ownership> add_ownership(TenantId tenant, std::string_view asset, Ownership ownership,
                                  std::string_view by);
  // In order of party; empty before the first entry.
  Result<std::vector<Share>> shares_on(TenantId tenant, std::string_view asset, Day on);

 private:
  Register(std::unique_ptr<records::Database> database, sys::Clock& clock)
      : database_(std::move(database)), clock_(clock) {}

  void changed(TenantId tenant, const std::string& asset) const {
    if (watcher_) watcher_(tenant, asset);
  }

  // mutex_ held:
  Result<Asset> keep_asset(TenantId tenant, Asset asset);
  Result<Event> keep_event(TenantId tenant, std::string_view asset, Event event,
                           std::string_view by);
  Result<Ownership> keep_ownership(TenantId tenant, std::string_view asset, Ownership ownership,
                                   std::string_view by);
  Result<Party> read_party(TenantId tenant, std::string_view id);
  Result<Asset> read_asset(TenantId tenant, std::string_view id);
  Status must_show(const View& view, std::string_view asset);
  Status check_lineage(TenantId tenant, const Asset& asset);
  Status write_status(TenantId tenant, std::string_view asset);
  Result<std::vector<Share>> shares_of(TenantId tenant, std::string_view asset,
                                       std::int64_t sequence);
  Result<std::int64_t> current_entry(TenantId tenant, std::string_view asset, Day on);
  Status check_agreed(TenantId tenant, std::string_view asset, const Ownership& ownership);
  Status check_correction(TenantId tenant, std::string_view asset, const Ownership& ownership);
  Result<std::int64_t> next_sequence(std::string_view table, TenantId tenant,
                                     std::string_view asset);

  std::mutex mutex_;
  std::unique_ptr<records::Database> database_;  // guarded by mutex_
  sys::Clock& clock_;
  Watcher watcher_;
};

// What the events say of the asset: the last of those that change the status, by day and then by
// sequence.
AssetStatus status_after(const std::vector<Event>& events);

}  // namespace lineshaft::rights
