#include "identity/provider_json.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "identity/text_rules.h"
#include "identity/web_address.h"
#include "sys/tls.h"

namespace lineshaft::identity {
namespace {

constexpr std::size_t kTextBytesMax = 256;
constexpr std::size_t kAcrBytesMax = 512;
constexpr std::size_t kListedMax = 20;
constexpr std::size_t kPemBytesMax = 64 * 1024;
constexpr std::size_t kSideFieldBytesMax = 1'000;  // the trail keeps 8 KiB of each side

constexpr std::array<std::pair<Unmapped, std::string_view>, 3> kUnmapped{
    {{Unmapped::kRefused, "refused"}, {Unmapped::kFallback, "fallback"}, {Unmapped::kOwn, "own"}}};

Error wrong(std::string_view field, const std::string& why) {
  return {ErrorId::kInvalidArgument, std::string(field) + ": " + why};
}

bool is_visible(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

Result<std::vector<std::string>> texts(const Json& object, const char* field,
                                       std::vector<std::string> fallback, std::size_t bytes_max) {
  if (!object.contains(field) || object[field].is_null()) return fallback;
  const Json& list = object[field];
  const Error bad =
      wrong(field, "must be a list of at most " + std::to_string(kListedMax) + " texts of up to " +
                       std::to_string(bytes_max) + " characters");
  if (!list.is_array() || list.size() > kListedMax) return bad;
  std::vector<std::string> out;
  for (const Json& item : list) {
    if (!item.is_string()) return bad;
    const auto& text = item.get_ref<const std::string&>();
    if (!is_visible(text, bytes_max)) return bad;
    out.push_back(text);
  }
  return out;
}

Result<GroupRole> mapping_from_json(const Json& item) {
  if (!item.is_object()) return Error{ErrorId::kInvalidArgument, "must be an object"};
  if (Status known = only_fields(item, {"group", "role", "place"}); !known) return known.error();
  const Result<std::string> group = required_string(item, "group");
  if (!group) return group.error();
  if (group->empty() || group->size() > kTextBytesMax) return wrong("group", "1 to 256 bytes");
  const Result<std::string> role = required_string(item, "role");
  if (!role) return role.error();
  const Result<std::string> place = optional_string(item, "place", std::string(kEverywhere));
  if (!place) return place.error();
  Result<Grant> grant = parse_grant(*role + "@" + *place);
  if (!grant) return grant.error();
  if (Status fit = check_duties(Access({*grant})); !fit) return std::move(fit).error();
  return GroupRole{*group, *std::move(grant)};
}

Status take_groups(const Json& object, ProviderSettings& out) {
  if (!object.contains("groups") || object["groups"].is_null()) return {};
  const Json& list = object["groups"];
  if (!list.is_array() || list.size() > kProviderMappingsMax) {
    return wrong("groups", "must be a list of at most " + std::to_string(kProviderMappingsMax));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<GroupRole> mapping = mapping_from_json(list[i]);
    if (!mapping) {
      return Error{mapping.error().id,
                   "groups[" + std::to_string(i) + "]: " + mapping.error().what};
    }
    out.groups.push_back(*std::move(mapping));
  }
  return {};
}

Status take_texts(const Json& object, ProviderSettings& out) {
  const std::pair<const char*, std::string*> required[] = {
      {"name", &out.name}, {"issuer", &out.issuer}, {"client_id", &out.client_id}};
  for (const auto& [field, text] : required) {
    Result<std::string> given = required_string(object, field);
    if (!given) return std::move(given).error();
    *text = *std::move(given);
  }
  Result<std::string> name = normalise_name("name", out.name);
  if (!name) return std::move(name).error();
  out.name = *std::move(name);
  if (Status good = check_issuer(out.issuer); !good) return good;
  if (!is_visible(out.client_id, kTextBytesMax)) {
    return wrong("client_id", "must be 1 to 256 visible characters");
  }
  Result<std::string> claim = optional_string(object, "groups_claim", "");
  if (!claim) return std::move(claim).error();
  if (claim->size() > kTextBytesMax) return wrong("groups_claim", "at most 256 bytes");
  out.groups_claim = *std::move(claim);
  Result<std::string> pem = optional_string(object, "trusted_pem", "");
  if (!pem) return std::move(pem).error();
  if (!pem->empty() && (pem->size() > kPemBytesMax || !sys::inspect_certificate(*pem))) {
    return wrong("trusted_pem", "holds no certificate in PEM");
  }
  out.trusted_pem = *std::move(pem);
  return {};
}

Status take_lists(const Json& object, ProviderSettings& out) {
  auto scopes = texts(object, "scopes", out.scopes, kTextBytesMax);
  if (!scopes) return std::move(scopes).error();
  out.scopes = *std::move(scopes);
  std::erase(out.scopes, "openid");  // it is asked for in any case
  for (const std::string& scope : out.scopes) {
    if (scope == "offline_access") {
      return wrong("scopes", "offline_access is for programs that come without their person");
    }
    if (scope.find_first_of("\"\\") != scope.npos) return wrong("scopes", "a wrong character");
  }
  auto acr = texts(object, "strong_acr", {}, kAcrBytesMax);
  if (!acr) return std::move(acr).error();
  out.strong_acr = *std::move(acr);
  auto domains = texts(object, "email_domains", {}, kTextBytesMax);
  if (!domains) return std::move(domains).error();
  for (const std::string& domain : *domains) {
    const Result<std::string> address = normalise_email("x@" + domain);
    if (!address || domain.find('@') != domain.npos) {
      return wrong("email_domains", "'" + domain.substr(0, 64) + "' is no domain");
    }
    out.email_domains.push_back(address->substr(2));
  }
  return {};
}

Status take_choices(const Json& object, ProviderSettings& out) {
  const Result<std::string> unmapped =
      optional_string(object, "unmapped", std::string(unmapped_name(out.unmapped)));
  if (!unmapped) return unmapped.error();
  const Result<Unmapped> chosen = parse_unmapped(*unmapped);
  if (!chosen) return chosen.error();
  out.unmapped = *chosen;
  const Result<std::string> fallback =
      optional_string(object, "fallback", std::string(role_name(out.fallback)));
  if (!fallback) return fallback.error();
  const Result<Role> role = parse_role(*fallback);
  if (!role) return Error{role.error().id, "fallback: " + role.error().what};
  out.fallback = *role;
  const std::pair<const char*, bool*> switches[] = {{"makes_people", &out.makes_people},
                                                    {"assume_s256", &out.assume_s256},
                                                    {"enabled", &out.enabled}};
  for (const auto& [field, on] : switches) {
    const Result<bool> given = optional_bool(object, field, *on);
    if (!given) return given.error();
    *on = *given;
  }
  return {};
}

Json bounded(const Json& value) {
  const std::size_t bytes = dump(value).size();
  return bytes <= kSideFieldBytesMax ? value : Json("(" + std::to_string(bytes) + " bytes)");
}

}  // namespace

std::string_view unmapped_name(Unmapped unmapped) {
  for (const auto& [known, name] : kUnmapped) {
    if (known == unmapped) return name;
  }
  return "refused";
}

Result<Unmapped> parse_unmapped(std::string_view name) {
  for (const auto& [unmapped, known] : kUnmapped) {
    if (known == name) return unmapped;
  }
  return Error{ErrorId::kInvalidArgument, "unmapped: must be refused, fallback or own"};
}

Json provider_settings_json(const ProviderSettings& settings) {
  Json groups = Json::array();
  for (const GroupRole& mapping : settings.groups) {
    groups.push_back({{"group", mapping.group},
                      {"role", role_name(mapping.grant.role)},
                      {"place", mapping.grant.place}});
  }
  return {{"name", settings.name},
          {"issuer", settings.issuer},
          {"client_id", settings.client_id},
          {"scopes", settings.scopes},
          {"groups_claim", settings.groups_claim},
          {"groups", std::move(groups)},
          {"unmapped", unmapped_name(settings.unmapped)},
          {"fallback", role_name(settings.fallback)},
          {"makes_people", settings.makes_people},
          {"email_domains", settings.email_domains},
          {"strong_acr", settings.strong_acr},
          {"trusted_pem", settings.trusted_pem},
          {"assume_s256", settings.assume_s256},
          {"enabled", settings.enabled}};
}

Result<ProviderSettings> provider_settings_from_json(const Json& object) {
  Status known =
      only_fields(object, {"name", "issuer", "client_id", "scopes", "groups_claim", "groups",
                           "unmapped", "fallback", "makes_people", "email_domains", "strong_acr",
                           "trusted_pem", "assume_s256", "enabled"});
  if (!known) return std::move(known).error();
  ProviderSettings settings;
  for (const auto take : {take_texts, take_lists, take_groups, take_choices}) {
    if (Status taken = take(object, settings); !taken) return std::move(taken).error();
  }
  return settings;
}

std::string changed_fields(const ProviderSettings& a, const ProviderSettings& b) {
  const Json now = provider_settings_json(a);
  const Json other = provider_settings_json(b);
  Json changed = Json::object();
  for (const auto& [name, value] : now.items()) {
    if (other[name] != value) changed[name] = bounded(value);
  }
  return changed.empty() ? std::string() : dump(changed);
}

}  // namespace lineshaft::identity
