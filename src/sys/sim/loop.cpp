#include "sys/sim/loop.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace lineshaft::sys {

namespace {

// What a receiver's kernel holds before the sender has to wait.
constexpr std::size_t kWindowBytes = 64 * 1024;

}  // namespace

// Two ends that share one fate. End 0 connected, end 1 listened.
class SimConnection : public std::enable_shared_from_this<SimConnection> {
 public:
  SimConnection(SimLoop& loop, Endpoint client, Endpoint server)
      : loop_(loop), endpoints_{std::move(client), std::move(server)} {
    const auto& place = loop_.place(endpoints_[1]);
    cut_after_ = place.cut_after;
  }

  const Endpoint& endpoint(std::size_t end) const { return endpoints_[end]; }
  bool open() const { return ends_[0].alive && ends_[1].alive; }

  void read(std::size_t end, std::span<std::uint8_t> out, TcpStream::ReadDone done) {
    LS_ASSERT(!ends_[end].read_done && !out.empty());
    ends_[end].read_out = out;
    ends_[end].read_done = std::move(done);
    later(end, Nanoseconds(0), &SimConnection::serve_read);
  }

  void write(std::size_t end, ByteSpan data, TcpStream::WriteDone done) {
    LS_ASSERT(!ends_[end].write_done);
    ends_[end].write_done = std::move(done);
    ends_[end].sending.assign(data.begin(), data.end());
    later(end, loop_.latency_, &SimConnection::deliver);
  }

  // The owner let go of this end: none of its callbacks runs, the other end reads the end.
  void close(std::size_t end) {
    if (!ends_[end].alive) return;
    ends_[end] = End{};
    ends_[end].alive = false;
    if (!silent()) later(1 - end, loop_.latency_, &SimConnection::end_of_stream);
  }

  // Both ends get an error, at once.
  void reset() {
    for (std::size_t end : {0u, 1u}) {
      ends_[end].reset = true;
      ends_[end].inbox.clear();
      later(end, Nanoseconds(0), &SimConnection::serve_read);
      later(end, Nanoseconds(0), &SimConnection::finish_write);
    }
  }

 private:
  struct End {
    bool alive = true;
    bool ended = false;  // the other side closed
    bool reset = false;
    Bytes inbox;
    std::span<std::uint8_t> read_out;
    TcpStream::ReadDone read_done;
    Bytes sending;
    TcpStream::WriteDone write_done;
    std::vector<SimLoop::Event> events;
  };

  bool silent() { return loop_.place(endpoints_[1]).silent; }

  void later(std::size_t end, Nanoseconds delay, void (SimConnection::*what)(std::size_t)) {
    const std::weak_ptr<SimConnection> self = weak_from_this();
    auto event = loop_.at(delay, [self, end, what] {
      if (const auto connection = self.lock()) ((*connection).*what)(end);
    });
    auto& events = ends_[end].events;
    std::erase_if(events, [](const SimLoop::Event& e) { return !*e; });
    events.push_back(std::move(event));
  }

  void serve_read(std::size_t end) {
    End& e = ends_[end];
    if (!e.alive || !e.read_done) return;
    if (e.inbox.empty() && !e.ended && !e.reset) return;
    const auto done = std::exchange(e.read_done, nullptr);
    if (e.reset) return done(Error{ErrorId::kConnectFailed, "connection reset by peer"});
    if (e.inbox.empty()) return done(Error{ErrorId::kPeerClosed, "the peer closed"});
    const std::size_t count = std::min({e.inbox.size(), e.read_out.size(), loop_.read_max_});
    std::copy_n(e.inbox.begin(), count, e.read_out.begin());
    e.inbox.erase(e.inbox.begin(), e.inbox.begin() + static_cast<std::ptrdiff_t>(count));
    // The sender that waited for room goes on.
    if (ends_[1 - end].write_done) later(1 - end, Nanoseconds(0), &SimConnection::finish_write);
    done(count);
  }

  // True if this end's next `count` bytes reach a cut; `count` is then what still arrives.
  bool cut_short(std::size_t end, std::size_t& count) {
    auto& place = loop_.place(endpoints_[1]);
    const auto reaches = [&count](std::optional<std::uint64_t>& cut, std::uint64_t sent) {
      if (!cut || sent + count < *cut) return false;
      count = static_cast<std::size_t>(*cut - std::min(sent, *cut));
      cut.reset();
      return true;
    };
    return reaches(place.cut_once[end], place.sent[end]) ||
           (end == 1 && reaches(cut_after_, sent_));
  }

