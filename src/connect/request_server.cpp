#include "connect/request_server.h"

#include <array>
#include <utility>

namespace lineshaft::connect {

namespace {

// What one read takes at most; a client that sends ahead fills this and then its own socket.
constexpr std::size_t kReadBytes = 4096;
// How long after its loss a line is opened again, and again.
constexpr Nanoseconds kReopenPause = std::chrono::seconds(1);

}  // namespace

// One client: read a request, answer it, wait if the device is slow, write the answer, go on. Never
// two of these at once, so nothing grows.
class RequestServer::Session {
 public:
  Session(RequestServer& server, std::unique_ptr<sys::TcpStream> stream)
      : server_(server),
        stream_(std::move(stream)),
        answerer_(server.begin_(*stream_)),
        deadline_(server.loop_.make_timer()),
        delay_(server.loop_.make_timer()),
        silence_(server.loop_.make_timer()) {}

  void read();

 private:
  void on_bytes(Result<std::size_t> count);
  void on_silence();
  void work();
  void write();
  void give_up(bool broken);  // destroys this

  RequestServer& server_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::unique_ptr<Answerer> answerer_;
  std::unique_ptr<sys::Timer> deadline_;
  std::unique_ptr<sys::Timer> delay_;    // of an answer
  std::unique_ptr<sys::Timer> silence_;  // options.gap
  std::array<std::uint8_t, kReadBytes> in_{};
  ByteSpan unread_;
  Bytes out_;
  bool reading_ = false;
  bool answering_ = false;  // what comes meanwhile (a silence ended the request) waits in unread_
  bool frame_deadline_set_ = false;
  bool close_after_write_ = false;
};

void RequestServer::Session::give_up(bool broken) {
  if (broken) server_.counters_.broken += 1;
  server_.remove(this);
}

void RequestServer::Session::read() {
  const RequestServerOptions& options = server_.options_;
  // A request under way keeps the deadline that it got with its first byte: a client that drips
  // bytes does not move it.
  const bool inside = answerer_->is_inside();
  if (!options.serial && (!inside || !frame_deadline_set_)) {
    deadline_->start(inside ? options.frame_timeout : options.idle_timeout,
                     [this, inside] { give_up(inside); });
    frame_deadline_set_ = inside;
  }
  if (inside && options.gap > Nanoseconds(0)) {
    silence_->start(options.gap, [this] { on_silence(); });
  }
  if (std::exchange(reading_, true)) return;
  stream_->read_some(in_, [this](Result<std::size_t> count) {
    reading_ = false;
    on_bytes(std::move(count));
  });
}

void RequestServer::Session::on_bytes(Result<std::size_t> count) {
  if (!count) return give_up(false);
  silence_->cancel();
  unread_ = ByteSpan(in_).first(*count);
  if (!answering_) work();
}

void RequestServer::Session::on_silence() {
  answerer_->on_silence();
  work();
}

void RequestServer::Session::work() {
  out_.clear();
  const auto reply = answerer_->take(unread_, out_);
  if (!reply) return give_up(true);
  if (!*reply) return read();
  answering_ = true;
  if (!answerer_->is_inside()) {
    frame_deadline_set_ = false;
    deadline_->cancel();
  }
  close_after_write_ = (*reply)->close;
  // Silence too goes on at the next turn, as after a write.
  if (out_.empty() || (*reply)->delay > Nanoseconds(0)) {
    delay_->start((*reply)->delay, [this] { write(); });
  } else {
    write();
  }
}

void RequestServer::Session::write() {
  answering_ = false;
  if (out_.empty()) return close_after_write_ ? give_up(false) : work();
  answering_ = true;
  deadline_->start(server_.options_.frame_timeout, [this] { give_up(true); });
  stream_->write_all(out_, [this](const Status& written) {
    if (!written || close_after_write_) return give_up(false);
    deadline_->cancel();
    frame_deadline_set_ = false;
    answering_ = false;
    work();
  });
}

RequestServer::RequestServer(sys::EventLoop& loop, RequestServerOptions options, Begin begin)
    : loop_(loop),
      options_(std::move(options)),
      begin_(std::move(begin)),
      reopen_(loop.make_timer()) {}

RequestServer::~RequestServer() = default;

Status RequestServer::start() {
  if (options_.serial) return open_line();
  auto listener =
      loop_.listen(options_.listen, sys::privacy_of(options_.tls),
                   [this](std::unique_ptr<sys::TcpStream> stream) { accept(std::move(stream)); });
  if (!listener) return listener.error();
  listener_ = std::move(*listener);
  return {};
}

Status RequestServer::open_line() {
  auto line = sys::open_serial(loop_, *options_.serial);
  if (!line) return line.error();
  counters_.accepted += 1;
  begin(*std::move(line));
  return {};
}

sys::Endpoint RequestServer::local() const {
  return listener_ ? listener_->local() : sys::Endpoint{options_.serial->device, 0};
}

RequestServerCounters RequestServer::counters() const {
  RequestServerCounters counters = counters_;
  counters.connections = sessions_.size();
  return counters;
}

void RequestServer::drop_connections() {
  while (!sessions_.empty()) remove(sessions_.front().get());
}

void RequestServer::accept(std::unique_ptr<sys::TcpStream> stream) {
  if (sessions_.size() + securing_.size() >= options_.connections_max) {
    counters_.refused += 1;
    return;  // the stream closes
  }
  counters_.accepted += 1;
  if (!options_.tls) return begin(std::move(stream));
  const std::uint64_t id = next_handshake_++;
  securing_[id] = sys::start_tls(loop_, std::move(stream), options_.tls, "", options_.frame_timeout,
                                 [this, id](Result<std::unique_ptr<sys::TcpStream>> secured) {
                                   const auto handshake =
                                       securing_.extract(id);  // lives until the end here
                                   if (secured) return begin(*std::move(secured));
                                   counters_.broken += 1;
                                 });
}

void RequestServer::begin(std::unique_ptr<sys::TcpStream> stream) {
  sessions_.push_back(std::make_unique<Session>(*this, std::move(stream)));
  sessions_.back()->read();
}

void RequestServer::remove(Session* session) {
  sessions_.remove_if([&](const auto& owned) { return owned.get() == session; });
  if (options_.serial) reopen_later();
}

void RequestServer::reopen_later() {
  reopen_->start(kReopenPause, [this] {
    if (!open_line()) reopen_later();
  });
}

}  // namespace lineshaft::connect
