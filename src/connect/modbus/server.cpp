#include "connect/modbus/server.h"

#include <array>
#include <list>
#include <map>
#include <utility>

#include "connect/modbus/execute.h"
#include "wire/modbus/frame.h"

namespace lineshaft::connect {

namespace {

// One request is at most 260 bytes; a client that sends ahead fills this and then its own socket.
constexpr std::size_t kReadBytes = 1024;

class Server;

// One client: read a request, carry it out, wait if the device is slow, write the answer, go on.
// Never two of these at once, so nothing grows.
class Session {
 public:
  Session(Server& server, std::unique_ptr<sys::TcpStream> stream);
  void start() { read(); }

 private:
  void read();
  void on_bytes(Result<std::size_t> count);
  void work();
  void answer(const modbus::Frame& frame);
  void send(modbus::FrameHead head, ByteSpan pdu, const ServerReply& reply);
  void write();
  void give_up(bool broken);  // destroys this

  Server& server_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::unique_ptr<sys::Timer> deadline_;
  std::unique_ptr<sys::Timer> delay_;
  modbus::FrameReader reader_;
  std::array<std::uint8_t, kReadBytes> in_{};
  ByteSpan unread_;
  Bytes out_;
  bool frame_deadline_set_ = false;
  bool close_after_write_ = false;
};

class Server : public ModbusServer {
 public:
  Server(sys::EventLoop& loop, ModbusDevice& device, ModbusServerOptions options)
      : loop_(loop), device_(device), options_(std::move(options)) {}

  Status listen() {
    auto listener = loop_.listen(options_.listen, [this](std::unique_ptr<sys::TcpStream> stream) {
      accept(std::move(stream));
    });
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    return {};
  }

  sys::Endpoint local() const override { return listener_->local(); }

  ModbusServerCounters counters() const override {
    ModbusServerCounters counters = counters_;
    counters.connections = sessions_.size();
    return counters;
  }

  void drop_connections() override { sessions_.clear(); }

 private:
  friend class Session;

  void accept(std::unique_ptr<sys::TcpStream> stream) {
    if (sessions_.size() + securing_.size() >= options_.connections_max) {
      counters_.refused += 1;
      return;  // the stream closes
    }
    counters_.accepted += 1;
    if (!options_.tls) return begin(std::move(stream));
    const std::uint64_t id = next_handshake_++;
    securing_[id] =
        sys::start_tls(loop_, std::move(stream), options_.tls, "", options_.frame_timeout,
                       [this, id](Result<std::unique_ptr<sys::TcpStream>> secured) {
                         const auto handshake = securing_.extract(id);  // lives until the end here
                         if (secured) return begin(*std::move(secured));
                         counters_.broken += 1;
                       });
  }

  void begin(std::unique_ptr<sys::TcpStream> stream) {
    sessions_.push_back(std::make_unique<Session>(*this, std::move(stream)));
    sessions_.back()->start();
  }

  void remove(Session* session) {
    sessions_.remove_if([&](const auto& owned) { return owned.get() == session; });
  }

  sys::EventLoop& loop_;
  ModbusDevice& device_;
  const ModbusServerOptions options_;
  ModbusServerCounters counters_;
  std::list<std::unique_ptr<Session>> sessions_;
  std::uint64_t next_handshake_ = 0;
  std::map<std::uint64_t, std::unique_ptr<sys::Connecting>> securing_;
  std::unique_ptr<sys::TcpListener> listener_;  // destroyed first: no accept into a dying server
};

Session::Session(Server& server, std::unique_ptr<sys::TcpStream> stream)
    : server_(server),
      stream_(std::move(stream)),
      deadline_(server.loop_.make_timer()),
      delay_(server.loop_.make_timer()) {}

void Session::give_up(bool broken) {
  if (broken) server_.counters_.broken += 1;
  server_.remove(this);
}

void Session::read() {
  // A frame under way keeps the deadline it got with its first byte: a client that drips bytes does
  // not move it.
  const bool inside_frame = reader_.pending_bytes() > 0;
  if (!inside_frame || !frame_deadline_set_) {
    deadline_->start(inside_frame ? server_.options_.frame_timeout : server_.options_.idle_timeout,
                     [this, inside_frame] { give_up(inside_frame); });
    frame_deadline_set_ = inside_frame;
  }
  stream_->read_some(in_, [this](Result<std::size_t> count) { on_bytes(std::move(count)); });
}

void Session::on_bytes(Result<std::size_t> count) {
  if (!count) return give_up(false);
  unread_ = ByteSpan(in_).first(*count);
  work();
}

void Session::work() {
  auto frame = reader_.next(unread_);
  if (!frame) return give_up(true);
  if (!*frame) return read();
  frame_deadline_set_ = false;
  deadline_->cancel();
  answer(**frame);
}

void Session::answer(const modbus::Frame& frame) {
  server_.counters_.requests += 1;
  Bytes pdu;
  ServerReply reply;
  const auto decoded = modbus::decode_request(frame.pdu);
  if (const auto* refused = std::get_if<modbus::Exception>(&decoded)) {
    server_.counters_.exceptions += 1;
    modbus::encode_exception(frame.pdu[0], *refused, pdu);
  } else {
    const auto& request = std::get<modbus::Request>(decoded);
    const modbus::Response response = execute(server_.device_, frame.head.unit, request);
    if (std::holds_alternative<modbus::Exception>(response)) server_.counters_.exceptions += 1;
    modbus::encode_response(request, response, pdu);
    reply = server_.device_.reply_to(frame.head.unit, request);
  }
  send(frame.head, pdu, reply);
}

void Session::send(modbus::FrameHead head, ByteSpan pdu, const ServerReply& reply) {
  out_.clear();
  if (reply.fault == ServerFault::kWrongTransaction) {
    head.transaction = static_cast<std::uint16_t>(head.transaction + 1);
  }
  if (reply.fault == ServerFault::kWrongUnit) head.unit = static_cast<std::uint8_t>(head.unit + 1);
  modbus::append_frame(head, pdu, out_);
  switch (reply.fault) {
    case ServerFault::kSilence:
      out_.clear();
      break;
    case ServerFault::kClose:
      return give_up(false);
    case ServerFault::kCloseMidway:
      out_.resize(out_.size() / 2);
      close_after_write_ = true;
      break;
    case ServerFault::kGarbage:
      out_.assign(out_.size(), 0xA5);
      break;
    case ServerFault::kTwice:
      modbus::append_frame(head, pdu, out_);
      break;
    default:
      break;
  }
  if (reply.delay > Nanoseconds(0)) {
    delay_->start(reply.delay, [this] { write(); });
  } else {
    write();
  }
}

void Session::write() {
  deadline_->start(server_.options_.frame_timeout, [this] { give_up(true); });
  if (out_.empty()) {  // silence; go on at the next turn, as after a write
    delay_->start(Nanoseconds(0), [this] { work(); });
    return;
  }
  stream_->write_all(out_, [this](const Status& written) {
    if (!written || close_after_write_) return give_up(false);
    work();
  });
}

}  // namespace

Result<std::unique_ptr<ModbusServer>> make_modbus_server(sys::EventLoop& loop, ModbusDevice& device,
                                                         ModbusServerOptions options) {
  auto server = std::make_unique<Server>(loop, device, std::move(options));
  if (Status listening = server->listen(); !listening) return std::move(listening).error();
  return std::unique_ptr<ModbusServer>(std::move(server));
}

}  // namespace lineshaft::connect
