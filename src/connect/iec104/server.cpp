#include "connect/iec104/server.h"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <list>
#include <numeric>
#include <utility>

#include "base/assert.h"
#include "connect/iec104/served_station.h"

namespace lineshaft::connect {

namespace {

// A client that does not read what we answer is not read either, from here on.
constexpr std::size_t kBacklogBytesMax = 4096;
constexpr Nanoseconds kHandshakeMax = std::chrono::seconds(10);

struct Event {
  std::uint32_t address;
  iec104::Reading reading;
  Timestamp time;
  iec104::Cause cause;
};

class Session;

struct Group {
  std::vector<std::string> hosts;
  std::deque<Event> events;  // the first ones may be on their way
  Session* started = nullptr;
};

class Server;

// One client.
class Session {
 public:
  Session(Server& server, Group& group, std::unique_ptr<sys::TcpStream> stream);
  ~Session();
  void start();
  void pump();
  std::size_t events_on_the_way() const;

 private:
  void read();
  void on_bytes(Result<std::size_t> count);
  Status take(ByteSpan bytes);
  void flush();
  void arm();
  void settle_events();
  std::optional<Bytes> next_event();
  void give_up(bool broken);  // destroys this

  Server& server_;
  Group& group_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::unique_ptr<sys::Timer> timer_;
  iec104::Link link_;
  iec104::FrameReader reader_;
  StationDialog dialog_;
  // For each I frame that is not acknowledged: how many events it carried.
  std::deque<std::size_t> carried_;
  std::array<std::uint8_t, 1024> in_{};
  Bytes writing_;
  bool write_under_way_ = false;
  bool read_under_way_ = false;
};

class Server : public Iec104Server {
 public:
  Server(sys::EventLoop& loop, Iec104Plant& plant, std::vector<Iec104ServedPoint> points,
         Iec104ServerOptions options)
      : loop_(loop), plant_(plant), points_(std::move(points)), options_(std::move(options)) {
    for (const auto& hosts : options_.groups) groups_.push_back({hosts, {}, nullptr});
    groups_.push_back({});  // of all others
  }

  Status listen() {
    auto listener =
        loop_.listen(options_.listen, sys::privacy_of(options_.tls),
                     [this](std::unique_ptr<sys::TcpStream> stream) { accept(std::move(stream)); });
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    return {};
  }

  sys::Endpoint local() const override { return listener_->local(); }

  Iec104ServerCounters counters() const override {
    Iec104ServerCounters counters = counters_;
    counters.connections = sessions_.size();
    return counters;
  }

  void set(std::uint32_t address, iec104::Reading reading, Timestamp time,
           iec104::Cause cause) override {
    Iec104ServedPoint* point = points_.find(address);
    LS_ASSERT(point != nullptr && type_of(reading.value) == iec104::value_type(point->format));
    point->reading = reading;
    for (Group& group : groups_) {
      group.events.push_back({address, reading, time, cause});
      if (group.events.size() > options_.events_max) drop_oldest(group);
    }
    pump_soon();
  }

  void drop_connections() override { sessions_.clear(); }

 private:
  friend class Session;

  void accept(std::unique_ptr<sys::TcpStream> stream) {
    if (sessions_.size() + handshakes_.size() >= options_.connections_max) {
      counters_.refused += 1;
      return;  // the stream closes
    }
    if (options_.tls == nullptr) return open(std::move(stream));
    handshakes_.emplace_back();
    const auto place = std::prev(handshakes_.end());
    *place = sys::start_tls(loop_, std::move(stream), options_.tls, "", kHandshakeMax,
                            [this, place](Result<std::unique_ptr<sys::TcpStream>> secured) {
                              const auto ended = std::move(*place);
                              handshakes_.erase(place);
                              if (secured) return open(*std::move(secured));
                              counters_.broken += 1;
                            });
  }

  void open(std::unique_ptr<sys::TcpStream> stream) {
    counters_.accepted += 1;
    Group& group = group_of(stream->peer().host);
    sessions_.push_back(std::make_unique<Session>(*this, group, std::move(stream)));
    sessions_.back()->start();
  }

  Group& group_of(const std::string& host) {
    for (Group& group : groups_) {
      if (std::ranges::find(group.hosts, host) != group.hosts.end()) return group;
    }
    return groups_.back();
  }

  void drop_oldest(Group& group);

  // At a turn of its own: a point may be set from inside a command.
  void pump_soon() {
    if (pump_set_) return;
    pump_set_ = true;
    pump_->start(Nanoseconds(0), [this] {
      pump_set_ = false;
      for (Group& group : groups_) {
        if (group.started != nullptr) group.started->pump();
      }
    });
  }

  void remove(Session* session) {
    sessions_.remove_if([&](const auto& owned) { return owned.get() == session; });
  }

