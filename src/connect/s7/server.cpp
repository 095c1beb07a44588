#include "connect/s7/server.h"

#include <algorithm>
#include <utility>

#include "connect/request_server.h"
#include "connect/s7/execute.h"
#include "wire/s7/transport.h"

namespace lineshaft::connect {

namespace {

constexpr std::uint16_t kOurReference = 0x4431;

// One client: introduces itself to the transport, negotiates, then asks.
class S7Answerer : public Answerer {
 public:
  S7Answerer(S7Device& device, const S7ServerOptions& options, S7ServerCounters& counters)
      : device_(device), options_(options), counters_(counters), reader_(options.pdu_bytes_max) {}

  Result<std::optional<Reply>> take(ByteSpan& input, Bytes& out) override;
  bool is_inside() const override { return reader_.pending_bytes() > 0 || pdu_bytes_ == 0; }

 private:
  Result<std::optional<Reply>> on_connect(const s7::ConnectRequest& request, Bytes& out);
  Result<std::optional<Reply>> on_pdu(ByteSpan pdu, Bytes& out);
  Bytes answer_to(const s7::Message& message, S7Reply& reply);
  s7::Response respond(const s7::Request& request, S7Scratch& scratch);
  s7::SetupCommunication negotiate(const s7::SetupCommunication& asked);
  Reply put(Bytes pdu, const S7Reply& reply, Bytes& out) const;

