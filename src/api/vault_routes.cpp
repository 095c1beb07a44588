// The keys that secrets are sealed under.
#include <nlohmann/json.hpp>

#include "api/resources.h"

namespace lineshaft::api {
namespace {

Json to_json(const VaultView& view) {
  Json keys = Json::array();
  for (const VaultKey& key : view.keys) {
    keys.push_back({{"owner", key.owner.value},
                    {"number", key.number},
                    {"made", format_rfc3339(key.made)},
                    {"state", key.state}});
  }
  return {{"id", view.id},
          {"master", view.master},
          {"master_since", format_rfc3339(view.master_since)},
          {"master_place", view.master_place},
          {"advice", view.advice},
          {"encryption", view.encryption},
          {"files_sealed", view.files_sealed},
          {"files_clear", view.files_clear},
          {"files_old_keys", view.files_old_keys},
          {"rotating", view.rotating},
          {"trouble", view.trouble},
          {"keys", std::move(keys)}};
}

Result<Reply> show(const Services& services, const Request&) {
  const Result<VaultView> view = services.vault->view();
  if (!view) return view.error();
  return Reply::json(to_json(*view));
}

Result<Reply> rotate(const Services& services, const Request& request) {
  if (Status noted = audit(services, request, "vault.rotate", "keys"); !noted) return noted.error();
  if (Status begun = services.vault->rotate(); !begun) return begun.error();
  const Result<VaultView> view = services.vault->view();
  if (!view) return view.error();
  return Reply::json(to_json(*view), 202);
}

}  // namespace

std::vector<Route> vault_routes(const Services& services) {
  const Rule run = Rule::needs(identity::Permission::kStorageMaintain);
  return {
      {"GET", "/vault", run, "The keys that secrets are sealed under, without the keys", "",
       "Vault", bind(services, show)},
      {"POST", "/vault/rotate", run, "Make new keys and seal everything under them", "", "Vault",
       bind(services, rotate)},
  };
}

}  // namespace lineshaft::api