  sys::EventLoop& loop_;
  Iec104Plant& plant_;
  ServedPoints points_;
  const Iec104ServerOptions options_;
  Iec104ServerCounters counters_;
  std::list<Group> groups_;
  std::unique_ptr<sys::Timer> pump_ = loop_.make_timer();
  bool pump_set_ = false;
  std::list<std::unique_ptr<sys::Connecting>> handshakes_;
  std::list<std::unique_ptr<Session>> sessions_;
  std::unique_ptr<sys::TcpListener> listener_;  // destroyed first: no accept into a dying server
};

void Server::drop_oldest(Group& group) {
  const std::size_t sent = group.started == nullptr ? 0 : group.started->events_on_the_way();
  if (sent >= group.events.size()) return;
  group.events.erase(group.events.begin() + static_cast<std::ptrdiff_t>(sent));
  counters_.events_dropped += 1;
}

Session::Session(Server& server, Group& group, std::unique_ptr<sys::TcpStream> stream)
    : server_(server),
      group_(group),
      stream_(std::move(stream)),
      timer_(server.loop_.make_timer()),
      link_(iec104::Role::kControlled, server.options_.link, server.loop_.now()),
      dialog_(server.points_, server.plant_, server.options_, server.counters_) {}

Session::~Session() {
  // Its events were not removed from the group: the next connection sends them again.
  if (group_.started == this) group_.started = nullptr;
}

void Session::start() {
  arm();
  read();
}

void Session::give_up(bool broken) {
  if (broken) server_.counters_.broken += 1;
  server_.remove(this);
}

void Session::read() {
  if (read_under_way_ || link_.output().size() > kBacklogBytesMax) return;
  read_under_way_ = true;
  stream_->read_some(in_, [this](Result<std::size_t> count) { on_bytes(std::move(count)); });
}

void Session::on_bytes(Result<std::size_t> count) {
  read_under_way_ = false;
  if (!count) return give_up(false);
  if (!take(ByteSpan(in_).first(*count))) return give_up(true);
  pump();
}

Status Session::take(ByteSpan bytes) {
  const Nanoseconds now = server_.loop_.now();
  while (!bytes.empty()) {
    auto frame = reader_.next(bytes);
    if (!frame) return frame.error();
    if (!*frame) break;
    const auto received = link_.take(**frame, now);
    if (!received) return received.error();
    settle_events();
    switch (received->event) {
      case iec104::Received::Event::kStarted:
        if (group_.started != nullptr && group_.started != this) server_.remove(group_.started);
        group_.started = this;
        break;
      case iec104::Received::Event::kStopped:
        if (group_.started == this) group_.started = nullptr;
        break;
      case iec104::Received::Event::kAsdu:
        if (Status taken = dialog_.take(received->asdu, now); !taken) return taken;
        break;
      case iec104::Received::Event::kNothing:
        break;
    }
  }
  return {};
}

// What was acknowledged is delivered, and leaves the queue.
void Session::settle_events() {
  while (carried_.size() > link_.unacknowledged()) {
    const auto delivered = static_cast<std::ptrdiff_t>(carried_.front());
    group_.events.erase(group_.events.begin(), group_.events.begin() + delivered);
    carried_.pop_front();
  }
}

std::size_t Session::events_on_the_way() const {
  return std::accumulate(carried_.begin(), carried_.end(), std::size_t{0});
}

// The oldest event that is not on its way, with its time.
std::optional<Bytes> Session::next_event() {
  const std::size_t on_the_way = events_on_the_way();
  if (group_.started != this || on_the_way >= group_.events.size()) return std::nullopt;
  const Event& event = group_.events[on_the_way];
  const Iec104ServedPoint& point = *server_.points_.find(event.address);
  iec104::Asdu asdu;
  asdu.head.type = iec104::monitor_type(point.format.kind, iec104::TimeKind::kTime56);
  asdu.head.cause = event.cause;
  asdu.head.common_address = server_.options_.common_address;
  const iec104::StationClock clock{server_.options_.utc_offset_minutes};
  asdu.objects.push_back({event.address, iec104::make_point(point.format, event.reading),
                          iec104::to_time56(event.time, clock)});
  return iec104::encode_asdu(asdu);
}

// Answers first, then changes, as the window lets them.
void Session::pump() {
  const Nanoseconds now = server_.loop_.now();
  while (link_.can_send()) {
    auto asdu = dialog_.next();
    const bool is_event = !asdu;
    if (is_event) asdu = next_event();
    if (!asdu) break;
    link_.send(*asdu, now);
    carried_.push_back(is_event ? 1 : 0);
  }
  flush();
  read();
  arm();
}

void Session::flush() {
  if (write_under_way_ || link_.output().empty()) return;
  write_under_way_ = true;
  writing_ = std::exchange(link_.output(), {});
  stream_->write_all(writing_, [this](const Status& written) {
    write_under_way_ = false;
    if (!written) return give_up(false);
    flush();
    read();
  });
}

void Session::arm() {
  timer_->start(link_.next_time() - server_.loop_.now(), [this] {
    if (!link_.on_time(server_.loop_.now())) return give_up(true);
    pump();
  });
}

}  // namespace

Result<std::unique_ptr<Iec104Server>> make_iec104_server(sys::EventLoop& loop, Iec104Plant& plant,
                                                         std::vector<Iec104ServedPoint> points,
                                                         Iec104ServerOptions options) {
  auto server = std::make_unique<Server>(loop, plant, std::move(points), std::move(options));
  if (Status listening = server->listen(); !listening) return std::move(listening).error();
  return std::unique_ptr<Iec104Server>(std::move(server));
}

}  // namespace lineshaft::connect
