// Everything an organisation has, as one tar, pulled piece by piece.
#include <deque>
#include <memory>

#include "api/grant_json.h"
#include "api/organisation_view.h"
#include "api/tar.h"
#include "connect/connection_json.h"
#include "connect/flow_json.h"
#include "connect/flows/flows.h"
#include "intake/export.h"
#include "retention/rules.h"

namespace lineshaft::api {
namespace {

constexpr std::uint64_t kAuditPerFile = 1'000;
constexpr std::size_t kTagsAtOnce = 1'000;
// A file of samples ends when it has so much.
constexpr std::size_t kPartBytes = std::size_t{4} * 1024 * 1024;

constexpr const char* kReadme =
    "Everything that this organisation has on the server.\n\n"
    "organisation.json  name, quotas, use        people.json, tokens.json  without their secrets\n"
    "connections.json, flows.json, retention.json  settings, without passwords\n"
    "tags.ndjson        one tag a line           usage.csv    what was used, hour by hour\n"
    "audit/             the trail, newest first  samples/     CSV that the import reads back\n";

std::string numbered(const char* folder, std::size_t number, const char* ending) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
  return std::string(folder) + digits + ending;
}

// Makes one file after the other; of each only its own bytes are in memory.
class OrganisationExport {
 public:
  OrganisationExport(const Services& services, identity::Principal who)
      : services_(services), who_(std::move(who)), now_(services.clock.now()) {
    for (TagId tag : services_.historian.list_tag_ids(who_.tenant, {})) tags_.push_back(tag);
  }

  // The next piece; "" at the end.
  Result<std::string> next() {
    switch (step_) {
      case Step::kSettings:
        step_ = Step::kAudit;
        return settings();
      case Step::kAudit:
        return audit();
      case Step::kSamples:
        return samples();
      case Step::kEnd:
        step_ = Step::kOver;
        return tar_end();
      case Step::kOver:
        break;
    }
    return std::string();
  }

 private:
  enum class Step : std::uint8_t { kSettings, kAudit, kSamples, kEnd, kOver };

  std::string file(const std::string& name, std::string_view bytes) const {
    return tar_entry(name, bytes, now_);
  }

  Result<std::string> settings() {
    const auto own = find_organisation(services_, who_.tenant);
    if (!own) return own.error();
    Json people = Json::array();
    const auto users = services_.identity.list_users(who_);
    if (!users) return users.error();
    for (const identity::User& user : *users) {
      people.push_back({{"email", user.email},
                        {"name", user.name},
                        {"grants", grants_json(user.access.grants())},
                        {"created", format_rfc3339(user.created)}});
    }
    Json connections = Json::array();
    for (const connect::ConnectionConfig& config : services_.connections.configs(who_.tenant)) {
      Json json = connect::config_json(config, connect::Secrets::kHidden);
      json["signals"] = connect::signals_json(config.signals);
      connections.push_back(std::move(json));
    }
    Json flows = Json::array();
    for (const connect::RegisteredFlow& flow : services_.flows->list(who_.tenant)) {
      flows.push_back(connect::flow_json(flow.config, connect::Secrets::kHidden));
    }
    Json rules = Json::array();
    for (const auto& rule : services_.retention->get(who_.tenant).rules) {
      rules.push_back(retention::rule_json(rule));
    }
    const Result<Json> tokens = tokens_json();
    if (!tokens) return tokens.error();
    const Result<std::string> usage = usage_csv(services_, who_.tenant);
    if (!usage) return usage.error();
    return file("README.txt", kReadme) +
           file("organisation.json", dump(organisation_json(services_, *own))) +
           file("people.json", dump(people)) + file("tokens.json", dump(*tokens)) +
           file("connections.json", dump(connections)) + file("flows.json", dump(flows)) +
           file("retention.json", dump(rules)) + file("tags.ndjson", tag_lines()) +
           file("usage.csv", *usage);
  }

