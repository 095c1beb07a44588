#include "connect/stream_knock.h"

#include <utility>

namespace lineshaft::connect {

StreamKnock::StreamKnock(sys::EventLoop& loop, const Knock& knock, Bytes say, Judge judge,
                         ProtocolSettings settings, ProtocolRuntime::KnockDone done)
    : at_(knock.at),
      say_(std::move(say)),
      judge_(std::move(judge)),
      settings_(std::move(settings)),
      done_(std::move(done)),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()) {
  const Nanoseconds timeout = std::chrono::milliseconds(knock.timeout_ms);
  limit_->start(2 * timeout, [this] { finish(false); });
  connecting_ = loop.connect(
      at_, sys::Privacy::kPlain, timeout,
      [this](Result<std::unique_ptr<sys::TcpStream>> stream) { on_connected(std::move(stream)); });
}

void StreamKnock::on_connected(Result<std::unique_ptr<sys::TcpStream>> stream) {
  if (!stream) return finish(false);
  stream_ = *std::move(stream);
  stream_->write_all(say_, [this](const Status& written) {
    if (!written) finish(false);
  });
  read();
}

void StreamKnock::read() {
  stream_->read_some(in_, [this](Result<std::size_t> count) {
    if (!count) return finish(false);
    if (const auto answered = judge_(ByteSpan(in_).first(*count))) return finish(*answered);
    read();
  });
}

void StreamKnock::finish(bool answered) {
  limit_->cancel();
  connecting_.reset();
  if (stream_ != nullptr) stream_->close();
  finish_->start(Nanoseconds(0), [this, answered] {
    std::vector<ScanHit> hits;
    if (answered) {
      hits.push_back({at_.host, at_.port, 0, std::nullopt});
      hits.back().settings = std::move(settings_);
    }
    const auto done = std::move(done_);
    done(std::move(hits));
  });
}

}  // namespace lineshaft::connect
