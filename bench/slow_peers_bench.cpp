// bench/slow_peers_bench.cpp: thousands of peers against a server: such as are slow on purpose, and
// such as all come back at once; and what honest requests take meanwhile. See slow_peers.py.
//
//   slow_peers_bench flood PORT PID FINGERPRINT TOKEN --peers N --kinds a,b,c --alone SECONDS
//   slow_peers_bench return PORT PID FINGERPRINT TOKEN --peers N --alone SECONDS
//
// PID is the server's, for its memory and descriptors. TOKEN may read /overview. Every hundred
// peers have an address of their own: 127.0.0.2 and on. Prints one line of JSON.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "peer_crowd.h"

using namespace lineshaft;
using namespace lineshaft::bench;

namespace {

constexpr double kGiveUpS = 180;
constexpr double kAnswerS = 30;  // a client that waits longer for its answer begins anew

// --- peers that are slow on purpose ---

struct Kind {
  const char* name;
  bool tls;             // shakes hands first
  bool drips;           // a byte a second from there on
  std::string opening;  // sent at once
  std::string drip;
};

std::vector<Kind> all_kinds(const Target& target) {
  const std::string head =
      "POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
  std::string asks;
  for (int i = 0; i < 100; ++i) {
    asks += "GET " + target.asset + " HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n";
  }
  // RFC 8446, 4.1.2: a ClientHello of 512 bytes, of which the other side sees one a second.
  const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  return {
      {"silent", false, false, "", ""},
      {"half-open TLS", false, true, "", hello + std::string(500, '\0')},
      {"idle", true, false, "", ""},
      {"slow header", true, true, "", head + "x-long: " + std::string(8'000, 'a')},
      {"slow body", true, true, head + "content-length: 8000\r\n\r\n",
       "{\"email\": \"" + std::string(7'900, 'a')},
      {"slow reader", true, true, asks, std::string(8'000, 'G')},
      {"silent WebSocket", true, false,
       "GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: "
       "upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
       "authorization: Bearer " +
           target.token + "\r\n\r\n",
       ""},
  };
}

class SlowPeer final : public Peer {
 public:
  SlowPeer(Crowd& crowd, std::size_t number, const Kind& kind) : Peer(crowd, number), kind_(kind) {}

  const Kind& kind() const { return kind_; }
  double kept_s() const { return gone_s_ - began_s_; }
  bool was_taken() const { return began_s_ > 0; }

  void on_connected() override {
    began_s_ = next_s_ = now_s();
    if (kind_.tls) return shake_hands();
    on_secure();
  }
  // From here on nothing is read: what comes waits in the system's buffers.
  void on_secure() override {
    is_slow_ = true;
    watch(0);
    if (!kind_.opening.empty() && !send(kind_.opening)) gone();
  }
  void on_readable() override {}
  void on_gone() override { gone_s_ = now_s(); }
  void on_tick() override {
    const double now = now_s();
    if (!is_slow_ || !kind_.drips || now < next_s_ || sent_ == kind_.drip.size()) return;
    next_s_ = now + 1;
    if (!send(std::string_view(kind_.drip).substr(sent_++, 1))) gone();
  }

 private:
  const Kind& kind_;
  bool is_slow_ = false;
  double began_s_ = 0;
  double next_s_ = 0;
  double gone_s_ = 0;
  std::size_t sent_ = 0;
};

std::string flood(const Target& target, std::size_t count, const std::string& wanted) {
  std::vector<Kind> kinds;
  for (const Kind& kind : all_kinds(target)) {
    if (("," + wanted + ",").find("," + std::string(kind.name) + ",") != std::string::npos) {
      kinds.push_back(kind);
    }
  }
  if (kinds.empty()) {
    std::cerr << "no such kinds of peers: " << wanted << "\n";
    std::exit(2);
  }
  Crowd crowd(target);
  std::vector<std::unique_ptr<SlowPeer>> peers;
  for (std::size_t i = 0; i < count; ++i) {
    peers.push_back(std::make_unique<SlowPeer>(crowd, i, kinds[i % kinds.size()]));
  }
  std::vector<Peer*> all;
  for (const auto& peer : peers) all.push_back(peer.get());
  const double began = now_s();
  for (Peer* peer : all) peer->connect();
  const bool all_gone = crowd.run(all, kGiveUpS);
  std::ostringstream json;
  json << "\"all_gone\": " << (all_gone ? "true" : "false")
       << ", \"all_gone_s\": " << now_s() - began << ", \"kinds\": {";
  const char* between = "";
  for (const Kind& kind : kinds) {
    std::size_t taken = 0;
    std::size_t refused = 0;
    double kept_s = 0;
    for (const auto& peer : peers) {
      if (peer->kind().name != kind.name) continue;
      ++(peer->was_taken() ? taken : refused);
      if (peer->was_taken()) kept_s = std::max(kept_s, peer->kept_s());
    }
    json << std::exchange(between, ", ") << '"' << kind.name << "\": {\"peers\": " << taken
         << ", \"refused\": " << refused << ", \"kept_s_max\": " << kept_s << "}";
  }
  json << "}, " << crowd.usage_json();
  return json.str();
}

// --- clients that all come back at once ---

class Client final : public Peer {
 public:
  Client(Crowd& crowd, std::size_t number, const Target& target)
      : Peer(crowd, number), target_(target), random_(number) {}

  double answered_s() const { return answered_s_; }
  std::size_t attempts() const { return attempts_; }
  void begin() {
    ++attempts_;
    answer_.clear();
    until_s_ = now_s() + kAnswerS;
    connect();
  }

  void on_connected() override { shake_hands(); }
  void on_secure() override {
    watch(kReading);
    const std::string ask =
        "GET /api/v1/tags?limit=1 HTTP/1.1\r\nhost: localhost\r\nauthorization: "
        "Bearer " +
        target_.token + "\r\n\r\n";
    if (!send(ask)) gone();
  }
  void on_readable() override {
    if (!receive(answer_)) return gone();
    if (answer_.size() < 12) return;
    if (answer_.starts_with("HTTP/1.1 200")) answered_s_ = now_s();
    gone();
  }
  // Tries again later, and later each time, at no fixed moment, as ours and others do.
  void on_gone() override {
    if (answered_s_ > 0) return;
    const double most =
        std::min(8.0, std::ldexp(1.0, static_cast<int>(std::min<std::size_t>(attempts_, 4))));
    again_s_ = now_s() + most * std::uniform_real_distribution(0.5, 1.0)(random_);
  }
  void on_tick() override {
    if (answered_s_ > 0) return;
    if (is_gone()) {
      if (now_s() >= again_s_) begin();
    } else if (now_s() > until_s_) {
      gone();
    }
  }
  bool has_ended() const override { return answered_s_ > 0; }

 private:
  const Target& target_;
  std::minstd_rand random_;
  std::string answer_;
  std::size_t attempts_ = 0;
  double until_s_ = 0;
  double again_s_ = 0;
  double answered_s_ = 0;
};

std::string come_back(const Target& target, std::size_t count) {
  Crowd crowd(target);
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<Peer*> all;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<Client>(crowd, i, target));
    all.push_back(clients.back().get());
  }
  const double began = now_s();
  for (const auto& client : clients) client->begin();
  crowd.run(all, kGiveUpS);
  std::vector<double> waited;
  std::size_t attempts = 0;
  for (const auto& client : clients) {
    attempts += client->attempts();
    if (client->answered_s() > 0) waited.push_back(client->answered_s() - began);
  }
  std::ostringstream json;
  json << "\"answered\": " << waited.size() << ", \"attempts\": " << attempts
       << ", \"answered_s\": " << ranks_json(waited) << ", " << crowd.usage_json();
  return json.str();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 5 ? argv[1] : "";
  std::map<std::string, std::string> options{{"--peers", "5000"}, {"--alone", "10"}};
  for (int i = 6; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  if (mode != "flood" && mode != "return") {
    std::cerr << "slow_peers_bench flood|return PORT PID FINGERPRINT TOKEN [--peers 5000] [--kinds "
                 "a,b] [--asset /] [--alone 10]\n";
    return 2;
  }
  const Target target{static_cast<std::uint16_t>(std::atoi(argv[2])), std::atoi(argv[3]), argv[4],
                      argv[5], options["--asset"]};
  const std::size_t peers = std::stoul(options["--peers"]);
  const std::string alone = [&] {
    Honest honest(target);
    std::this_thread::sleep_for(std::chrono::seconds(std::stol(options["--alone"])));
    return honest.end();
  }();
  Honest honest(target);
  const std::string crowd =
      mode == "flood" ? flood(target, peers, options["--kinds"]) : come_back(target, peers);
  std::cout << "{\"mode\": \"" << mode << "\", \"peers\": " << peers << ", " << crowd
            << ", \"alone\": " << alone << ", \"meanwhile\": " << honest.end() << "}" << std::endl;
  return 0;
}
