#include "connect/opcua/ua_socket.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "connect/opcua/ua_values.h"

namespace lineshaft::connect::opcua {

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
// After open62541 has closed a connection, what it sent last (CloseSession, an error) may leave.
constexpr Nanoseconds kLinger = std::chrono::seconds(2);

const UA_String kTcp = view_of("tcp");

const void* parameter(const UA_KeyValueMap* parameters, const char* name, int type) {
  const UA_QualifiedName key = UA_QUALIFIEDNAME(0, const_cast<char*>(name));
  return UA_KeyValueMap_getScalar(parameters, key, &UA_TYPES[type]);
}

// The host is one string, or the first of a list.
std::string host_of(const UA_KeyValueMap* parameters) {
  const UA_QualifiedName key = UA_QUALIFIEDNAME(0, const_cast<char*>("address"));
  const UA_Variant* value = UA_KeyValueMap_get(parameters, key);
  const bool usable = value != nullptr && value->type == &UA_TYPES[UA_TYPES_STRING] &&
                      (UA_Variant_isScalar(value) || value->arrayLength > 0);
  if (!usable) return {};
  const auto* host = static_cast<const UA_String*>(value->data);
  return {reinterpret_cast<const char*>(host->data), host->length};
}

}  // namespace

// One connection or listener. Its end goes in three steps: begin_close() asks for a turn of the
// loop, in which open62541 hears of it for the last time; then it is kept until its last bytes have
// left, or the loop ends. (What is being sent has mostly reached the system by then.)
class UaSocket : public std::enable_shared_from_this<UaSocket> {
 public:
  UaSocket(UaSockets& sockets, std::uintptr_t id, UaSockets::Caller caller)
      : sockets_(sockets), id_(id), caller_(caller), timer_(sockets.loop_.make_timer()) {}
  ~UaSocket() {
    if (counted_) sockets_.accepted_ -= 1;
    for (UA_ByteString& data : out_) UA_ByteString_clear(&data);
  }

  std::uintptr_t id() const { return id_; }
  bool closing() const { return closing_.callback != nullptr; }
  const UaSockets::Caller& caller() const { return caller_; }

  void tell(UA_ConnectionState state, const UA_KeyValueMap& parameters, UA_ByteString data) {
    const sys::TcpStream* before = std::exchange(sockets_.speaker_, stream_.get());
    caller_.callback(&sockets_.bridge_.manager, id_, caller_.application, &caller_.context, state,
                     &parameters, data);
    sockets_.speaker_ = before;
  }

  void connect(const sys::Endpoint& to, Nanoseconds timeout) {
    connecting_ = sockets_.loop_.connect(to, sockets_.privacy_, timeout,
                                         [this](Result<std::unique_ptr<sys::TcpStream>> stream) {
                                           if (!stream) return fail(stream.error());
                                           established(std::move(*stream), UA_KEYVALUEMAP_NULL);
                                         });
  }

  void accept(std::unique_ptr<sys::TcpStream> stream, const UA_KeyValueMap& parameters) {
    counted_ = true;
    sockets_.accepted_ += 1;
    timer_->start(sockets_.options_.first_byte_timeout, [this] {
      fail(Error{ErrorId::kTimeout, stream_->peer().text() + " connected and said nothing"});
    });
    established(std::move(stream), parameters);
  }

  void hold(std::unique_ptr<sys::TcpListener> listener) { listener_ = std::move(listener); }

  UA_StatusCode send(UA_ByteString data) {
    if (closing() || stream_ == nullptr ||
        out_bytes_ + data.length > sockets_.options_.unsent_max) {
      UA_ByteString_clear(&data);
      if (!closing()) {
        fail(Error{ErrorId::kQueueFull, "the other side does not take what it is sent"});
      }
      return UA_STATUSCODE_BADCONNECTIONCLOSED;
    }
    sockets_.bytes_out_ += data.length;
    out_bytes_ += data.length;
    out_.push_back(data);
    if (!writing_) write();
    return UA_STATUSCODE_GOOD;
  }

  void fail(const Error& why) {
    sockets_.last_error_ = why;
    begin_close();
  }

