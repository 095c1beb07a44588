// connect/relay_fixture.h: stands between a client and a server, lets so many clients in, and may
// change what the server says.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "sys/loop.h"

namespace lineshaft::connect::testing {

class Relay {
 public:
  // Gets what the server says on one connection, in pieces of any size; gives what the client gets.
  using Change = std::function<Bytes(ByteSpan)>;

  // `loop` must outlive it.
  Relay(sys::EventLoop& loop, const sys::Endpoint& at, sys::Endpoint to)
      : loop_(loop), to_(std::move(to)) {
    auto listening = loop.listen(at, [this](std::unique_ptr<sys::TcpStream> stream) {
      accepted += 1;
      if (clients() >= clients_max) {
        turned_away += 1;
        return;  // and closes it
      }
      pairs_.push_back(std::make_unique<Pair>(*this, std::move(stream)));
    });
    LS_ASSERT(listening.ok());
    listener_ = *std::move(listening);
  }

  std::size_t clients() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(pairs_, [](const auto& pair) { return !pair->gone; }));
  }

  std::size_t clients_max = 100;
  std::size_t accepted = 0;
  std::size_t turned_away = 0;
  std::function<Change()> make_change;  // for each connection; absent: nothing is changed

 private:
  struct Side {
    std::unique_ptr<sys::TcpStream> stream;
    std::array<std::uint8_t, 4096> in{};
    Bytes waiting;
    Bytes out;
    bool writing = false;
  };

  struct Pair {
    Pair(Relay& relay, std::unique_ptr<sys::TcpStream> stream) {
      client.stream = std::move(stream);
      if (relay.make_change) change = relay.make_change();
      connecting = relay.loop_.connect(relay.to_, std::chrono::seconds(5),
                                       [this](Result<std::unique_ptr<sys::TcpStream>> made) {
                                         if (!made) return end();
                                         server.stream = *std::move(made);
                                         read(client, server, unchanged);
                                         read(server, client, change);
                                       });
    }
    void read(Side& from, Side& to, const Change& by) {
      from.stream->read_some(from.in, [this, &from, &to, &by](Result<std::size_t> count) {
        if (!count) return end();
        const ByteSpan came = ByteSpan(from.in).first(*count);
        const Bytes said = by ? by(came) : Bytes(came.begin(), came.end());
        to.waiting.insert(to.waiting.end(), said.begin(), said.end());
        write(to);
        read(from, to, by);
      });
    }
    void write(Side& to) {
      if (to.writing || to.waiting.empty()) return;
      to.writing = true;
      to.out = std::exchange(to.waiting, {});
      to.stream->write_all(to.out, [this, &to](const Status& written) {
        to.writing = false;
        if (!written) return end();
        write(to);
      });
    }
    void end() {
      gone = true;
      client.stream->close();
      if (server.stream) server.stream->close();
    }

    Side client;
    Side server;
    Change change;
    const Change unchanged;
    std::unique_ptr<sys::Connecting> connecting;
    bool gone = false;
  };

  sys::EventLoop& loop_;
  const sys::Endpoint to_;
  std::list<std::unique_ptr<Pair>> pairs_;
  std::unique_ptr<sys::TcpListener> listener_;
};

}  // namespace lineshaft::connect::testing
