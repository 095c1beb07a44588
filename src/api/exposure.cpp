#include "api/exposure.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>

#include "connect/connection_json.h"
#include "connect/flow.h"
#include "connect/flow_json.h"
#include "connect/flows/flows.h"
#include "connect/opcua/trust.h"
#include "connect/protocol.h"
#include "connect/registry.h"
#include "identity/authority.h"
#include "sys/process.h"

namespace lineshaft::api {
namespace {

using connect::Secrets;
using std::chrono::hours;

constexpr Nanoseconds kDay = hours(24);
constexpr int kDaysBeforeEnd = 30;
constexpr Nanoseconds kUnused = kDay * 90;
constexpr Nanoseconds kBackupOld = kDay * 7;

// What makers deliver machines and brokers with, as their manuals say.
constexpr std::array<std::string_view, 16> kMakersPasswords{
    "",     "admin", "administrator", "password", "1234",  "12345", "123456",  "0000",
    "1111", "user",  "root",          "public",   "guest", "test",  "siemens", "default"};

bool is_inside(std::string_view at) {
  const std::size_t scheme = at.find("://");
  if (scheme != at.npos) at.remove_prefix(scheme + 3);
  return at.starts_with("127.") || at.starts_with("localhost") || at.starts_with("[::1]") ||
         at.starts_with("::1");
}

// Waits for others, instead of going to them.
bool listens(std::string_view kind) {
  return kind.ends_with("-server") || kind.ends_with("-agent");
}

Protection protection_of(std::string_view kind, const Json& settings) {
  if (kind == "lineshaft") return Protection::kEncryption;
  if (kind == "opcua-server") {
    if (settings.value("allow_none", false)) return Protection::kNone;
    return settings.value("allow_sign", false) ? Protection::kSignature : Protection::kEncryption;
  }
  return settings.value("tls", false) ? Protection::kEncryption : Protection::kNone;
}

// Is there nothing to turn on for it? Those that have some form of TLS have the setting.
bool knows_no_encryption(std::string_view kind, const Json& settings) {
  return kind != "opcua-server" && !settings.contains("tls");
}

// Did whoever opens the sockets refuse it for want of encryption?
bool is_refused(const std::optional<std::string>& last_error) {
  return last_error && last_error->starts_with(error_number(ErrorId::kPlainRefused));
}

void add_http(const Services& services, Exposure& out) {
  for (const std::string& at : services.listening()) {
    const bool outside = !is_inside(at);
    out.listeners.push_back({"console and API", at, outside, Protection::kEncryption, 0});
    if (!outside) continue;
    out.findings.push_back({"listen.outside", Urgency::kLook,
                            "Other machines reach the console and the API at " + at + ".",
                            "If only this machine needs them, set listen to 127.0.0.1.", "", at, 0,
                            ""});
  }
}

void add_outgoing(const Services& services, Exposure& out) {
  out.outgoing = services.outgoing.entries();
  out.plain = services.plain.entries();
  const std::size_t organisations = services.identity.organisations().size();
  if (services.outgoing.includes(sys::AddressKind::kPublic)) {
    out.findings.push_back(
        {"outgoing.public", Urgency::kLook, "The server may connect to every public address.",
         "Name the hosts and networks it needs in outgoing.allow.", "", "", 0, ""});
  }
  if (services.plain.includes(sys::AddressKind::kPublic)) {
    out.findings.push_back({"plain.public", Urgency::kMend,
                            "Anything may go to every public address without encryption.",
                            "Name the machines that cannot encrypt in plain.allow, one by one.", "",
                            "", 0, ""});
  }
  if (services.outgoing.includes(sys::AddressKind::kLinkLocal)) {
    out.findings.push_back({"outgoing.link_local", Urgency::kLook,
                            "The server may connect to every link-local address, where clouds "
                            "hand out secrets.",
                            "Name the machines that are there in outgoing.allow, one by one.", "",
                            "", 0, ""});
  }
  if (organisations > 1 && services.outgoing.includes(sys::AddressKind::kLoopback)) {
    out.findings.push_back({"outgoing.loopback", Urgency::kLook,
                            "The engineers of " + std::to_string(organisations) +
                                " organisations may connect to programs of this machine.",
                            "Take \"loopback\" out of outgoing.allow, or name the ports that are "
                            "needed.",
                            "", "", organisations, ""});
  }
}

// What others find at a flow that waits for them.
void add_served(const connect::RegisteredFlow& flow, const Json& settings, Exposure& out) {
  const std::string& name = flow.config.name;
  const std::string& at = flow.status.outlet.at;
  const std::uint64_t tags = flow.status.tags;
  const std::string link = "/flows/" + std::to_string(flow.id);
  const bool outside = !is_inside(at);
  const std::string_view kind = connect::kind_of(flow.config.settings).name();
  const Protection protection = protection_of(kind, settings);
  out.listeners.push_back(
      {"flow " + name + " (" + std::string(kind) + ")", at, outside, protection, tags});
  if (!outside || protection == Protection::kEncryption) return;
  if (protection == Protection::kSignature) {
    out.findings.push_back({"flow.signed", Urgency::kLook,
                            "The flow " + name + " also serves clients at " + at +
                                " that sign and do not encrypt: who listens on the way reads its " +
                                std::to_string(tags) + " tags.",
                            "Turn allow_sign off for it once all its clients encrypt.", name, at,
                            tags, link});
    return;
  }
  const bool writes = flow.config.writes_enabled;
  const Urgency urgency = writes ? Urgency::kMend : Urgency::kLook;
  const std::string open = "The flow " + name + " serves " + std::to_string(tags) + " tags at " +
                           at + " to everybody who reaches it, without encryption" +
                           (writes ? ", and takes writes" : "");
  if (knows_no_encryption(kind, settings)) {
    out.findings.push_back({writes ? "flow.bare_writes" : "flow.bare", urgency,
                            open + ": a flow of its kind has none.",
                            "Let it listen at an address of this machine alone or of a VPN, and "
                            "name that in plain.allow instead of other networks; or let a firewall "
                            "admit single machines only.",
                            name, at, tags, link});
    return;
  }
  out.findings.push_back(
      {writes ? "flow.open_writes" : "flow.open", urgency, open + ".",
       "Turn on what its protocol has for security, or let a firewall admit single machines only.",
       name, at, tags, link});
}

void add_flow(const connect::RegisteredFlow& flow, Exposure& out) {
  const std::string_view kind = connect::kind_of(flow.config.settings).name();
  if (!flow.config.enabled) return;
  const Json json = connect::flow_json(flow.config, Secrets::kHidden);
  const Protection protection = protection_of(kind, json["settings"]);
  const std::string link = "/flows/" + std::to_string(flow.id);
  if (flow.status.outlet.state == connect::OutletState::kDown &&
      is_refused(flow.status.outlet.last_error)) {
    out.findings.push_back({"flow.plain_refused", Urgency::kMend,
                            "The flow " + flow.config.name +
                                " is refused: it is not encrypted, and plain.allow does not lead "
                                "there.",
                            "Turn on TLS or OPC UA security for it, or name the address in "
                            "plain.allow.",
                            flow.config.name, "", 0, link});
    return;
  }
  if (!listens(kind)) {
    if (protection == Protection::kEncryption || is_inside(flow.status.outlet.at)) return;
    out.findings.push_back({"flow.plain", Urgency::kMend,
                            "The flow " + flow.config.name + " sends to " + flow.status.outlet.at +
                                " without encryption.",
                            "Turn TLS on for the flow.", flow.config.name, flow.status.outlet.at, 0,
                            link});
    return;
  }
  if (flow.status.outlet.at.empty()) return;  // it could not be opened: nobody reaches it
  add_served(flow, json["settings"], out);
}

void add_flows(const Services& services, TenantId tenant, Exposure& out) {
  if (services.flows == nullptr) return;
  for (const auto& flow : services.flows->list(tenant)) add_flow(flow, out);
}

bool has_makers_password(const Json& settings) {
  const std::string user = settings.value("user_name", "");
  const std::string password = settings.value("password", "");
  if (user.empty() && password.empty()) return false;
  return std::ranges::count(kMakersPasswords, password) > 0 || password == user;
}

// Signing alone encrypts nothing. A serial line is no network.
bool is_plain(const Json& settings) {
  if (settings.value("tls", false) || settings.value("transport", "") == "serial") return false;
  const std::string mode = settings.value("mode", "none");
  return mode == "none" || mode == "sign";
}

// Does plain.allow not lead there? Of a name only an attempt tells.
bool is_refused(const Services& services, const connect::RegisteredConnection& connection,
                const Json& settings) {
  sys::Endpoint to{settings.value("host", ""), settings.value("port", std::uint16_t{0})};
  if (const auto url = connect::opcua::parse_url(settings.value("url", ""))) to = url->endpoint;
  if (sys::is_numeric_host(to.host)) return services.plain.why_not(to, to.host, "").has_value();
  return connection.status.state != connect::ConnectionState::kConnected &&
         is_refused(connection.status.last_error);
}

void add_plain(std::uint64_t plain, std::uint64_t refused, Exposure& out) {
  if (refused > 0) {
    out.findings.push_back({"connection.plain_refused", Urgency::kMend,
                            std::to_string(refused) +
                                " connections to machines are refused: they are not encrypted, and "
                                "plain.allow does not lead there.",
                            "Turn on TLS or OPC UA security for them, or name their addresses in "
                            "plain.allow.",
                            "", "", refused, "/machines"});
  }
  if (plain > 0) {
    out.findings.push_back({"connection.plain", Urgency::kLook,
                            std::to_string(plain) +
                                " connections to machines are not encrypted, and lead where "
                                "plain.allow lets them.",
                            "Turn on TLS or OPC UA security where the machine has it; keep the "
                            "others in a network of their own, and name that alone in plain.allow.",
                            "", "", plain, "/machines"});
  }
}

void add_connections(const Services& services, TenantId tenant, Exposure& out) {
  std::uint64_t plain = 0;
  std::uint64_t refused = 0;
  std::uint64_t writing = 0;
  for (const auto& connection : services.connections.list(tenant)) {
    const connect::ConnectionConfig& config = connection.config;
    const Json settings =
        connect::kind_of(config.protocol()).settings_json(config.settings, Secrets::kShown);
    writing += config.writes_enabled ? 1U : 0U;
    if (config.enabled && is_plain(settings)) {
      (is_refused(services, connection, settings) ? refused : plain) += 1;
    }
    if (!has_makers_password(settings)) continue;
    out.findings.push_back({"connection.password", Urgency::kMend,
                            "The machine of " + config.name +
                                " has a password that its maker, or anybody, would try first.",
                            "Change it at the machine, then here.", config.name, "", 0,
                            "/machines/" + std::to_string(connection.id)});
  }
  add_plain(plain, refused, out);
  if (writing > 0) {
    out.findings.push_back({"connection.writes", Urgency::kLook,
                            std::to_string(writing) + " connections may write to machines.",
                            "Leave writing on only where it is used.", "", "", writing,
                            "/machines"});
  }
}

void add_tokens(const Services& services, const Request& request, Exposure& out) {
  const auto tokens = services.identity.list_tokens(request.principal);
  if (!tokens) return;
  std::uint64_t endless = 0;
  std::uint64_t unused = 0;
  const Timestamp now = services.clock.now();
  for (const identity::Token& token : *tokens) {
    endless += token.expires ? 0U : 1U;
    unused += now - token.last_used.value_or(token.created) > kUnused ? 1U : 0U;
  }
  if (endless > 0) {
    out.findings.push_back(
        {"token.endless", Urgency::kLook, std::to_string(endless) + " tokens never expire.",
         "Replace them by tokens that do.", "", "", endless, "/administration/tokens"});
  }
  if (unused > 0) {
    out.findings.push_back({"token.unused", Urgency::kLook,
                            std::to_string(unused) + " tokens were not used for 90 days.",
                            "Revoke what nobody needs.", "", "", unused, "/administration/tokens"});
  }
}

void add_machine(const Services& services, Exposure& out) {
  for (const char* part : {"", "tls", "records.db", "tls/key.pem", "tls/authority-key.pem"}) {
    const std::string path = sys::join_path(services.data_directory, part);
    const Result<unsigned> others = sys::rights_of_others(path);
    if (!others || *others == 0) continue;
    out.findings.push_back({"files.open", Urgency::kMend,
                            "Other users of this machine have rights on " + path + ".",
                            "Take them away: chmod go= " + path, "", path, 0, ""});
  }
  if (sys::runs_as_root()) {
    out.findings.push_back({"process.root", Urgency::kMend, "The server runs as root.",
                            "Run it as a user of its own: packaging/lineshaft.service, or --user.",
                            "", "", 0, ""});
  }
  if (sys::writes_core_files()) {
    out.findings.push_back({"process.core", Urgency::kLook,
                            "A crash would write the server's memory, with its keys, to disk.",
                            "Start it by `lineshaft serve`, which forbids that.", "", "", 0, ""});
  }
}

void add_backup(const Services& services, Exposure& out) {
  if (services.backups == nullptr) return;
  const auto last = services.backups->status().last_success;
  if (last && services.clock.now() - *last < kBackupOld) return;
  out.findings.push_back({"backup.old", Urgency::kLook, "There is no backup of the last 7 days.",
                          "Make one, to another disk: lineshaft backup.", "",
                          last ? format_rfc3339(*last) : "", 0, ""});
}

void add_ending(const Services& services, const std::string& id, const std::string& name,
                Timestamp ends, const std::string& remedy, std::vector<Finding>& out) {
  const Timestamp now = services.clock.now();
  const Nanoseconds left = ends - now;
  if (left > kDay * kDaysBeforeEnd) return;
  const auto days = static_cast<std::uint64_t>(std::max<std::int64_t>(left / kDay, 0));
  const std::string when = format_rfc3339(ends);
  out.push_back({id, left <= kDay * 7 ? Urgency::kMend : Urgency::kLook,
                 name + (left <= Nanoseconds(0) ? " ended " : " ends ") + when + ".", remedy, name,
                 when, days, "/administration/certificates"});
}

void add_opcua_ends(const Services& services, std::vector<Finding>& out) {
  if (services.opcua_trust == nullptr) return;
  const std::string remedy = "Bring a new one, and approve it.";
  if (const auto own = services.opcua_trust->own_info()) {
    add_ending(services, "certificate.opcua", "The OPC UA certificate of this server",
               own->not_after, remedy, out);
  }
  if (const auto own = services.opcua_trust->own_info(connect::opcua::KeyKind::kNistP256)) {
    add_ending(services, "certificate.opcua", "The OPC UA certificate (ECC) of this server",
               own->not_after, remedy, out);
  }
  for (const sys::X509Info& info : services.opcua_trust->trusted()) {
    add_ending(services, "certificate.opcua", info.subject, info.not_after, remedy, out);
  }
}

}  // namespace

std::string_view protection_name(Protection protection) {
  constexpr std::array<std::string_view, 3> kNames{"none", "signed", "encrypted"};
  return kNames[static_cast<std::size_t>(protection)];
}

std::vector<Finding> ending_certificates(const Services& services, TenantId tenant) {
  std::vector<Finding> out;
  if (services.authority != nullptr) {
    const auto own = services.authority->server();
    if (own) {
      add_ending(services, "certificate.server", "The certificate of this server",
                 own->info.not_after,
                 "Import its successor, or let the server's authority make one: lineshaft cert "
                 "renew.",
                 out);
    }
    if (const auto info = services.authority->info()) {
      add_ending(services, "certificate.authority", "The authority of this server", info->not_after,
                 "Remove tls/authority*.pem and restart; trust the new one.", out);
    }
    for (const auto& one : services.authority->list(tenant)) {
      if (one.revoked) continue;
      add_ending(services, "certificate.issued", one.name, one.not_after,
                 "Issue a new one, or revoke it if nobody needs it.", out);
    }
  }
  add_opcua_ends(services, out);
  return out;
}

Exposure examine_exposure(const Services& services, const Request& request) {
  Exposure out;
  add_http(services, out);
  add_outgoing(services, out);
  add_flows(services, request.tenant(), out);
  add_connections(services, request.tenant(), out);
  add_tokens(services, request, out);
  add_machine(services, out);
  add_backup(services, out);
  std::ranges::move(ending_certificates(services, request.tenant()),
                    std::back_inserter(out.findings));
  std::ranges::stable_sort(out.findings, {}, &Finding::urgency);
  return out;
}

}  // namespace lineshaft::api
