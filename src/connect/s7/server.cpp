#include "connect/s7/server.h"

#include <algorithm>
#include <array>
#include <list>
#include <utility>

#include "connect/s7/execute.h"
#include "wire/s7/transport.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kReadBytes = 4096;
constexpr std::uint16_t kOurReference = 0x4431;

class Server;

// One client: read a packet, carry it out, wait if the device is slow, write the answer, go on.
// Never two of these at once, so nothing grows.
class Session {
 public:
  Session(Server& server, std::unique_ptr<sys::TcpStream> stream);
  void start() { read(); }

 private:
  void read();
  void on_bytes(Result<std::size_t> count);
  void work();
  void on_tpdu(const s7::Tpdu& tpdu);
  void on_connect(const s7::ConnectRequest& request);
  void on_pdu(ByteSpan pdu);
  Bytes answer_to(const s7::Message& message, S7Reply& reply);
  s7::Response respond(const s7::Request& request, S7Scratch& scratch);
  s7::SetupCommunication negotiate(const s7::SetupCommunication& asked);
  void send(Bytes pdu, const S7Reply& reply);
  void write(Nanoseconds delay);
  void give_up(bool broken);  // destroys this

  Server& server_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::unique_ptr<sys::Timer> deadline_;
  std::unique_ptr<sys::Timer> delay_;
  s7::TransportReader reader_;
  std::array<std::uint8_t, kReadBytes> in_{};
  ByteSpan unread_;
  Bytes out_;
  Bytes list_;  // the system status list that is being read in parts
  bool connected_ = false;
  std::size_t tpdu_bytes_ = 0;
  std::size_t pdu_bytes_ = 0;  // 0: not negotiated
  bool frame_deadline_set_ = false;
  bool close_after_write_ = false;
};

class Server : public S7Server {
 public:
  Server(sys::EventLoop& loop, S7Device& device, S7ServerOptions options)
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

  S7ServerCounters counters() const override {
    S7ServerCounters counters = counters_;
    counters.connections = sessions_.size();
    return counters;
  }

  void drop_connections() override { sessions_.clear(); }

 private:
  friend class Session;

  void accept(std::unique_ptr<sys::TcpStream> stream) {
    if (sessions_.size() >= options_.connections_max) {
      counters_.refused += 1;
      return;  // the stream closes
    }
    counters_.accepted += 1;
    sessions_.push_back(std::make_unique<Session>(*this, std::move(stream)));
    sessions_.back()->start();
  }

  void remove(Session* session) {
    sessions_.remove_if([&](const auto& owned) { return owned.get() == session; });
  }

  sys::EventLoop& loop_;
  S7Device& device_;
  const S7ServerOptions options_;
  S7ServerCounters counters_;
  std::list<std::unique_ptr<Session>> sessions_;
  std::unique_ptr<sys::TcpListener> listener_;  // destroyed first: no accept into a dying server
};

Session::Session(Server& server, std::unique_ptr<sys::TcpStream> stream)
    : server_(server),
      stream_(std::move(stream)),
      deadline_(server.loop_.make_timer()),
      delay_(server.loop_.make_timer()),
      reader_(server.options_.pdu_bytes_max) {}

void Session::give_up(bool broken) {
  if (broken) server_.counters_.broken += 1;
  server_.remove(this);
}

void Session::read() {
  // A packet under way, and the negotiation, keep the deadline that they got with their first byte:
  // a client that drips bytes does not move it.
  const bool in_frame = reader_.pending_bytes() > 0 || pdu_bytes_ == 0;
  if (!in_frame || !frame_deadline_set_) {
    deadline_->start(in_frame ? server_.options_.frame_timeout : server_.options_.idle_timeout,
                     [this, in_frame] { give_up(in_frame); });
    frame_deadline_set_ = in_frame;
  }
  stream_->read_some(in_, [this](Result<std::size_t> count) { on_bytes(std::move(count)); });
}

void Session::on_bytes(Result<std::size_t> count) {
  if (!count) return give_up(false);
  unread_ = ByteSpan(in_).first(*count);
  work();
}

void Session::work() {
  const auto tpdu = reader_.next(unread_);
  if (!tpdu) return give_up(true);
  if (!*tpdu) return read();
  if (pdu_bytes_ != 0) {
    frame_deadline_set_ = false;
    deadline_->cancel();
  }
  on_tpdu(**tpdu);
}

void Session::on_tpdu(const s7::Tpdu& tpdu) {
  if (const auto* request = std::get_if<s7::ConnectRequest>(&tpdu)) return on_connect(*request);
  const auto* data = std::get_if<s7::Data>(&tpdu);
  if (data != nullptr && connected_) return on_pdu(data->pdu);
  give_up(!std::holds_alternative<s7::Disconnect>(tpdu));
}

