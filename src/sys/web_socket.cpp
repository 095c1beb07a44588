// WebSockets on Boost.Beast.
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>

#include "sys/http_connection.h"

namespace lineshaft::sys {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using Code = boost::system::error_code;
using Request = beast::http::request<beast::http::empty_body>;

class Socket final : public WebSocket,
                     public HttpConnection,
                     public std::enable_shared_from_this<Socket> {
 public:
  Socket(std::shared_ptr<HttpShared> shared, std::unique_ptr<HttpSlots::Slot> slot,
         HttpStream stream, WebSocketHandlers handlers)
      : shared_(std::move(shared)),
        slot_(std::move(slot)),
        stream_(std::move(stream)),
        handlers_(std::move(handlers)) {
    shared_->connections.insert(this);
  }
  ~Socket() override { shared_->connections.erase(this); }

  void accept(const Request& request) {
    websocket::stream_base::timeout timeouts{shared_->options.deadlines.handshake,
                                             shared_->options.deadlines.idle, true};
    stream_.set_option(timeouts);
    stream_.read_message_max(0);  // see read()
    stream_.async_accept(request, [self = shared_from_this()](Code code) {
      if (code || self->closed_) return;
      self->opened_ = true;
      self->handlers_.on_open(self);
      self->read();
    });
  }

  bool send_text(std::string text) override {
    const std::size_t bytes = text.size();
    if (queued_.fetch_add(bytes) + bytes > kWebSocketQueueBytesMax) {
      queued_.fetch_sub(bytes);
      return false;
    }
    asio::post(shared_->io, [self = shared_from_this(), text = std::move(text)]() mutable {
      self->queue_.push_back(std::move(text));
      if (self->queue_.size() == 1) self->write();
    });
    return true;
  }

  void close(std::uint16_t code, std::string_view reason) override {
    asio::post(shared_->io, [self = shared_from_this(), code, reason = std::string(reason)] {
      if (self->closed_) return;
      self->stream_.async_close(websocket::close_reason(websocket::close_code(code), reason),
                                [self](Code) { self->end(); });
    });
  }

  std::size_t queued_bytes() const override { return queued_; }

  void cut() override { shared_from_this()->end(); }

 private:
  // Loop thread. After this nothing of it runs any more.
  void end() {
    if (closed_) return;
    closed_ = true;
    stream_.next_layer().close();
    if (opened_) handlers_.on_close();
    handlers_ = {};
  }

  // In pieces, with our own limit: the library's would wait for the peer's consent to be cut.
  void read() {
    stream_.async_read_some(buffer_, kWebSocketMessageBytesMax + 1 - buffer_.size(),
                            [self = shared_from_this()](Code code, std::size_t) {
                              if (code || self->closed_) return self->end();
                              self->take_piece();
                            });
  }

  void take_piece() {
    if (buffer_.size() > kWebSocketMessageBytesMax) return end();
    if (stream_.is_message_done()) {
      if (stream_.got_text()) handlers_.on_text(beast::buffers_to_string(buffer_.data()));
      buffer_.consume(buffer_.size());
    }
    if (!closed_) read();
  }

  void write() {
    if (closed_) return;
    stream_.text(true);
    stream_.async_write(asio::buffer(queue_.front()),
                        [self = shared_from_this()](Code code, std::size_t) {
                          self->queued_.fetch_sub(self->queue_.front().size());
                          self->queue_.pop_front();
                          if (code) return self->end();
                          if (!self->queue_.empty()) self->write();
                        });
  }

  std::shared_ptr<HttpShared> shared_;
  std::unique_ptr<HttpSlots::Slot> slot_;
  websocket::stream<HttpStream, false> stream_;  // no compression: half the code to compile
  WebSocketHandlers handlers_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;  // loop thread
  std::atomic<std::size_t> queued_ = 0;
  bool opened_ = false;
  bool closed_ = false;
};

}  // namespace

void begin_web_socket(std::shared_ptr<HttpShared> shared, std::unique_ptr<HttpSlots::Slot> slot,
                      HttpStream stream, WebSocketHandlers handlers, const Request& request) {
  std::make_shared<Socket>(std::move(shared), std::move(slot), std::move(stream),
                           std::move(handlers))
      ->accept(request);
}

}  // namespace lineshaft::sys
