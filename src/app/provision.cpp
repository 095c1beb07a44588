#include "app/provision.h"

#include <nlohmann/json.hpp>

#include "app/provision_list.h"
#include "base/log.h"
#include "connect/connection_json.h"
#include "rights/register_json.h"
#include "sys/x509.h"

namespace lineshaft::app {
namespace {

constexpr std::size_t kConnectionsBytesMax = 256 * 1024 * 1024;
constexpr std::size_t kRightsBytesMax = 64 * 1024 * 1024;
constexpr const char* kRecordedBy = "provision";

// In pieces, so that a file of any size takes no memory.
Status copy_file(sys::FileSystem& files, const std::string& from, const std::string& to) {
  auto source = files.open(from, sys::OpenMode::kRead);
  if (!source) return source.error();
  auto target = files.open(to, sys::OpenMode::kCreateNew);
  if (!target) return target.error();
  Bytes piece(1024 * 1024);
  for (std::uint64_t offset = 0;;) {
    const Result<std::size_t> got = (*source)->read_at(offset, piece);
    if (!got) return got.error();
    if (*got == 0) return (*target)->sync();
    if (Status written = (*target)->write_at(offset, {piece.data(), *got}); !written)
      return written;
    offset += *got;
  }
}

bool has_name(const std::vector<connect::RegisteredConnection>& list, const std::string& name) {
  for (const auto& connection : list) {
    if (connection.config.name == name) return true;
  }
  return false;
}

// Adds each object of a list; what conflicts with the register is there already.
class RightsFile {
 public:
  RightsFile(TenantId tenant, rights::Register& rights, Day today)
      : tenant_(tenant), rights_(rights), today_(today) {}

  Status add(const Json& file) {
    if (!file.is_object()) return Error{ErrorId::kBadConfig, "must be a JSON object"};
    if (Status known = only_fields(file, {"parties", "memberships", "assets"}); !known) {
      return known;
    }
    Status done = each(file, "parties", [&](const Json& item) {
      return add_one(rights::party_from_json(item), [&](rights::Party party) {
        return rights_.put_party(tenant_, std::move(party));
      });
    });
    if (done) {
      done = each(file, "memberships", [&](const Json& item) {
        const auto membership = rights::membership_from_json(item);
        return membership ? passed(rights_.add_membership(tenant_, *membership))
                          : Status(membership.error());
      });
    }
    if (done) done = each(file, "assets", [&](const Json& item) { return add_asset(item); });
    return done;
  }

 private:
  Status add_asset(const Json& item) {
    if (!item.is_object()) return Error{ErrorId::kBadConfig, "must be an object"};
    Json own = item;
    own.erase("events");
    own.erase("ownership");
    Status done = add_one(rights::asset_from_json(own), [&](rights::Asset asset) {
      return rights_.put_asset(tenant_, std::move(asset));
    });
    if (!done) return done;
    const std::string id = item["id"].get<std::string>();
    done = each(item, "events", [&](const Json& event) {
      return add_one(rights::event_from_json(event), [&](rights::Event one) {
        return rights_.add_event(tenant_, id, std::move(one), today_, kRecordedBy);
      });
    });
    if (!done) return done;
    return each(item, "ownership", [&](const Json& entry) {
      return add_one(rights::ownership_from_json(entry), [&](rights::Ownership one) {
        return rights_.add_ownership(tenant_, id, std::move(one), kRecordedBy);
      });
    });
  }

  TenantId tenant_;
  rights::Register& rights_;
  Day today_;
};

}  // namespace

Status provision_connections(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                             connect::Registry& connections) {
  const std::string path = sys::join_path(folder, "connections.json");
  if (!files.exists(path)) return {};
  const Result<Bytes> text = sys::read_file(files, path, kConnectionsBytesMax);
  if (!text) return text.error();
  const Result<Json> json = parse_json(as_text(*text));
  if (!json || !json->is_array()) {
    return Error{ErrorId::kBadConfig, path + ": must be a JSON list of connections"};
  }
  const auto existing = connections.list(tenant);
  for (std::size_t i = 0; i < json->size(); ++i) {
    Result<connect::ConnectionConfig> config = connect::config_from_json((*json)[i]);
    if (!config) {
      return Error{ErrorId::kBadConfig,
                   path + ": connections[" + std::to_string(i) + "]: " + config.error().what};
    }
    if (has_name(existing, config->name)) continue;
    if (const auto added = connections.add(tenant, *std::move(config)); !added) {
      return added.error();
    }
  }
  log_info("app", "provisioned " + std::to_string(json->size()) + " connections from " + path);
  return {};
}

Status provision_certificates(sys::FileSystem& files, const std::string& folder,
                              connect::opcua::TrustStore& trust) {
  const Result<std::vector<std::string>> names = files.list(folder);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.ends_with(".der")) continue;
    const std::string path = sys::join_path(folder, name);
    const Result<Bytes> certificate = sys::read_file(files, path, sys::kCertificateBytesMax);
    if (!certificate) return certificate.error();
    if (Status trusted = trust.trust(*certificate); !trusted) {
      return Error{ErrorId::kBadConfig, path + ": " + trusted.error().what};
    }
    log_info("app", "trusted the OPC UA certificate " + path);
  }
  return {};
}

Status provision_rights(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                        rights::Register& rights, Day today) {
  const std::string path = sys::join_path(folder, "rights.json");
  if (!files.exists(path)) return {};
  const Result<Bytes> text = sys::read_file(files, path, kRightsBytesMax);
  if (!text) return text.error();
  const Result<Json> json = parse_json(as_text(*text));
  if (!json) return Error{ErrorId::kBadConfig, path + ": " + json.error().what};
  if (Status added = RightsFile(tenant, rights, today).add(*json); !added) {
    return Error{ErrorId::kBadConfig, path + ": " + added.error().what};
  }
  log_info("app", "provisioned the register of intellectual property from " + path);
  return {};
}

Status provision_imports(sys::FileSystem& files, const std::string& folder, TenantId tenant,
                         intake::ImportService& imports, const std::function<bool()>& stopping) {
  const Result<std::vector<std::string>> names = files.list(folder);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!name.ends_with(".csv")) continue;
    if (stopping()) return Error{ErrorId::kCancelled, "provisioning from " + folder};
    // A copy: the service owns what it imports, the folder stays as it is.
    const std::string copy = imports.new_upload_path();
    if (Status copied = copy_file(files, sys::join_path(folder, name), copy); !copied)
      return copied;
    const Result<intake::Import> made = imports.create({tenant, name, "provisioned/files", copy});
    if (!made) return made.error();
    if (const auto running = imports.commit(tenant, made->id); !running) return running.error();
    imports.wait_idle();
    const Result<intake::Import> taken = imports.get(tenant, made->id);
    if (!taken) return taken.error();
    if (taken->error) return *taken->error;
    log_info("app", "imported " + std::to_string(made->report.samples) + " samples from " + name);
  }
  return {};
}

}  // namespace lineshaft::app
