// Client side: whatever a server says and whenever the connection is cut, a message of ours is
// answered at most once and the client's books stay right. Input: orders of one byte; an order to
// feed takes a length and as many bytes.
#include <algorithm>
#include <cstdint>
#include <set>

#include "base/assert.h"
#include "wire/mqtt/client.h"

using namespace lineshaft;

namespace {

class Owner : public mqtt::ClientEvents {
 public:
  mqtt::Client* client = nullptr;
  Nanoseconds now{0};
  std::set<std::uint64_t> open;
  std::vector<mqtt::Receipt> receipts;

  void on_connected(const mqtt::ConnAck& /*answer*/) override { LS_ASSERT(client->connected()); }
  void on_message(const mqtt::Publish& message, mqtt::Receipt receipt) override {
    LS_ASSERT(!message.topic.empty());
    if (receipt != 0) receipts.push_back(receipt);
  }
  void on_delivered(std::uint64_t token, const Status& /*status*/) override {
    LS_ASSERT(open.erase(token) == 1);
  }
  void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) override {
    LS_ASSERT(id != 0 && !reasons.empty());
  }
};

void publish(Owner& owner, mqtt::Qos qos) {
  static std::uint64_t token = 0;
  token += 1;
  mqtt::Publish message;
  message.topic = "a";
  message.payload = {1};
  message.qos = qos;
  const bool kept = qos != mqtt::Qos::kAtMostOnce;
  if (kept) owner.open.insert(token);
  if (!owner.client->publish(message, token, owner.now) && kept) owner.open.erase(token);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in(ByteSpan(data, size));
  Owner owner;
  mqtt::ClientOptions options;
  options.connect.client_id = "c";
  options.connect.version = in.u8() % 2 == 0 ? mqtt::Version::k311 : mqtt::Version::k5;
  options.connect.clean_start = in.u8() % 2 == 0;
  options.connect.keep_alive_s = 10;
  options.receive_maximum = 4;
  options.packet_bytes_max = 300;
  options.queue_bytes_max = 40;
  mqtt::Client client(options, owner);
  owner.client = &client;
  bool up = false;
  const auto drop = [&] {
    client.lost();
    up = false;
  };
  while (!in.at_end()) {
    const std::uint8_t order = in.u8();
    owner.now += std::chrono::seconds(1);
    if (order < 3) publish(owner, static_cast<mqtt::Qos>(order));
    if (order == 3) client.start(owner.now), up = true;
    if (order == 4) drop();
    if (order == 5 && !owner.receipts.empty()) {
      client.acknowledge(owner.receipts.back(), owner.now);
      owner.receipts.pop_back();
    }
    if (order == 6 && !client.on_time(owner.now)) drop();
    if (order == 7 && client.connected()) client.subscribe({{"#"}}, owner.now);
    if (order >= 8) {
      const ByteSpan bytes = in.bytes(std::min<std::size_t>(order - 8u, in.remaining()));
      if (up && !client.on_bytes(bytes, owner.now)) drop();
    }
    LS_ASSERT(client.unacknowledged() == owner.open.size());
    LS_ASSERT(client.queue_bytes() == 2 * owner.open.size());
  }
  return 0;
}
