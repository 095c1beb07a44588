#include "connect/http_get.h"

#include <utility>

namespace lineshaft::connect {

HttpGet::HttpGet(sys::EventLoop& loop, HttpGetOptions options, Callbacks callbacks)
    : loop_(loop),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      reader_(options_.body_bytes_max),
      deadline_(loop.make_timer()),
      end_(loop.make_timer()) {
  connecting_ = loop_.connect(
      options_.endpoint, sys::privacy_of(options_.tls), options_.connect_timeout,
      [this](Result<std::unique_ptr<sys::TcpStream>> stream) { on_connected(std::move(stream)); });
}

void HttpGet::on_connected(Result<std::unique_ptr<sys::TcpStream>> stream) {
  if (!stream) return finish(stream.error());
  if (!options_.tls) return on_secured(std::move(stream));
  securing_ = sys::start_tls(
      loop_, *std::move(stream), options_.tls, options_.endpoint.host, options_.connect_timeout,
      [this](Result<std::unique_ptr<sys::TcpStream>> secured) { on_secured(std::move(secured)); });
}

void HttpGet::on_secured(Result<std::unique_ptr<sys::TcpStream>> stream) {
  if (!stream) return finish(stream.error());
  stream_ = *std::move(stream);
  out_ = http::write_get(options_.target, options_.endpoint.text(), false);
  bytes_out_ += out_.size();
  stream_->write_all(as_bytes(out_), [this](const Status& written) {
    if (!written) finish(written);
  });
  extend();
  read();
}

void HttpGet::extend() {
  if (finished_) return;
  deadline_->start(options_.answer_timeout, [this] {
    finish(Error{ErrorId::kTimeout, options_.endpoint.text() + " does not go on answering " +
                                        options_.target.substr(0, options_.target.find('?'))});
  });
}

void HttpGet::read() {
  stream_->read_some(in_, [this](Result<std::size_t> count) {
    if (count) return on_bytes(ByteSpan(in_).first(*count));
    // The end of the connection may be the end of the answer.
    if (count.error().id != ErrorId::kPeerClosed) return finish(count.error());
    const Status closed = reader_.close();
    finish(closed ? Status() : closed);
  });
}

void HttpGet::on_bytes(ByteSpan bytes) {
  bytes_in_ += bytes.size();
  const std::size_t before = reader_.body().size();
  if (Status taken = reader_.take(bytes); !taken) return finish(taken);
  if (reader_.head() && reader_.body().size() > before) {
    if (Status used = callbacks_.part(reader_); !used) return finish(used);
  }
  if (finished_) return;
  if (reader_.done()) return finish({});
  read();
}

void HttpGet::finish(Status how) {
  if (finished_) return;
  finished_ = true;
  deadline_->cancel();
  connecting_.reset();
  securing_.reset();
  if (stream_ != nullptr) stream_->close();
  end_->start(Nanoseconds(0), [this, how = std::move(how)] {
    const auto end = std::move(callbacks_.end);
    end(how, reader_);
  });
}

}  // namespace lineshaft::connect
