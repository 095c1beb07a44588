#include "connect/mtconnect/agent.h"

#include <algorithm>
#include <array>
#include <list>
#include <utility>

#include "wire/mtconnect/multipart.h"

namespace lineshaft::connect {

namespace {

constexpr std::string_view kBoundary = "lineshaft-part-6e2c9d41";

class Agent;

// One client: read a request, write the answer, go on. A stream is an answer that does not end.
class Client {
 public:
  Client(Agent& agent, std::unique_ptr<sys::TcpStream> stream);
  void start() { read(); }
  // Something was observed.
  void wake();
  bool streams() const { return stream_plan_.has_value(); }

 private:
  void read();
  void on_bytes(Result<std::size_t> count);
  void work();
  void answer(const http::Request& request);
  void write(bool close_after);
  void on_written(const Status& written);
  void begin_stream(MtconnectResponder::Stream plan);
  void send_part();
  void arm();
  void watch(Nanoseconds limit, bool broken);
  void give_up(bool broken);  // destroys this

  Agent& agent_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::unique_ptr<sys::Timer> deadline_;
  std::unique_ptr<sys::Timer> pace_;  // of a stream
  http::RequestReader reader_;
  std::array<std::uint8_t, 4096> in_{};
  ByteSpan unread_;
  std::string out_;
  bool writing_ = false;
  bool reading_ = false;
  bool request_timed_ = false;
  bool close_after_write_ = false;
  std::optional<MtconnectResponder::Stream> stream_plan_;
  bool more_ = false;         // the last part did not reach the end
  Nanoseconds sent_at_{0};    // the last part
  Nanoseconds looked_at_{0};  // for news
};

class Agent : public MtconnectAgent {
 public:
  Agent(sys::EventLoop& loop, sys::Clock& clock, std::unique_ptr<MtconnectResponder> responder,
        MtconnectAgentOptions options)
      : loop_(loop),
        clock_(clock),
        responder_(std::move(responder)),
        options_(std::move(options)),
        news_(loop.make_timer()) {}

  Status listen() {
    auto listener =
        loop_.listen(options_.listen, sys::Privacy::kPlain,
                     [this](std::unique_ptr<sys::TcpStream> stream) { accept(std::move(stream)); });
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    return {};
  }

  sys::Endpoint local() const override { return listener_->local(); }
  MtconnectAgentCounters counters() const override {
    MtconnectAgentCounters counters = counters_;
    counters.connections = clients_.size();
    counters.streams = static_cast<std::uint64_t>(
        std::ranges::count_if(clients_, [](const auto& client) { return client->streams(); }));
    return counters;
  }

  Status observe(mtconnect::Observation seen) override {
    if (Status done = responder_->observe(std::move(seen)); !done) return done;
    if (std::exchange(has_news_, true)) return {};
    // At a turn of its own: a thousand observations of one moment wake the clients once.
    news_->start(Nanoseconds(0), [this] {
      has_news_ = false;
      // A client may leave while it is woken.
      for (auto at = clients_.begin(); at != clients_.end();) (*at++)->wake();
    });
    return {};
  }
  void put_asset(mtconnect::Asset asset) override { responder_->put_asset(std::move(asset)); }
  bool remove_asset(std::string_view id) override {
    return responder_->remove_asset(id, clock_.now());
  }
  void drop_connections() override { clients_.clear(); }

 private:
  friend class Client;

