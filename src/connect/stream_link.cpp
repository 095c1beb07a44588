#include "connect/stream_link.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect {

StreamLink::StreamLink(sys::EventLoop& loop, sys::Random& random, StreamLinkOptions options,
                       StreamUser& user)
    : loop_(loop),
      options_(std::move(options)),
      user_(user),
      backoff_(random),
      next_(loop.make_timer()) {
  next_->start(Nanoseconds(0), [this] { connect(); });
}

std::optional<Nanoseconds> StreamLink::retry_in() const {
  if (state_ != State::kWaiting) return std::nullopt;
  return std::max(Nanoseconds(0), retry_at_ - loop_.now());
}

void StreamLink::connect() {
  state_ = State::kConnecting;
  if (options_.serial) return on_secured(sys::open_serial(loop_, *options_.serial));
  connecting_ = loop_.connect(
      options_.endpoint, sys::privacy_of(options_.tls), options_.connect_timeout,
      [this](Result<std::unique_ptr<sys::TcpStream>> stream) { on_connected(std::move(stream)); });
}

void StreamLink::on_connected(Result<std::unique_ptr<sys::TcpStream>> stream) {
  if (!stream) return lost(stream.error());
  if (!options_.tls) return on_secured(std::move(stream));
  securing_ = sys::start_tls(
      loop_, *std::move(stream), options_.tls, options_.endpoint.host, options_.connect_timeout,
      [this](Result<std::unique_ptr<sys::TcpStream>> secured) { on_secured(std::move(secured)); });
}

void StreamLink::on_secured(Result<std::unique_ptr<sys::TcpStream>> stream) {
  if (!stream) return lost(stream.error());
  state_ = State::kUp;
  stream_ = std::move(*stream);
  connects_ += 1;
  const bool stays = calls_user([this] {
    user_.on_up();
    return Status();
  });
  if (stays) read();
}

template <typename Call>
bool StreamLink::calls_user(Call call) {
  calling_ = true;
  const Status done = call();
  calling_ = false;
  if (!done && !doomed_) doomed_ = done.error();
  if (!doomed_) return true;
  lost(*std::exchange(doomed_, std::nullopt));
  return false;
}

void StreamLink::lose(Error why) {
  if (state_ != State::kUp) return;
  if (!calling_) return lost(why);
  if (!doomed_) doomed_ = std::move(why);
}

void StreamLink::lost(const Error& why) {
  state_ = State::kWaiting;
  stream_.reset();
  to_write_.clear();
  write_under_way_ = false;
  const Nanoseconds delay = backoff_.next();
  retry_at_ = loop_.now() + delay;
  next_->start(delay, [this] { connect(); });
  if (!options_.others.empty()) {
    options_.others.push_back(std::exchange(options_.endpoint, options_.others.front()));
    options_.others.pop_front();
  }
  user_.on_down(why, delay);
}

void StreamLink::read() {
  stream_->read_some(in_, [this](Result<std::size_t> count) {
    if (!count) return lost(count.error());
    bytes_in_ += *count;
    if (calls_user([&] { return user_.on_bytes(ByteSpan(in_).first(*count)); })) read();
  });
}

Status StreamLink::send(ByteSpan bytes) {
  LS_ASSERT(state_ == State::kUp);
  if (to_write_.size() + bytes.size() > options_.unsent_bytes_max) {
    return Error{ErrorId::kQueueFull, options_.place() +
                                          " does not read: " + std::to_string(to_write_.size()) +
                                          " bytes wait to be sent"};
  }
  to_write_.insert(to_write_.end(), bytes.begin(), bytes.end());
  write();
  return {};
}

void StreamLink::write() {
  if (write_under_way_ || to_write_.empty()) return;
  write_under_way_ = true;
  writing_.clear();
  std::swap(writing_, to_write_);
  bytes_out_ += writing_.size();
  stream_->write_all(writing_, [this](const Status& written) {
    write_under_way_ = false;
    if (!written) return lost(written.error());
    write();
  });
}

}  // namespace lineshaft::connect