  void deliver(std::size_t end) {
    End& from = ends_[end];
    End& to = ends_[1 - end];
    if (silent()) {
      from.sending.clear();  // lost on the way; the sender's kernel took it, so the write succeeds
    } else if (to.alive) {
      std::size_t count = from.sending.size();
      const bool cuts = cut_short(end, count);
      to.inbox.insert(to.inbox.end(), from.sending.begin(),
                      from.sending.begin() + static_cast<std::ptrdiff_t>(count));
      sent_ += end == 1 ? count : 0;
      loop_.place(endpoints_[1]).sent[end] += count;
      from.sending.clear();
      if (cuts) {
        to.ended = true;  // what arrived before the cut is still read
        from.reset = true;
        later(end, Nanoseconds(0), &SimConnection::serve_read);
      }
      later(1 - end, Nanoseconds(0), &SimConnection::serve_read);
    }
    finish_write(end);
  }

  void finish_write(std::size_t end) {
    End& e = ends_[end];
    if (!e.alive || !e.write_done) return;
    if (e.reset || e.ended) {
      e.sending.clear();
      const auto done = std::exchange(e.write_done, nullptr);
      return done(Error{ErrorId::kPeerClosed, "the peer closed"});
    }
    if (!e.sending.empty() || ends_[1 - end].inbox.size() > kWindowBytes) return;
    const auto done = std::exchange(e.write_done, nullptr);
    done(Status());
  }

  void end_of_stream(std::size_t end) {
    ends_[end].ended = true;
    serve_read(end);
    finish_write(end);
  }

  SimLoop& loop_;
  std::array<Endpoint, 2> endpoints_;
  std::array<End, 2> ends_;
  std::optional<std::uint64_t> cut_after_;
  std::uint64_t sent_ = 0;  // by the listening end
};

class SimStream : public TcpStream {
 public:
  SimStream(std::shared_ptr<SimConnection> connection, std::size_t end)
      : connection_(std::move(connection)), end_(end) {}
  ~SimStream() override { connection_->close(end_); }

  void read_some(std::span<std::uint8_t> out, ReadDone done) override {
    connection_->read(end_, out, std::move(done));
  }
  void write_all(ByteSpan data, WriteDone done) override {
    connection_->write(end_, data, std::move(done));
  }
  void close() override { connection_->close(end_); }
  Endpoint peer() const override { return connection_->endpoint(1 - end_); }
  Endpoint local() const override { return connection_->endpoint(end_); }

 private:
  std::shared_ptr<SimConnection> connection_;  // shared with the other end
  std::size_t end_;
};

class SimTimer : public Timer {
 public:
  explicit SimTimer(SimLoop& loop) : loop_(loop) {}
  void start(Nanoseconds delay, std::function<void()> callback) override {
    event_ = loop_.at(std::max(delay, Nanoseconds(0)), std::move(callback));
  }
  void cancel() override { event_.reset(); }

 private:
  SimLoop& loop_;
  SimLoop::Event event_;
};

class SimListener : public TcpListener {
 public:
  SimListener(SimLoop& loop, Endpoint at) : loop_(loop), at_(std::move(at)) {}
  ~SimListener() override {
    loop_.place(at_).listening = false;
    loop_.place(at_).accepted = nullptr;
  }
  Endpoint local() const override { return at_; }

 private:
  SimLoop& loop_;
  Endpoint at_;
};

class SimConnecting : public Connecting {
 public:
  SimLoop::Event attempt;
  SimLoop::Event deadline;
};

SimLoop::SimLoop() = default;
SimLoop::~SimLoop() = default;

SimLoop::Event SimLoop::at(Nanoseconds delay, std::function<void()> action) {
  auto event = std::make_shared<std::function<void()>>(std::move(action));
  events_.emplace(std::pair(now_ + delay, order_++), event);
  return event;
}

bool SimLoop::step(Nanoseconds limit) {
  while (!events_.empty() && events_.begin()->first.first <= limit) {
    const auto [when, order] = events_.begin()->first;
    const Event event = events_.begin()->second.lock();
    events_.erase(events_.begin());
    if (!event || !*event) continue;
    now_ = std::max(now_, when);
    const auto action = std::exchange(*event, nullptr);
    kept_.erase(order);
    action();
    return true;
  }
  return false;
}

void SimLoop::run() {
  stopped_ = false;
  while (!stopped_ && step(Nanoseconds::max())) {
  }
}

void SimLoop::stop() { stopped_ = true; }

void SimLoop::post(std::function<void()> task) {
  const std::uint64_t order = order_;
  kept_[order] = at(Nanoseconds(0), std::move(task));
}

Nanoseconds SimLoop::now() { return now_; }

std::unique_ptr<Timer> SimLoop::make_timer() { return std::make_unique<SimTimer>(*this); }

void SimLoop::run_for(Nanoseconds duration) {
  const Nanoseconds end = now_ + duration;
  while (step(end)) {
  }
  now_ = end;
}

bool SimLoop::run_until(const std::function<bool()>& condition, Nanoseconds limit) {
  const Nanoseconds end = now_ + limit;
  while (!condition()) {
    if (!step(end)) {
      now_ = end;
      return condition();
    }
  }
  return true;
}

