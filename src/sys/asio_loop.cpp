// The event loop on Boost.Asio. Nothing of the library shows in sys/loop.h.
#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "base/log.h"
#include "sys/asio_context.h"
#include "sys/loop.h"
#include "sys/permitted.h"
#include "sys/reach.h"

namespace lineshaft::sys {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

Endpoint to_endpoint(const tcp::endpoint& endpoint) {
  return {endpoint.address().to_string(), endpoint.port()};
}

// Whether callbacks may still run. Asio may have queued a completion that cancelling cannot recall;
// the completion asks its ticket first.
using Ticket = std::shared_ptr<bool>;

class AsioTimer final : public Timer {
 public:
  explicit AsioTimer(asio::io_context& context) : timer_(context) {}
  ~AsioTimer() override { cancel(); }

  void start(Nanoseconds delay, std::function<void()> callback) override {
    cancel();
    ticket_ = std::make_shared<bool>(true);
    timer_.expires_after(std::max(delay, Nanoseconds(0)));
    timer_.async_wait([ticket = ticket_, callback = std::move(callback)](Code code) {
      if (code || !*ticket) return;
      *ticket = false;
      callback();
    });
  }

  void cancel() override {
    if (!ticket_) return;
    *ticket_ = false;
    ticket_.reset();
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  Ticket ticket_;
};

class AsioStream final : public TcpStream {
 public:
  explicit AsioStream(tcp::socket socket)
      : socket_(std::move(socket)), open_(std::make_shared<bool>(true)) {
    Code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
    peer_ = to_endpoint(socket_.remote_endpoint(ignored));
    local_ = to_endpoint(socket_.local_endpoint(ignored));
  }
  ~AsioStream() override { close(); }

  void read_some(std::span<std::uint8_t> out, ReadDone done) override {
    LS_ASSERT(!out.empty());
    socket_.async_read_some(
        asio::buffer(out.data(), out.size()),
        [this, open = open_, done = std::move(done)](Code code, std::size_t bytes) {
          if (!*open) return;
          if (code)
            done(error_of(code));
          else
            done(bytes);
        });
  }

  void write_all(ByteSpan data, WriteDone done) override {
    asio::async_write(socket_, asio::buffer(data.data(), data.size()),
                      [this, open = open_, done = std::move(done)](Code code, std::size_t) {
                        if (!*open) return;
                        done(code ? Status(error_of(code)) : Status());
                      });
  }

  void close() override {
    *open_ = false;
    Code ignored;
    socket_.close(ignored);
  }

  Endpoint peer() const override { return peer_; }
  Endpoint local() const override { return local_; }

 private:
  Error error_of(const Code& code) const {
    if (code == asio::error::eof) return {ErrorId::kPeerClosed, peer_.text()};
    return {ErrorId::kConnectFailed, peer_.text() + ": " + code.message()};
  }

  tcp::socket socket_;
  Ticket open_;
  Endpoint peer_;
  Endpoint local_;
};

// Peers that may not be here are named in the log, but not so that they fill it.
constexpr Nanoseconds kTellOfCutsEvery = std::chrono::minutes(1);

class AsioListener final : public TcpListener {
 public:
  // `reach` lives as long as the context of the acceptor.
  AsioListener(const Reach& reach, Privacy privacy, tcp::acceptor acceptor,
               EventLoop::Accepted accepted)
      : reach_(reach),
        privacy_(privacy),
        acceptor_(std::move(acceptor)),
        retry_(acceptor_.get_executor()),
        accepted_(std::move(accepted)),
        open_(std::make_shared<bool>(true)) {
    Code ignored;
    local_ = to_endpoint(acceptor_.local_endpoint(ignored));
    accept();
  }
  ~AsioListener() override {
    *open_ = false;
    Code ignored;
    acceptor_.close(ignored);
  }
  Endpoint local() const override { return local_; }

 private:
  void accept() {
    acceptor_.async_accept([this, open = open_](Code code, tcp::socket socket) {
      if (!*open) return;
      if (!code) {
        take(std::make_unique<AsioStream>(std::move(socket)));
        if (*open) accept();
        return;
      }
      // Out of descriptors, most often: go on a little later instead of spinning.
      retry_.expires_after(std::chrono::milliseconds(100));
      retry_.async_wait([this, open](Code) {
        if (*open) accept();
      });
    });
  }

  void take(std::unique_ptr<AsioStream> stream) {
    const Status may = reach_.check_peer(stream->local(), stream->peer(), privacy_);
    if (may) return accepted_(std::move(stream));
    cuts_ += 1;  // the stream closes
    const Nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
    if (told_ && now - *told_ < kTellOfCutsEvery) return;
    told_ = now;
    log_warn("sys", "closed " + std::to_string(cuts_) + " connection(s) to " + local_.text() +
                        ", the last because " + may.error().text());
    cuts_ = 0;
  }