  S7Device& device_;
  const S7ServerOptions& options_;
  S7ServerCounters& counters_;
  s7::TransportReader reader_;
  Bytes list_;  // the system status list that is being read in parts
  bool connected_ = false;
  std::size_t tpdu_bytes_ = 0;
  std::size_t pdu_bytes_ = 0;  // 0: not negotiated
};

Error no_s7(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

Result<std::optional<Reply>> S7Answerer::take(ByteSpan& input, Bytes& out) {
  const auto tpdu = reader_.next(input);
  if (!tpdu) return tpdu.error();
  if (!*tpdu) return std::optional<Reply>();
  if (const auto* request = std::get_if<s7::ConnectRequest>(&**tpdu)) {
    return on_connect(*request, out);
  }
  if (std::holds_alternative<s7::Disconnect>(**tpdu)) return std::optional(Reply{{}, true});
  const auto* data = std::get_if<s7::Data>(&**tpdu);
  if (data != nullptr && connected_) return on_pdu(data->pdu, out);
  return no_s7("a packet out of turn");
}

Result<std::optional<Reply>> S7Answerer::on_connect(const s7::ConnectRequest& request, Bytes& out) {
  if (connected_) return no_s7("connected twice");
  if (options_.tsap && request.called != s7::tsap_bytes(*options_.tsap)) {
    counters_.refused += 1;
    s7::append_disconnect({request.source, 0, 3}, out);
    return std::optional(Reply{{}, true});
  }
  connected_ = true;
  s7::ConnectConfirm confirm;
  confirm.destination = request.source;
  confirm.source = kOurReference;
  // Who asks for no size gets the smallest that class 0 knows.
  const std::uint8_t exponent =
      std::min(request.tpdu_exponent.value_or(s7::kTpduExponentMin), options_.tpdu_exponent_max);
  confirm.tpdu_exponent = exponent;
  confirm.calling = request.calling;
  confirm.called = request.called;
  tpdu_bytes_ = std::size_t{1} << exponent;
  s7::append_connect_confirm(confirm, out);
  return std::optional(Reply{});
}

Result<std::optional<Reply>> S7Answerer::on_pdu(ByteSpan pdu, Bytes& out) {
  const auto message = s7::decode_message(pdu);
  if (!message) return message.error();
  if (message->is_answer()) return no_s7("an answer to a server");
  S7Reply reply;
  Bytes answer = answer_to(*message, reply);
  return std::optional(put(std::move(answer), reply, out));
}

Bytes S7Answerer::answer_to(const s7::Message& message, S7Reply& reply) {
  Bytes pdu;
  const bool negotiated = pdu_bytes_ != 0;
  auto decoded = s7::decode_request(message);
  const auto* request = std::get_if<s7::Request>(&decoded);
  const bool setup = request != nullptr && std::holds_alternative<s7::SetupCommunication>(*request);
  if (!setup) counters_.requests += 1;
  s7::Refusal refusal;
  if (request == nullptr) {
    refusal = std::get<s7::Refusal>(decoded);
  } else if (!setup && !negotiated) {
    refusal = {0x8001};
  } else if (!setup && s7::answer_bytes(*request) > pdu_bytes_) {
    refusal = s7::kRefusedPduSize;
  }
  if (refusal.code != 0) {
    counters_.refusals += 1;
    s7::encode_refusal(message, refusal, pdu);
    return pdu;
  }
  S7Scratch scratch;
  const s7::Response response = respond(*request, scratch);
  if (std::holds_alternative<s7::Refusal>(response)) counters_.refusals += 1;
  s7::encode_response(message.reference, *request, response, pdu);
  if (!setup) reply = device_.reply_to(*request);
  return pdu;
}

s7::Response S7Answerer::respond(const s7::Request& request, S7Scratch& scratch) {
  if (const auto* setup = std::get_if<s7::SetupCommunication>(&request)) return negotiate(*setup);
  if (const auto* read = std::get_if<s7::ReadVar>(&request)) {
    return execute(device_, *read, scratch);
  }
  if (const auto* write = std::get_if<s7::WriteVar>(&request)) {
    return execute(device_, *write);
  }
  const auto& szl = std::get<s7::ReadSzl>(request);
  if (!szl.after) {
    auto list = s7::szl_list(device_.identification(), szl.id);
    if (!list) return s7::kRefusedSzl;
    list_ = std::move(*list);
  }
  return s7::szl_part(list_, szl.after, s7::szl_part_bytes(pdu_bytes_));
}

s7::SetupCommunication S7Answerer::negotiate(const s7::SetupCommunication& asked) {
  s7::SetupCommunication agreed = asked;
  agreed.pdu_bytes =
      std::clamp<std::uint16_t>(asked.pdu_bytes, s7::kPduBytesMin, options_.pdu_bytes_max);
  agreed.jobs_calling = std::min(asked.jobs_calling, options_.jobs_max);
  agreed.jobs_called = std::min(asked.jobs_called, options_.jobs_max);
  pdu_bytes_ = agreed.pdu_bytes;
  return agreed;
}

Reply S7Answerer::put(Bytes pdu, const S7Reply& reply, Bytes& out) const {
  if (reply.fault == S7Fault::kSilence) return {reply.delay};
  if (reply.fault == S7Fault::kClose) return {Nanoseconds(0), true};
  if (reply.fault == S7Fault::kWrongReference) pdu[5] = static_cast<std::uint8_t>(pdu[5] + 1);
  s7::append_data(pdu, tpdu_bytes_, out);
  if (reply.fault == S7Fault::kTwice) s7::append_data(pdu, tpdu_bytes_, out);
  if (reply.fault == S7Fault::kGarbage) out.assign(out.size(), 0xA5);
  const bool midway = reply.fault == S7Fault::kCloseMidway;
  if (midway) out.resize(out.size() / 2);
  return {reply.delay, midway};
}

class Server : public S7Server {
 public:
  Server(sys::EventLoop& loop, S7Device& device, S7ServerOptions options)
      : device_(device),
        options_(std::move(options)),
        server_(loop, server_options(options_), [this](const sys::TcpStream&) {
          return std::make_unique<S7Answerer>(device_, options_, counters_);
        }) {}

  Status listen() { return server_.start(); }
  sys::Endpoint local() const override { return server_.local(); }
  S7ServerCounters counters() const override {
    S7ServerCounters counters = counters_;
    const RequestServerCounters below = server_.counters();
    counters.connections = below.connections;
    counters.accepted = below.accepted;
    counters.refused += below.refused;
    counters.broken = below.broken;
    return counters;
  }
  void drop_connections() override { server_.drop_connections(); }

 private:
  static RequestServerOptions server_options(const S7ServerOptions& options) {
    RequestServerOptions below;
    below.listen = options.listen;
    below.connections_max = options.connections_max;
    below.idle_timeout = options.idle_timeout;
    below.frame_timeout = options.frame_timeout;
    return below;
  }

  S7Device& device_;
  const S7ServerOptions options_;
  S7ServerCounters counters_;
  RequestServer server_;  // last: its clients use the others
};

}  // namespace

Result<std::unique_ptr<S7Server>> make_s7_server(sys::EventLoop& loop, S7Device& device,
                                                 S7ServerOptions options) {
  auto server = std::make_unique<Server>(loop, device, std::move(options));
  if (Status listening = server->listen(); !listening) return std::move(listening).error();
  return std::unique_ptr<S7Server>(std::move(server));
}

}  // namespace lineshaft::connect