  void begin_close() {
    if (closing()) return;
    closing_.application = this;
    closing_.callback = [](void* self, void*) { static_cast<UaSocket*>(self)->end(); };
    UA_EventLoop* loop = sockets_.bridge_.manager.eventSource.eventLoop;
    loop->addDelayedCallback(loop, &closing_);
  }

 private:
  void established(std::unique_ptr<sys::TcpStream> stream, const UA_KeyValueMap& parameters) {
    connecting_.reset();
    stream_ = std::move(stream);
    in_.resize(kReadBytes);
    tell(UA_CONNECTIONSTATE_ESTABLISHED, parameters, UA_BYTESTRING_NULL);
    read();
  }

  void read() {
    if (closing() || reading_ || out_bytes_ > sockets_.options_.unsent_pause) return;
    reading_ = true;
    stream_->read_some(in_, [this](Result<std::size_t> count) {
      reading_ = false;
      if (closing()) return;
      if (!count) return fail(count.error());
      timer_->cancel();
      sockets_.bytes_in_ += *count;
      tell(UA_CONNECTIONSTATE_ESTABLISHED, UA_KEYVALUEMAP_NULL, {*count, in_.data()});
      read();
    });
  }

  void write() {
    writing_ = true;
    const UA_ByteString& data = out_.front();
    stream_->write_all({data.data, data.length}, [this](const Status& status) { written(status); });
  }

  void written(const Status& status) {
    writing_ = false;
    out_bytes_ -= out_.front().length;
    UA_ByteString_clear(&out_.front());
    out_.pop_front();
    if (status && !out_.empty()) return write();
    if (lingering_) {
      sockets_.lingering_.erase(shared_from_this());  // ends this object
      return;
    }
    if (!status && !closing()) return fail(status.error());
    read();
  }

  void end() {
    const auto self = shared_from_this();
    sockets_.sockets_.erase(id_);
    connecting_.reset();
    listener_.reset();
    timer_->cancel();
    tell(UA_CONNECTIONSTATE_CLOSING, UA_KEYVALUEMAP_NULL, UA_BYTESTRING_NULL);
    if (stream_ == nullptr || !writing_) return;
    lingering_ = true;
    sockets_.lingering_.insert(self);
    timer_->start(kLinger, [this] { sockets_.lingering_.erase(shared_from_this()); });
  }

  UaSockets& sockets_;
  const std::uintptr_t id_;
  UaSockets::Caller caller_;
  std::unique_ptr<sys::Connecting> connecting_;
  std::unique_ptr<sys::TcpListener> listener_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::unique_ptr<sys::Timer> timer_;  // for the first byte, then for the last ones
  std::vector<std::uint8_t> in_;
  std::deque<UA_ByteString> out_;  // the first one is being written
  std::size_t out_bytes_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool counted_ = false;
  bool lingering_ = false;
  UA_DelayedCallback closing_{};
};

UaSockets::UaSockets(sys::EventLoop& loop, UaLoopOptions options) : loop_(loop), options_(options) {
  bridge_.owner = this;
  UA_ConnectionManager& manager = bridge_.manager;
  manager.protocol = kTcp;
  manager.eventSource.eventSourceType = UA_EVENTSOURCETYPE_CONNECTIONMANAGER;
  manager.eventSource.name = kTcp;
  manager.eventSource.state = UA_EVENTSOURCESTATE_STARTED;
  manager.openConnection = [](UA_ConnectionManager* self, const UA_KeyValueMap* parameters,
                              void* application, void* context,
                              UA_ConnectionManager_connectionCallback callback) {
    return of(self).open(parameters, {callback, application, context});
  };
  manager.sendWithConnection = [](UA_ConnectionManager* self, std::uintptr_t id,
                                  const UA_KeyValueMap*,
                                  UA_ByteString* data) { return of(self).send(id, data); };
  manager.closeConnection = [](UA_ConnectionManager* self, std::uintptr_t id) {
    return of(self).close(id);
  };
  manager.allocNetworkBuffer = [](UA_ConnectionManager*, std::uintptr_t, UA_ByteString* data,
                                  std::size_t bytes) {
    return UA_ByteString_allocBuffer(data, bytes);
  };
  manager.freeNetworkBuffer = [](UA_ConnectionManager*, std::uintptr_t, UA_ByteString* data) {
    UA_ByteString_clear(data);
  };
}

