#include "api/live.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/json.h"

namespace lineshaft::api {
namespace {

constexpr Nanoseconds kPeriod = std::chrono::milliseconds(250);
constexpr int kPingTicks = 60;                // 15 s
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

struct Live::Client {
  TenantId tenant;
  StillAllowed still_allowed;
  std::shared_ptr<sys::WebSocket> socket;
  std::vector<TagId> watch;
  std::uint64_t seen_tick = 0;  // changes up to this one were sent
  bool send_all = false;        // the watched set is new
  int ticks = 0;
  int silent_ticks = 0;
};

Live::Live(sys::EventLoop& loop, sys::Clock& clock, historian::Historian& historian)
    : clock_(clock), historian_(historian), timer_(loop.make_timer()) {
  timer_->start(kPeriod, [this] { tick(); });
}

Live::~Live() = default;

sys::WebSocketHandlers Live::open(const identity::Principal& principal,
                                  StillAllowed still_allowed) {
  auto client = std::make_shared<Client>();
  client->tenant = principal.tenant;
  client->still_allowed = std::move(still_allowed);
  sys::WebSocketHandlers handlers;
  handlers.on_open = [this, client](std::shared_ptr<sys::WebSocket> socket) {
    client->socket = std::move(socket);
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
  client.watch = std::move(tags).value();
  client.send_all = true;
  send_changes(client);
}

void Live::tick() {
  // A copy: closing a socket may take its client out of the list.
  const std::vector<std::shared_ptr<Client>> clients = clients_;
  for (const auto& client : clients) {
    if (!client->socket) continue;
    if (++client->ticks % kPingTicks == 0 && !client->still_allowed()) {
      client->socket->close(kClosePolicy, "signed out");
      continue;
    }
    send_changes(*client);
  }
  timer_->start(kPeriod, [this] { tick(); });
}

void Live::send_changes(Client& client) {
  const std::uint64_t newest = historian_.tick(client.tenant);
  Json values = Json::array();
  if (client.send_all || newest > client.seen_tick) {
    for (const auto& last : historian_.last_values(client.tenant, client.watch)) {
      if (client.send_all || last.tick > client.seen_tick) values.push_back(change_json(last));
    }
  }
  if (values.empty() && !client.send_all) {
    if (++client.silent_ticks % kPingTicks == 0) client.socket->send_text(R"({"ping":1})");
    client.seen_tick = newest;
    return;
  }
  const Json message = {{"time", format_rfc3339(clock_.now())}, {"values", std::move(values)}};
  // Refused when the client is slow: what changed is then sent with the next tick, newest only.
  if (!client.socket->send_text(dump(message))) return;
  client.seen_tick = newest;
  client.send_all = false;
  client.silent_ticks = 0;
}

}  // namespace lineshaft::api