  void accept(std::unique_ptr<sys::TcpStream> stream) {
    if (clients_.size() >= options_.connections_max) {
      counters_.refused += 1;
      return;  // the stream closes
    }
    counters_.accepted += 1;
    clients_.push_back(std::make_unique<Client>(*this, std::move(stream)));
    clients_.back()->start();
  }
  void remove(const Client* client) {
    clients_.remove_if([&](const auto& owned) { return owned.get() == client; });
  }

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  std::unique_ptr<MtconnectResponder> responder_;
  const MtconnectAgentOptions options_;
  MtconnectAgentCounters counters_;
  std::list<std::unique_ptr<Client>> clients_;
  bool has_news_ = false;
  std::unique_ptr<sys::Timer> news_;
  std::unique_ptr<sys::TcpListener> listener_;  // destroyed first: no accept into a dying agent
};

Client::Client(Agent& agent, std::unique_ptr<sys::TcpStream> stream)
    : agent_(agent),
      stream_(std::move(stream)),
      deadline_(agent.loop_.make_timer()),
      pace_(agent.loop_.make_timer()) {}

void Client::give_up(bool broken) {
  if (broken) agent_.counters_.broken += 1;
  agent_.remove(this);
}

void Client::watch(Nanoseconds limit, bool broken) {
  deadline_->start(limit, [this, broken] { give_up(broken); });
}

// A request keeps the deadline that it got with its first byte: a client that drips bytes does not
// move it.
void Client::read() {
  if (reader_.midway()) {
    if (!std::exchange(request_timed_, true)) watch(agent_.options_.request_timeout, true);
  } else if (!stream_plan_) {
    request_timed_ = false;
    watch(agent_.options_.idle_timeout, false);
  }
  if (std::exchange(reading_, true)) return;
  stream_->read_some(in_, [this](Result<std::size_t> count) {
    reading_ = false;
    on_bytes(std::move(count));
  });
}

void Client::on_bytes(Result<std::size_t> count) {
  if (!count) return give_up(false);
  // A client that streams has nothing to say; that it is gone shows by reading.
  if (stream_plan_) return read();
  unread_ = ByteSpan(in_).first(*count);
  work();
}

void Client::work() {
  auto request = reader_.next(unread_);
  if (!request) {
    agent_.counters_.errors += 1;
    agent_.counters_.broken += 1;
    const auto refused = agent_.responder_->refuse(400, "INVALID_REQUEST", request.error().what, "",
                                                   agent_.clock_.now());
    out_ = http::write_head(refused.status, {{"Content-Type", "text/xml"}, {"Connection", "close"}},
                            refused.body.size()) +
           refused.body;
    return write(true);
  }
  if (!*request) return read();
  answer(**request);
}

void Client::answer(const http::Request& request) {
  agent_.counters_.requests += 1;
  const Timestamp now = agent_.clock_.now();
  MtconnectResponder::Answer answer =
      request.method == "GET"
          ? agent_.responder_->answer(request.target, now)
          : agent_.responder_->refuse(405, "UNSUPPORTED", "this agent only answers GET",
                                      request.target, now);
  if (answer.stream) return begin_stream(*std::move(answer.stream));
  if (answer.status != 200) agent_.counters_.errors += 1;
  const char* connection = request.keep_alive ? "keep-alive" : "close";
  out_ = http::write_head(answer.status, {{"Content-Type", "text/xml"}, {"Connection", connection}},
                          answer.body.size()) +
         answer.body;
  write(!request.keep_alive);
}

void Client::write(bool close_after) {
  close_after_write_ = close_after;
  writing_ = true;
  watch(agent_.options_.stall_timeout, true);
  stream_->write_all(as_bytes(out_), [this](const Status& written) { on_written(written); });
}

void Client::on_written(const Status& written) {
  writing_ = false;
  if (!written || close_after_write_) return give_up(false);
  deadline_->cancel();
  if (stream_plan_) return more_ ? send_part() : arm();
  if (!unread_.empty()) return work();
  read();
}

void Client::begin_stream(MtconnectResponder::Stream plan) {
  stream_plan_ = std::move(plan);
  // The answer ends with the connection, so it needs no other end.
  out_ = http::write_head(
      200,
      {{"Content-Type", "multipart/x-mixed-replace;boundary=" + std::string(kBoundary)},
       {"Cache-Control", "no-cache"},
       {"Connection", "close"}},
      std::nullopt);
  more_ = true;  // the first part follows at once
  write(false);
  read();
}

void Client::send_part() {
  const MtconnectResponder::Part part =
      agent_.responder_->next_part(*stream_plan_, agent_.clock_.now());
  looked_at_ = agent_.loop_.now();
  more_ = !part.to_end && !part.is_last;
  // The first part goes out even if it is empty: it tells where the client stands.
  const bool first = sent_at_ == Nanoseconds(0);
  if (part.empty && !first && looked_at_ - sent_at_ < stream_plan_->heartbeat) return arm();
  sent_at_ = looked_at_;
  out_ = mtconnect::write_part(kBoundary, part.document);
  write(part.is_last);
}

// When to look for news: an interval after the last look if there are some, else when something is
// observed or the client needs a sign of life.
void Client::arm() {
  const bool news =
      stream_plan_->current || stream_plan_->next < agent_.responder_->buffer().next();
  const Nanoseconds due =
      news ? looked_at_ + stream_plan_->interval : sent_at_ + stream_plan_->heartbeat;
  pace_->start(due - agent_.loop_.now(), [this] { send_part(); });
}

void Client::wake() {
  if (stream_plan_ && !writing_) arm();
}

}  // namespace

Result<std::unique_ptr<MtconnectAgent>> make_mtconnect_agent(
    sys::EventLoop& loop, sys::Clock& clock, std::vector<mtconnect::Component> devices,
    MtconnectAgentOptions options) {
  auto responder = MtconnectResponder::make(std::move(devices), options.responder, clock.now());
  if (!responder) return responder.error();
  auto agent = std::make_unique<Agent>(loop, clock, *std::move(responder), std::move(options));
  if (Status listening = agent->listen(); !listening) return listening.error();
  return std::unique_ptr<MtconnectAgent>(std::move(agent));
}

}  // namespace lineshaft::connect
