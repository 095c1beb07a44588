#include <nlohmann/json.hpp>

#include "app/provision.h"
#include "app/provision_list.h"
#include "base/log.h"
#include "connect/flow_json.h"

namespace lineshaft::app {

namespace {

constexpr std::size_t kFlowsBytesMax = 16 * 1024 * 1024;

}  // namespace

Status provision_flows(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                       connect::Flows& flows) {
  const std::string path = sys::join_path(folder, "flows.json");
  if (!files.exists(path)) return {};
  const Result<Bytes> text = sys::read_file(files, path, kFlowsBytesMax);
  if (!text) return text.error();
  const Result<Json> json = parse_json(as_text(*text));
  if (!json || !json->is_array()) {
    return Error{ErrorId::kBadConfig, path + ": must be a JSON list of flows"};
  }
  const Status done = each({{"flows", *json}}, "flows", [&](const Json& item) {
    return add_one(connect::flow_from_json(item), [&](connect::FlowConfig config) {
      return flows.add(tenant, std::move(config));
    });
  });
  if (!done) return Error{ErrorId::kBadConfig, path + ": " + done.error().what};
  log_info("app", "provisioned " + std::to_string(json->size()) + " flows from " + path);
  return {};
}

}  // namespace lineshaft::app
