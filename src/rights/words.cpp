// The words of the register, and the rules of its ids.
#include <algorithm>

#include "rights/register.h"
#include "rights/word_list.h"

namespace lineshaft::rights {
namespace {

constexpr Word<PartyKind> kPartyKinds[] = {{PartyKind::kCentre, "centre"},
                                           {PartyKind::kOrganisation, "organisation"},
                                           {PartyKind::kPerson, "person"}};
constexpr Word<AssetKind> kAssetKinds[] = {
    {AssetKind::kPatent, "patent"},     {AssetKind::kUtilityModel, "utility_model"},
    {AssetKind::kDesign, "design"},     {AssetKind::kTradeMark, "trade_mark"},
    {AssetKind::kSoftware, "software"}, {AssetKind::kDataSet, "data_set"},
    {AssetKind::kKnowHow, "know_how"}};
constexpr Word<AssetStatus> kStatuses[] = {{AssetStatus::kDraft, "draft"},
                                           {AssetStatus::kPending, "pending"},
                                           {AssetStatus::kInForce, "in_force"},
                                           {AssetStatus::kEnded, "ended"}};
constexpr Word<EventKind> kEventKinds[] = {
    {EventKind::kPriority, "priority"},
    {EventKind::kFiled, "filed"},
    {EventKind::kPublished, "published"},
    {EventKind::kExaminationRequested, "examination_requested"},
    {EventKind::kGranted, "granted"},
    {EventKind::kRegistered, "registered"},
    {EventKind::kCreated, "created"},
    {EventKind::kRenewed, "renewed"},
    {EventKind::kLapsed, "lapsed"},
    {EventKind::kRestored, "restored"},
    {EventKind::kExpired, "expired"},
    {EventKind::kWithdrawn, "withdrawn"},
    {EventKind::kRefused, "refused"},
    {EventKind::kInvalidated, "invalidated"},
    {EventKind::kAct, "act"}};

bool may_be_in_id(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

}  // namespace

std::string_view name_of(PartyKind kind) { return name_in<PartyKind>(kPartyKinds, kind); }
std::string_view name_of(AssetKind kind) { return name_in<AssetKind>(kAssetKinds, kind); }
std::string_view name_of(AssetStatus status) { return name_in<AssetStatus>(kStatuses, status); }
std::string_view name_of(EventKind kind) { return name_in<EventKind>(kEventKinds, kind); }

Result<PartyKind> parse_party_kind(std::string_view word) {
  return parse_in<PartyKind>(kPartyKinds, word, "kind of party");
}
Result<AssetKind> parse_asset_kind(std::string_view word) {
  return parse_in<AssetKind>(kAssetKinds, word, "kind of asset");
}
Result<AssetStatus> parse_asset_status(std::string_view word) {
  return parse_in<AssetStatus>(kStatuses, word, "status");
}
Result<EventKind> parse_event_kind(std::string_view word) {
  return parse_in<EventKind>(kEventKinds, word, "kind of event");
}

Status check_id(std::string_view field, std::string_view id) {
  if (!id.empty() && id.size() <= kIdBytesMax && std::ranges::all_of(id, may_be_in_id)) return {};
  return Error{ErrorId::kInvalidArgument,
               std::string(field) + ": '" + std::string(id.substr(0, kIdBytesMax)) +
                   "' is no id: 1 to 64 letters, digits, '.', '-' and '_'"};
}

AssetStatus status_after(const std::vector<Event>& events) {
  AssetStatus status = AssetStatus::kDraft;
  std::pair<Day, std::int64_t> last{kDayMin, 0};
  for (const Event& event : events) {
    AssetStatus then = AssetStatus::kDraft;
    switch (event.kind) {
      case EventKind::kFiled:
        then = AssetStatus::kPending;
        break;
      case EventKind::kGranted:
      case EventKind::kRegistered:
      case EventKind::kCreated:
      case EventKind::kRestored:
        then = AssetStatus::kInForce;
        break;
      case EventKind::kLapsed:
      case EventKind::kExpired:
      case EventKind::kWithdrawn:
      case EventKind::kRefused:
      case EventKind::kInvalidated:
        then = AssetStatus::kEnded;
        break;
      case EventKind::kPriority:
      case EventKind::kPublished:
      case EventKind::kExaminationRequested:
      case EventKind::kRenewed:
      case EventKind::kAct:
        continue;
    }
    const std::pair at{event.date, event.sequence};
    if (at < last) continue;
    last = at;
    status = then;
  }
  return status;
}

}  // namespace lineshaft::rights
