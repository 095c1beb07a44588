#include "api/rights_view.h"

namespace lineshaft::api {
namespace {

template <typename Kind>
Status take_kind(const Request& request, std::string_view name,
                 Result<Kind> (*parse)(std::string_view), std::optional<Kind>& out) {
  const std::optional<std::string> word = request.query(name);
  if (!word || word->empty()) return {};
  const Result<Kind> kind = parse(*word);
  if (!kind) return Error{kind.error().id, std::string(name) + ": " + kind.error().what};
  out = *kind;
  return {};
}

}  // namespace

Result<std::string> spoken_for(const Services& services, const Request& request) {
  const identity::Principal& who = request.principal;
  if (who.kind == identity::PrincipalKind::kUser) {
    const auto party = services.rights->party_of(kRegister, who.id);
    if (!party) return party.error();
    if (*party) return **party;
  }
  return Error{ErrorId::kDenied,
               who.name + " speaks for no party of the register; an administrator can set it"};
}

namespace {

Result<rights::View> view_of(const Services& services, const Request& request,
                             identity::Permission sees_all) {
  if (identity::authorise(request.principal, sees_all)) {
    return rights::View{kRegister, {}};
  }
  Result<std::string> party = spoken_for(services, request);
  if (!party && party.error().id != ErrorId::kDenied) return party.error();
  return rights::View{kRegister, party ? *std::move(party) : std::string()};
}

}  // namespace

Result<rights::View> rights_view(const Services& services, const Request& request) {
  return view_of(services, request, identity::Permission::kRightsManage);
}

Result<rights::View> books_view(const Services& services, const Request& request) {
  return view_of(services, request, identity::Permission::kSettlementManage);
}

Day today(const Services& services) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<Nanoseconds>(Nanoseconds(services.clock.now().ns)));
}

Result<Day> query_day(const Request& request, std::string_view name, Day fallback) {
  const std::optional<std::string> text = request.query(name);
  if (!text || text->empty()) return fallback;
  Result<Day> day = parse_day(*text);
  if (!day) return Error{day.error().id, std::string(name) + ": " + day.error().what};
  return day;
}

Result<rights::AssetFilter> asset_filter(const Services& services, const Request& request) {
  rights::AssetFilter filter;
  filter.search = request.query("search").value_or("");
  filter.office = request.query("office").value_or("");
  filter.family = request.query("family").value_or("");
  filter.owner = request.query("owner").value_or("");
  const Result<Day> on = query_day(request, "on", today(services));
  if (!on) return on.error();
  filter.on = *on;
  if (Status read = take_kind(request, "kind", rights::parse_asset_kind, filter.kind); !read) {
    return read.error();
  }
  if (Status read = take_kind(request, "status", rights::parse_asset_status, filter.status);
      !read) {
    return read.error();
  }
  return filter;
}

}  // namespace lineshaft::api