std::unique_ptr<Connecting> SimLoop::connect(const Endpoint& to, Privacy privacy,
                                             Nanoseconds timeout, Connected done) {
  auto connecting = std::make_unique<SimConnecting>();
  const auto callback = std::make_shared<Connected>(std::move(done));  // shared by both outcomes
  const Status allowed = reach_.check(to, to.host, privacy);
  if (!allowed) {
    connecting->attempt = at(Nanoseconds(0), [callback, why = allowed.error()] {
      if (const Connected once = std::exchange(*callback, nullptr)) once(why);
    });
  } else if (!place(to).silent) {
    connecting->attempt = at(2 * latency_, [this, to, callback] {
      if (const Connected once = std::exchange(*callback, nullptr)) establish(to, once);
    });
  }
  connecting->deadline = at(timeout, [to, callback] {
    if (const Connected once = std::exchange(*callback, nullptr)) {
      once(Error{ErrorId::kTimeout, "connecting to " + to.text() + ": no answer in time"});
    }
  });
  return connecting;
}

void SimLoop::establish(const Endpoint& to, const Connected& done) {
  Place& where = place(to);
  if (!where.listening) {
    return done(
        Error{ErrorId::kConnectFailed, "connecting to " + to.text() + ": connection refused"});
  }
  const Endpoint client{own_host_, next_port_++};
  const auto connection = std::make_shared<SimConnection>(*this, client, to);
  where.made += 1;
  std::erase_if(where.open, [](const auto& weak) { return weak.expired(); });
  where.open.push_back(connection);
  auto accepted = where.accepted;
  auto stream = std::make_unique<SimStream>(connection, 1);
  if (reach_.check_peer(to, client, where.privacy)) accepted(std::move(stream));
  stream.reset();  // of a peer that may not be here
  done(std::unique_ptr<TcpStream>(std::make_unique<SimStream>(connection, 0)));
}

Result<std::unique_ptr<TcpListener>> SimLoop::listen(const Endpoint& at_endpoint, Privacy privacy,
                                                     Accepted accepted) {
  if (Status may = reach_.check_listen(at_endpoint, privacy); !may) return std::move(may).error();
  Endpoint where = at_endpoint;
  if (where.port == 0) where.port = next_port_++;
  Place& there = place(where);
  if (there.listening) {
    return Error{ErrorId::kAddressInUse, "listening on " + where.text() + ": address in use"};
  }
  there.listening = true;
  there.accepted = std::move(accepted);
  there.privacy = privacy;
  return std::unique_ptr<TcpListener>(std::make_unique<SimListener>(*this, where));
}

void SimLoop::on_stop_signal(std::function<void()> callback) { stop_signal_ = std::move(callback); }

void SimLoop::signal_stop() {
  if (stop_signal_) post(stop_signal_);
}

void SimLoop::set_latency(Nanoseconds one_way) { latency_ = one_way; }

void SimLoop::set_destinations(Destinations destinations) {
  reach_.outgoing = std::move(destinations);
}
void SimLoop::set_plain(Destinations plain) { reach_.plain = std::move(plain); }
void SimLoop::set_own_host(std::string host) { own_host_ = std::move(host); }
void SimLoop::set_read_max(std::size_t bytes) { read_max_ = bytes; }
void SimLoop::set_silent(const Endpoint& at_endpoint, bool silent) {
  place(at_endpoint).silent = silent;
}

void SimLoop::cut(const Endpoint& at_endpoint) {
  for (const auto& weak : place(at_endpoint).open) {
    if (const auto connection = weak.lock()) connection->reset();
  }
}

void SimLoop::cut_after(const Endpoint& at_endpoint, std::optional<std::uint64_t> bytes) {
  place(at_endpoint).cut_after = bytes;
}

void SimLoop::cut_once(const Endpoint& at_endpoint, SimSide side, std::uint64_t bytes) {
  place(at_endpoint).cut_once[static_cast<std::size_t>(side)] = bytes;
}

std::uint64_t SimLoop::bytes_sent(const Endpoint& at_endpoint, SimSide side) const {
  const auto found = places_.find(at_endpoint.text());
  return found == places_.end() ? 0 : found->second.sent[static_cast<std::size_t>(side)];
}

std::size_t SimLoop::open_connections(const Endpoint& at_endpoint) const {
  const auto found = places_.find(at_endpoint.text());
  if (found == places_.end()) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(found->second.open, [](const auto& weak) {
    const auto connection = weak.lock();
    return connection && connection->open();
  }));
}

std::uint64_t SimLoop::connections_made(const Endpoint& at_endpoint) const {
  const auto found = places_.find(at_endpoint.text());
  return found == places_.end() ? 0 : found->second.made;
}

void SimRandom::fill(std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); i += 8) {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    for (std::size_t j = i; j < std::min(i + 8, out.size()); ++j, z >>= 8) {
      out[j] = static_cast<std::uint8_t>(z);
    }
  }
}

}  // namespace lineshaft::sys
