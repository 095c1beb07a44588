// connect/shdr/testing.h: an adapter and a connection to it for tests.
#pragma once

#include <algorithm>
#include <array>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "connect/testing.h"

namespace lineshaft::connect::testing {

inline const sys::Endpoint kAdapterAt{"mill", 7878};

// Greets whoever connects, says what the test says to everybody who is connected, and answers
// pings.
class Adapter {
 public:
  Adapter(sys::SimLoop& loop, std::string greeting, std::string pong = "* PONG 1000\n")
      : greeting_(std::move(greeting)), pong_(std::move(pong)) {
    listener_ = loop.listen(kAdapterAt,
                            [this](std::unique_ptr<sys::TcpStream> stream) {
                              if (one_client && has_client()) {
                                turned_away += 1;
                                if (leaves_open) unserved_.push_back(std::move(stream));
                                return;  // else it ends here
                              }
                              peers_.push_back(std::make_unique<Peer>(*this, std::move(stream)));
                              peers_.back()->say(greeting_);
                              peers_.back()->read();
                            })
                    .value();
  }
  void say(const std::string& text) {
    for (auto& peer : peers_) peer->say(text);
  }
  // Of who connects from now on.
  void greet_with(std::string greeting) { greeting_ = std::move(greeting); }
  std::size_t pings = 0;
  bool one_client = false;   // a further one is closed at once,
  bool leaves_open = false;  // or connected and never spoken to
  std::size_t turned_away = 0;
  bool has_client() const {
    return std::ranges::any_of(peers_, [](const auto& peer) { return !peer->gone; });
  }

 private:
  struct Peer {
    Peer(Adapter& a, std::unique_ptr<sys::TcpStream> s) : adapter(a), stream(std::move(s)) {}
    void say(const std::string& text) {
      if (gone) return;
      waiting += text;
      if (writing || waiting.empty()) return;
      writing = true;
      out = std::exchange(waiting, {});
      stream->write_all(as_bytes(out), [this](const Status& written) {
        writing = false;
        if (!written) gone = true;
        say("");
      });
    }
    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        if (!count) {
          gone = true;
          return;
        }
        adapter.pings += 1;
        say(adapter.pong_);
        read();
      });
    }
    Adapter& adapter;
    std::unique_ptr<sys::TcpStream> stream;
    std::array<std::uint8_t, 256> in{};
    std::string waiting;
    std::string out;
    bool writing = false;
    bool gone = false;
  };

  std::string greeting_;
  std::string pong_;
  std::list<std::unique_ptr<Peer>> peers_;
  std::list<std::unique_ptr<sys::TcpStream>> unserved_;
  std::unique_ptr<sys::TcpListener> listener_;
};

inline SignalConfig shdr_signal(const std::string& key, ValueType type,
                                shdr::Kind kind = shdr::Kind::kValue) {
  SignalConfig signal;
  signal.path = "org/mill/" + key;
  signal.point = ShdrPoint{key, kind, type, ""};
  return signal;
}

inline ConnectionConfig adapter_config() {
  ConnectionConfig config;
  config.name = "adapter";
  ShdrSettings settings;
  settings.host = kAdapterAt.host;
  settings.silence_max_s = 60;
  config.settings = settings;
  config.groups = {{"normal", 1000}};
  config.store = Store::kAll;
  config.signals = {shdr_signal("x", ValueType::kFloat64), shdr_signal("exec", ValueType::kString),
                    shdr_signal("heat", ValueType::kInt64, shdr::Kind::kCondition)};
  return config;
}

}  // namespace lineshaft::connect::testing