  Result<Json> tokens_json() const {
    const auto tokens = services_.identity.list_tokens(who_);
    if (!tokens) return tokens.error();
    Json all = Json::array();
    for (const identity::Token& token : *tokens) {
      all.push_back({{"name", token.name},
                     {"grants", grants_json(token.access.grants())},
                     {"created", format_rfc3339(token.created)}});
    }
    return all;
  }

  std::string tag_lines() const {
    std::string lines;
    for (const TagId id : tags_) {
      const std::optional<Tag> tag = services_.historian.find_tag(who_.tenant, id);
      if (tag) lines += dump(tag_json(*tag)) + "\n";
    }
    return lines;
  }

  Result<std::string> audit() {
    const auto page = services_.identity.list_audit(who_, audit_done_, kAuditPerFile);
    if (!page) return page.error();
    std::string lines;
    for (const identity::AuditEntry& entry : page->entries) {
      lines += dump({{"time", format_rfc3339(entry.time)},
                     {"actor", entry.actor},
                     {"action", entry.action},
                     {"object", entry.object},
                     {"detail", entry.detail}}) +
               "\n";
    }
    audit_done_ += page->entries.size();
    if (page->entries.empty() || audit_done_ >= page->total) step_ = Step::kSamples;
    return file(numbered("audit/", ++audit_files_, ".ndjson"), lines);
  }

  // What the CSV source hands over are whole rows; the first of them is the header, which every
  // file begins with.
  Result<std::string> samples() {
    std::string part;
    while (part.size() < kPartBytes) {
      if (!source_) {
        if (tags_.empty()) break;
        if (Status opened = open_source(); !opened) return opened.error();
      }
      Result<std::string> piece = source_();
      if (!piece) return piece;
      if (piece->empty()) {
        source_ = nullptr;
        continue;
      }
      std::string_view rows = *piece;
      if (is_head_) {
        const std::size_t end = rows.find('\n');
        header_ = rows.substr(0, end + 1);
        rows.remove_prefix(end + 1);
        is_head_ = false;
      }
      if (part.empty()) part = header_;
      part += rows;
    }
    if (part.empty()) {
      step_ = Step::kEnd;
      return next();
    }
    return file(numbered("samples/", ++sample_files_, ".csv"), part);
  }

  Status open_source() {
    std::vector<TagId> some;
    while (!tags_.empty() && some.size() < kTagsAtOnce) {
      some.push_back(tags_.front());
      tags_.pop_front();
    }
    auto source = intake::make_csv_export(services_.historian, who_.tenant, std::move(some),
                                          TimeRange{}, intake::ExportOptions{});
    if (!source) return source.error();
    source_ = *std::move(source);
    is_head_ = true;
    return {};
  }

  const Services& services_;
  const identity::Principal who_;
  const Timestamp now_;
  Step step_ = Step::kSettings;
  std::uint64_t audit_done_ = 0;
  std::size_t audit_files_ = 0;
  std::deque<TagId> tags_;  // still to be read
  intake::CsvSource source_;
  bool is_head_ = true;
  std::string header_;
  std::size_t sample_files_ = 0;
};

Result<Reply> export_all(const Services& services, const Request& request) {
  // Everything is more than the audit trail, which the rule of the route asks for.
  for (const auto what : {identity::Permission::kUserRead, identity::Permission::kConnectionRead,
                          identity::Permission::kTagRead}) {
    if (Status may = identity::authorise(request.principal, what); !may) {
      return Error{may.error().id, "everything goes to who may see all of it: " + may.error().what};
    }
  }
  if (Status noted = audit(services, request, "organisation.export", ""); !noted) {
    return noted.error();
  }
  Reply reply;
  reply.content_type = "application/x-tar";
  reply.headers.emplace_back("content-disposition", "attachment; filename=\"organisation.tar\"");
  const auto all = std::make_shared<OrganisationExport>(services, request.principal);
  reply.stream = [all] { return all->next(); };
  return reply;
}

}  // namespace

std::vector<Route> export_routes(const Services& services) {
  return {
      {"GET", "/organisation/export", Rule::needs(identity::Permission::kAuditRead),
       "Everything that one's organisation has, as one tar", "", "", bind(services, export_all)},
  };
}

}  // namespace lineshaft::api
