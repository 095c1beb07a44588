// connect/mtconnect/testing.h: agents, good and strange, and connections for the tests of
// MTConnect.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/mtconnect/agent.h"
#include "connect/testing.h"
#include "wire/mtconnect/testing.h"

namespace lineshaft::connect::testing {

inline const sys::Endpoint kAgentAt{"mill", 5000};

inline SignalConfig mtconnect_signal(std::string path, std::string data_item,
                                     ValueType type = ValueType::kFloat64, std::string part = "") {
  SignalConfig signal;
  signal.path = std::move(path);
  signal.point = MtconnectPoint{std::move(data_item), type, std::move(part)};
  return signal;
}

// Tags 1, 2, 3... on the mill of wire/mtconnect/testing.h.
inline ConnectionConfig mill_config() {
  ConnectionConfig config;
  config.name = "mill";
  MtconnectSettings settings;
  settings.host = kAgentAt.host;
  settings.timeout_ms = 2000;
  settings.heartbeat_ms = 1000;
  config.settings = settings;
  config.groups = {{"normal", 1000}};
  config.store = Store::kAll;
  config.signals = {mtconnect_signal("org/mill/x", "xpos"),
                    mtconnect_signal("org/mill/execution", "exec", ValueType::kString),
                    mtconnect_signal("org/mill/heat", "xcond", ValueType::kInt64),
                    mtconnect_signal("org/mill/y", "ppos", ValueType::kFloat64, "1"),
                    mtconnect_signal("org/mill/current", "series"),
                    mtconnect_signal("org/mill/var", "vars", ValueType::kInt64, "b")};
  return config;
}

inline MtconnectSettings& mtconnect_of(ConnectionConfig& config) {
  return std::get<MtconnectSettings>(config.settings);
}

struct Mill : Plant {
  MtconnectAgentOptions options;
  ConnectionConfig config = mill_config();
  std::vector<mtconnect::Component> devices = mtconnect::testing::mill();
  std::unique_ptr<MtconnectAgent> agent;

  Mill() { options.listen = kAgentAt; }
  void serve() { agent = make_mtconnect_agent(loop, clock, devices, options).value(); }
  void start() {
    if (agent == nullptr) serve();
    put(1, config, 1);
    loop.run_for(1s);
  }
  // The mill says something now. Returns when that was.
  Timestamp say(mtconnect::Observation seen) {
    seen.time = clock.now();
    const Timestamp time = seen.time;
    LS_ASSERT(agent->observe(std::move(seen)).ok());
    return time;
  }
  Timestamp say(const std::string& item, const std::string& text) {
    return say(mtconnect::testing::observation(item, mtconnect::Category::kSample, 0, text));
  }
  std::size_t events(std::string_view word) const {
    const auto all = manager->events({1});
    return static_cast<std::size_t>(std::ranges::count(all, word, &ConnectionEvent::event));
  }
};

// Answers each connection by what the test says: the head of the request in, bytes out. Then the
// connection is closed unless it is to hang.
class RawAgent {
 public:
  struct Reply {
    std::string bytes;
    bool hangs = false;
  };
  using Answer = std::function<Reply(const http::Request&)>;

  RawAgent(sys::SimLoop& loop, sys::Endpoint at, Answer answer) : answer_(std::move(answer)) {
    listener_ = loop.listen(at,
                            [this](std::unique_ptr<sys::TcpStream> stream) {
                              peers_.push_back(std::make_unique<Peer>(*this, std::move(stream)));
                              peers_.back()->read();
                            })
                    .value();
  }
  std::vector<std::string> targets;  // as they came

 private:
  struct Peer {
    Peer(RawAgent& a, std::unique_ptr<sys::TcpStream> s) : agent(a), stream(std::move(s)) {}
    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        if (!count) return;
        ByteSpan bytes = ByteSpan(in).first(*count);
        auto request = reader.next(bytes);
        LS_ASSERT(request.ok());
        if (!*request) return read();
        agent.targets.push_back((*request)->target);
        reply = agent.answer_(**request);
        if (reply.bytes.empty() && reply.hangs) return;
        if (reply.bytes.empty()) return stream->close();
        stream->write_all(as_bytes(reply.bytes), [this](const Status&) {
          if (!reply.hangs) stream->close();
        });
      });
    }
    RawAgent& agent;
    std::unique_ptr<sys::TcpStream> stream;
    http::RequestReader reader;
    std::array<std::uint8_t, 4096> in{};
    Reply reply;
  };

  Answer answer_;
  std::list<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<sys::TcpListener> listener_;
};

inline std::string http_answer(std::string_view body, std::string_view type = "text/xml") {
  return http::write_head(200, {{"Content-Type", std::string(type)}}, body.size()) +
         std::string(body);
}

}  // namespace lineshaft::connect::testing