UaSockets::~UaSockets() = default;

void UaSockets::attach(UA_EventLoop& to) {
  bridge_.manager.eventSource.eventLoop = &to;
  to.eventSources = &bridge_.manager.eventSource;
}

std::shared_ptr<UaSocket> UaSockets::make(Caller caller) {
  last_id_ += 1;
  auto socket = std::make_shared<UaSocket>(*this, last_id_, caller);
  sockets_[last_id_] = socket;
  return socket;
}

UA_StatusCode UaSockets::open(const UA_KeyValueMap* parameters, Caller caller) {
  const auto* port = static_cast<const UA_UInt16*>(parameter(parameters, "port", UA_TYPES_UINT16));
  if (port == nullptr) return UA_STATUSCODE_BADCONNECTIONREJECTED;
  const auto* passive =
      static_cast<const UA_Boolean*>(parameter(parameters, "listen", UA_TYPES_BOOLEAN));
  sys::Endpoint endpoint{host_of(parameters), *port};
  if (passive != nullptr && *passive) return listen(std::move(endpoint), caller);
  const auto socket = make(caller);
  socket->tell(UA_CONNECTIONSTATE_OPENING, UA_KEYVALUEMAP_NULL, UA_BYTESTRING_NULL);
  socket->connect(endpoint, options_.connect_timeout);
  return UA_STATUSCODE_GOOD;
}

UA_StatusCode UaSockets::listen(sys::Endpoint at, Caller caller) {
  const auto socket = make(caller);
  std::weak_ptr<UaSocket> weak = socket;
  auto listener = loop_.listen(at, privacy_, [this, weak](std::unique_ptr<sys::TcpStream> stream) {
    const auto self = weak.lock();
    if (self != nullptr && !self->closing()) accepted(self->caller(), std::move(stream));
  });
  if (!listener) {
    last_error_ = listener.error();
    sockets_.erase(socket->id());
    return UA_STATUSCODE_BADCONNECTIONREJECTED;
  }
  listening_ = (*listener)->local();
  socket->hold(std::move(*listener));

  UA_KeyValuePair pairs[2];
  UA_String host{at.host.size(), reinterpret_cast<UA_Byte*>(at.host.data())};
  UA_UInt16 port = listening_->port;
  pairs[0].key = UA_QUALIFIEDNAME(0, const_cast<char*>("listen-address"));
  UA_Variant_setScalar(&pairs[0].value, &host, &UA_TYPES[UA_TYPES_STRING]);
  pairs[1].key = UA_QUALIFIEDNAME(0, const_cast<char*>("listen-port"));
  UA_Variant_setScalar(&pairs[1].value, &port, &UA_TYPES[UA_TYPES_UINT16]);
  socket->tell(UA_CONNECTIONSTATE_ESTABLISHED, {2, pairs}, UA_BYTESTRING_NULL);
  return UA_STATUSCODE_GOOD;
}

void UaSockets::accepted(const Caller& caller, std::unique_ptr<sys::TcpStream> stream) {
  if (accepted_ >= options_.accepted_max) return;  // closes it
  std::string peer = stream->peer().host;
  UA_String host{peer.size(), reinterpret_cast<UA_Byte*>(peer.data())};
  UA_KeyValuePair pair;
  pair.key = UA_QUALIFIEDNAME(0, const_cast<char*>("remote-address"));
  UA_Variant_setScalar(&pair.value, &host, &UA_TYPES[UA_TYPES_STRING]);
  make(caller)->accept(std::move(stream), {1, &pair});
}

UA_StatusCode UaSockets::send(std::uintptr_t id, UA_ByteString* data) {
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) {
    UA_ByteString_clear(data);
    return UA_STATUSCODE_BADCONNECTIONCLOSED;
  }
  return found->second->send(std::exchange(*data, UA_BYTESTRING_NULL));
}

UA_StatusCode UaSockets::close(std::uintptr_t id) {
  const auto found = sockets_.find(id);
  if (found == sockets_.end() || found->second->closing()) {
    return UA_STATUSCODE_BADCONNECTIONCLOSED;
  }
  found->second->begin_close();
  return UA_STATUSCODE_GOOD;
}

}  // namespace lineshaft::connect::opcua
