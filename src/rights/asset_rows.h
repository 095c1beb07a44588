// rights/asset_rows.h: rows of assets and events to values and back, and what is sound. Internal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "records/database.h"
#include "rights/register.h"

namespace lineshaft::rights {

inline constexpr std::string_view kAssetColumns =
    "a.id, a.kind, a.title, a.family, a.parent, a.office, a.number, a.status, a.version, "
    "a.counts, a.reductions";
inline constexpr std::string_view kEventColumns =
    "sequence, kind, day, note, document, recorded, recorded_by, act, number";
inline constexpr std::string_view kEventsOf =
    "SELECT sequence, kind, day, note, document, recorded, recorded_by, act, number "
    "FROM rights_events WHERE tenant = ?1 AND asset = ?2 ORDER BY sequence";

Asset asset_row(records::Statement& row);
Event event_row(records::Statement& row);

// Errors: kInvalidArgument naming the field.
Status check_asset(const Asset& asset);
Status check_event(const Event& event);

// Counts and reductions: the same facts are the same text, in whatever order they came; a count of
// nothing says nothing.
void put_in_order(Asset& asset);
std::string text_of(const std::vector<std::string>& words);
std::string text_of(const std::vector<FeeCount>& counts);

}  // namespace lineshaft::rights
