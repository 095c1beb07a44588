#include "api/live.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/json.h"

namespace lineshaft::api {
namespace {

constexpr std::uint64_t kGapMsMax = 250;
constexpr std::uint64_t kPingBeats = 15'000 / kLiveBeatMs;
constexpr std::uint16_t kClosePolicy = 1008;  // RFC 6455, 7.4.1

Json change_json(const historian::LastValue& last) {
  const Sample& sample = last.sample;
  return Json::array(
      {last.tag.value, format_rfc3339(sample.time), value_json(sample.value), sample.quality.code});
}

Result<std::vector<TagId>> parse_watch(const std::string& text) {
  const Result<Json> json = parse_json(text);
  if (!json) return json.error();
  const Error wrong{ErrorId::kInvalidArgument, "watch: must be a list of at most " +
                                                   std::to_string(kLiveTagsMax) + " tag ids"};
  if (!json->is_object() || !json->contains("watch")) return wrong;
  const Json& list = (*json)["watch"];
  if (!list.is_array() || list.size() > kLiveTagsMax) return wrong;
  std::vector<TagId> tags;
  for (const Json& item : list) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > UINT32_MAX) return wrong;
    tags.push_back({item.get<std::uint32_t>()});
  }
  return tags;
}

}  // namespace

std::uint64_t live_beats_until_next(std::size_t values, std::size_t clients) {
  const std::uint64_t ms = std::max<std::uint64_t>(values, clients / 4);
  return std::clamp(ms, kLiveBeatMs, kGapMsMax) / kLiveBeatMs;
}

struct Live::Client {
  identity::Principal reader;
  WhoNow who_now;
  std::shared_ptr<sys::WebSocket> socket;
  std::vector<TagId> wanted;
  std::vector<TagId> watch;  // what of it the reader may read
  // Of Identity::access_changes and Historian::path_changes, when `watch` was made.
  std::uint64_t seen_access = 0;
  std::uint64_t seen_paths = 0;
  std::uint64_t seen_tick = 0;  // changes up to this one were sent
  bool send_all = false;        // the watched set is new
  std::uint64_t next_look = 0;  // beats: at the reader's rights
  std::uint64_t next_send = 0;
  std::uint64_t next_ping = 0;
};

Live::Live(sys::EventLoop& loop, sys::Clock& clock, historian::Historian& historian,
           AccessChanges access_changes)
    : clock_(clock),
      historian_(historian),
      access_changes_(std::move(access_changes)),
      timer_(loop.make_timer()) {
  timer_->start(std::chrono::milliseconds(kLiveBeatMs), [this] { tick(); });
}

Live::~Live() = default;

sys::WebSocketHandlers Live::open(const identity::Principal& principal, WhoNow who_now) {
  auto client = std::make_shared<Client>();
  client->reader = principal;
  client->who_now = std::move(who_now);
  sys::WebSocketHandlers handlers;
  handlers.on_open = [this, client](std::shared_ptr<sys::WebSocket> socket) {
    client->socket = std::move(socket);
    client->next_ping = client->next_look = beat_ + kPingBeats;
    clients_.push_back(client);
  };
  handlers.on_text = [this, client](const std::string& text) { take_watch(*client, text); };
  handlers.on_close = [this, client] {
    client->socket.reset();
    std::erase(clients_, client);
  };
  return handlers;
}

void Live::take_watch(Client& client, const std::string& text) {
  Result<std::vector<TagId>> tags = parse_watch(text);
  if (!tags) {
    client.socket->send_text(dump({{"error", problem_json(tags.error(), 400)}}));
    return;
  }
  client.wanted = std::move(tags).value();
  client.send_all = true;
  if (look_again(client)) send_changes(client);
}

// False: the reader may read no more, and the socket is closed.
bool Live::look_again(Client& client) {
  client.next_look = beat_ + kPingBeats;
  client.seen_access = access_changes_();
  client.seen_paths = historian_.path_changes();
  std::optional<identity::Principal> now = client.who_now();
  if (!now) {
    client.socket->close(kClosePolicy, "signed out");
    return false;
  }
  client.reader = *std::move(now);
  keep_allowed(client);
  return true;
}

// What is not there and what the reader may not see are left out alike.
void Live::keep_allowed(Client& client) const {
  const TenantId tenant = client.reader.tenant;
  client.watch = client.wanted;
  if (identity::authorise(client.reader, identity::Permission::kTagRead)) return;
  std::erase_if(client.watch, [&](TagId id) {
    const std::optional<Tag> tag = historian_.find_tag(tenant, id);
    return !tag || !identity::authorise(client.reader, identity::Permission::kTagRead,
                                        {tenant, tag->spec.path});
  });
}

void Live::tick() {
  ++beat_;
  // A copy: closing a socket may take its client out of the list.
  const std::vector<std::shared_ptr<Client>> clients = clients_;
  for (const auto& client : clients) {
    if (!client->socket) continue;
    const bool changed =
        client->seen_access != access_changes_() || client->seen_paths != historian_.path_changes();
    if ((beat_ >= client->next_look || changed) && !look_again(*client)) continue;
    if (beat_ >= client->next_send) send_changes(*client);
  }
  timer_->start(std::chrono::milliseconds(kLiveBeatMs), [this] { tick(); });
}

void Live::send_changes(Client& client) {
  const std::uint64_t newest = historian_.tick(client.reader.tenant);
  Json values = Json::array();
  if (client.send_all || newest > client.seen_tick) {
    for (const auto& last : historian_.last_values(client.reader.tenant, client.watch)) {
      if (client.send_all || last.tick > client.seen_tick) values.push_back(change_json(last));
    }
  }
  if (values.empty() && !client.send_all) {
    client.seen_tick = newest;
    if (beat_ < client.next_ping) return;
    client.socket->send_text(R"({"ping":1})");
    client.next_ping = beat_ + kPingBeats;
    return;
  }
  client.next_send = beat_ + live_beats_until_next(values.size(), clients_.size());
  const Json message = {{"time", format_rfc3339(clock_.now())}, {"values", std::move(values)}};
  // Refused when the client is slow: what changed is then sent with the next tick, newest only.
  if (!client.socket->send_text(dump(message))) return;
  client.seen_tick = newest;
  client.send_all = false;
  client.next_ping = beat_ + kPingBeats;
}

}  // namespace lineshaft::api