  const Reach& reach_;
  const Privacy privacy_;
  std::uint64_t cuts_ = 0;           // not told of yet
  std::optional<Nanoseconds> told_;  // when
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  EventLoop::Accepted accepted_;
  Ticket open_;
  Endpoint local_;
};

// Resolves, then tries the addresses one after another, all within one deadline.
class AsioConnecting final : public Connecting,
                             public std::enable_shared_from_this<AsioConnecting> {
 public:
  // `reach` lives as long as `context`.
  AsioConnecting(asio::io_context& context, const Reach& reach, Endpoint to, Privacy privacy,
                 EventLoop::Connected done)
      : reach_(reach),
        privacy_(privacy),
        resolver_(context),
        socket_(context),
        deadline_(context),
        to_(std::move(to)),
        done_(std::move(done)) {}

  void begin(Nanoseconds timeout) {
    deadline_.expires_after(timeout);
    deadline_.async_wait([self = shared_from_this()](Code code) {
      if (!code) self->finish(Error{ErrorId::kTimeout, "connecting to " + self->to_.text()});
    });
    Code not_numeric;
    const asio::ip::address address = asio::ip::make_address(to_.host, not_numeric);
    if (!not_numeric) {
      try_each(std::array{tcp::endpoint(address, to_.port)});
      return;
    }
    resolver_.async_resolve(
        to_.host, std::to_string(to_.port),
        [self = shared_from_this()](Code code, const tcp::resolver::results_type& results) {
          if (!self->done_) return;
          if (code) return self->connected(code);
          self->try_each(results);
        });
  }

  void abandon() {
    done_ = nullptr;
    close();
  }

 private:
  template <typename Resolved>
  void try_each(const Resolved& resolved) {
    const auto addresses = permitted(reach_, privacy_, to_, resolved);
    if (!addresses) {
      asio::post(socket_.get_executor(),
                 [self = shared_from_this(), why = addresses.error()] { self->finish(why); });
      return;
    }
    asio::async_connect(
        socket_, *addresses,
        [self = shared_from_this()](Code code, const tcp::endpoint&) { self->connected(code); });
  }

  void close() {
    Code ignored;
    deadline_.cancel();
    resolver_.cancel();
    socket_.close(ignored);
  }

  void connected(Code code) {
    if (!done_) return;
    if (code) {
      finish(Error{ErrorId::kConnectFailed, to_.text() + ": " + code.message()});
    } else {
      finish(std::unique_ptr<TcpStream>(std::make_unique<AsioStream>(std::move(socket_))));
    }
  }

  void finish(Result<std::unique_ptr<TcpStream>> outcome) {
    if (!done_) return;
    const EventLoop::Connected done = std::exchange(done_, nullptr);
    close();
    done(std::move(outcome));
  }

  const Reach& reach_;
  const Privacy privacy_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  Endpoint to_;
  EventLoop::Connected done_;
};

class ConnectingHandle final : public Connecting {
 public:
  explicit ConnectingHandle(std::shared_ptr<AsioConnecting> attempt)
      : attempt_(std::move(attempt)) {}
  ~ConnectingHandle() override { attempt_->abandon(); }

 private:
  std::shared_ptr<AsioConnecting> attempt_;
};

class AsioLoop final : public EventLoop, public AsioContext {
 public:
  explicit AsioLoop(Reach reach) : reach_(std::move(reach)) {}

  asio::io_context& context() override { return context_; }

  void run() override {
    const auto guard = asio::make_work_guard(context_);
    context_.restart();
    context_.run();
  }
  void stop() override { context_.stop(); }
  void post(std::function<void()> task) override { asio::post(context_, std::move(task)); }
  Nanoseconds now() override { return std::chrono::steady_clock::now().time_since_epoch(); }
  std::unique_ptr<Timer> make_timer() override { return std::make_unique<AsioTimer>(context_); }

  std::unique_ptr<Connecting> connect(const Endpoint& to, Privacy privacy, Nanoseconds timeout,
                                      Connected done) override {
    auto attempt = std::make_shared<AsioConnecting>(context_, reach_, to, privacy, std::move(done));
    attempt->begin(timeout);
    return std::make_unique<ConnectingHandle>(std::move(attempt));
  }
  const Reach& reach() const override { return reach_; }

  Result<std::unique_ptr<TcpListener>> listen(const Endpoint& at, Privacy privacy,
                                              Accepted accepted) override {
    Code code;
    const asio::ip::address address = asio::ip::make_address(at.host, code);
    if (code) return Error{ErrorId::kInvalidArgument, at.host + " is not a numeric address"};
    if (Status may = reach_.check_listen(at, privacy); !may) return std::move(may).error();
    const tcp::endpoint endpoint(address, at.port);
    tcp::acceptor acceptor(context_);
    acceptor.open(endpoint.protocol(), code);
    if (!code) acceptor.set_option(asio::socket_base::reuse_address(true), code);
    if (!code) acceptor.bind(endpoint, code);
    if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
    if (code) return Error{ErrorId::kAddressInUse, at.text() + ": " + code.message()};
    return std::unique_ptr<TcpListener>(
        std::make_unique<AsioListener>(reach_, privacy, std::move(acceptor), std::move(accepted)));
  }

  void on_stop_signal(std::function<void()> callback) override {
    signals_.emplace(context_, SIGINT, SIGTERM);
    signals_->async_wait([callback = std::move(callback)](Code code, int) {
      if (!code) callback();
    });
  }

 private:
  const Reach reach_;  // outlives what waits in the context
  asio::io_context context_{1};
  std::optional<asio::signal_set> signals_;
};

}  // namespace

std::string Endpoint::text() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::unique_ptr<EventLoop> make_event_loop() { return make_event_loop(Reach()); }

std::unique_ptr<EventLoop> make_event_loop(Reach reach) {
  return std::make_unique<AsioLoop>(std::move(reach));
}

}  // namespace lineshaft::sys