void Session::on_connect(const s7::ConnectRequest& request) {
  if (connected_) return give_up(true);
  out_.clear();
  if (server_.options_.tsap && request.called != s7::tsap_bytes(*server_.options_.tsap)) {
    server_.counters_.refused += 1;
    s7::append_disconnect({request.source, 0, 3}, out_);
    close_after_write_ = true;
    return write(Nanoseconds(0));
  }
  connected_ = true;
  s7::ConnectConfirm confirm;
  confirm.destination = request.source;
  confirm.source = kOurReference;
  // Who asks for no size gets the smallest that class 0 knows.
  const std::uint8_t exponent = std::min(request.tpdu_exponent.value_or(s7::kTpduExponentMin),
                                         server_.options_.tpdu_exponent_max);
  confirm.tpdu_exponent = exponent;
  confirm.calling = request.calling;
  confirm.called = request.called;
  tpdu_bytes_ = std::size_t{1} << exponent;
  s7::append_connect_confirm(confirm, out_);
  write(Nanoseconds(0));
}

void Session::on_pdu(ByteSpan pdu) {
  const auto message = s7::decode_message(pdu);
  if (!message || message->is_answer()) return give_up(true);
  S7Reply reply;
  send(answer_to(*message, reply), reply);
}

Bytes Session::answer_to(const s7::Message& message, S7Reply& reply) {
  Bytes pdu;
  const bool negotiated = pdu_bytes_ != 0;
  auto decoded = s7::decode_request(message);
  const auto* request = std::get_if<s7::Request>(&decoded);
  const bool setup = request != nullptr && std::holds_alternative<s7::SetupCommunication>(*request);
  if (!setup) server_.counters_.requests += 1;
  s7::Refusal refusal;
  if (request == nullptr) {
    refusal = std::get<s7::Refusal>(decoded);
  } else if (!setup && !negotiated) {
    refusal = {0x8001};
  } else if (!setup && s7::answer_bytes(*request) > pdu_bytes_) {
    refusal = s7::kRefusedPduSize;
  }
  if (refusal.code != 0) {
    server_.counters_.refusals += 1;
    s7::encode_refusal(message, refusal, pdu);
    return pdu;
  }
  S7Scratch scratch;
  const s7::Response response = respond(*request, scratch);
  if (std::holds_alternative<s7::Refusal>(response)) server_.counters_.refusals += 1;
  s7::encode_response(message.reference, *request, response, pdu);
  if (!setup) reply = server_.device_.reply_to(*request);
  return pdu;
}

s7::Response Session::respond(const s7::Request& request, S7Scratch& scratch) {
  if (const auto* setup = std::get_if<s7::SetupCommunication>(&request)) return negotiate(*setup);
  if (const auto* read = std::get_if<s7::ReadVar>(&request)) {
    return execute(server_.device_, *read, scratch);
  }
  if (const auto* write = std::get_if<s7::WriteVar>(&request)) {
    return execute(server_.device_, *write);
  }
  const auto& szl = std::get<s7::ReadSzl>(request);
  if (!szl.after) {
    auto list = s7::szl_list(server_.device_.identification(), szl.id);
    if (!list) return s7::kRefusedSzl;
    list_ = std::move(*list);
  }
  return s7::szl_part(list_, szl.after, s7::szl_part_bytes(pdu_bytes_));
}

s7::SetupCommunication Session::negotiate(const s7::SetupCommunication& asked) {
  s7::SetupCommunication agreed = asked;
  agreed.pdu_bytes =
      std::clamp<std::uint16_t>(asked.pdu_bytes, s7::kPduBytesMin, server_.options_.pdu_bytes_max);
  agreed.jobs_calling = std::min(asked.jobs_calling, server_.options_.jobs_max);
  agreed.jobs_called = std::min(asked.jobs_called, server_.options_.jobs_max);
  pdu_bytes_ = agreed.pdu_bytes;
  return agreed;
}

void Session::send(Bytes pdu, const S7Reply& reply) {
  out_.clear();
  if (reply.fault == S7Fault::kWrongReference) pdu[5] = static_cast<std::uint8_t>(pdu[5] + 1);
  s7::append_data(pdu, tpdu_bytes_, out_);
  switch (reply.fault) {
    case S7Fault::kSilence:
      out_.clear();
      break;
    case S7Fault::kClose:
      return give_up(false);
    case S7Fault::kCloseMidway:
      out_.resize(out_.size() / 2);
      close_after_write_ = true;
      break;
    case S7Fault::kGarbage:
      out_.assign(out_.size(), 0xA5);
      break;
    case S7Fault::kTwice:
      s7::append_data(pdu, tpdu_bytes_, out_);
      break;
    default:
      break;
  }
  write(reply.delay);
}

void Session::write(Nanoseconds delay) {
  if (delay > Nanoseconds(0)) {
    delay_->start(delay, [this] { write(Nanoseconds(0)); });
    return;
  }
  if (out_.empty()) {  // silence; go on at the next turn, as after a write
    delay_->start(Nanoseconds(0), [this] { work(); });
    return;
  }
  deadline_->start(server_.options_.frame_timeout, [this] { give_up(true); });
  stream_->write_all(out_, [this](const Status& written) {
    if (!written || close_after_write_) return give_up(false);
    work();
  });
}

}  // namespace

Result<std::unique_ptr<S7Server>> make_s7_server(sys::EventLoop& loop, S7Device& device,
                                                 S7ServerOptions options) {
  auto server = std::make_unique<Server>(loop, device, std::move(options));
  if (Status listening = server->listen(); !listening) return std::move(listening).error();
  return std::unique_ptr<S7Server>(std::move(server));
}

}  // namespace lineshaft::connect
