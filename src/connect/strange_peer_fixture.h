// connect/strange_peer_fixture.h: peers that say nearly what their protocol wants, for tests and
// the bench of what that does to everybody else.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "connect/connection.h"
#include "sys/loop.h"

namespace lineshaft::connect::testing {

// Written as hexadecimal digits with blanks between, or as text behind a colon.
inline Bytes phrase(std::string_view text) {
  if (text.starts_with(':')) return {text.begin() + 1, text.end()};
  Bytes bytes;
  int digits = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    const auto digit = static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (digits++ % 2 == 0) {
      bytes.push_back(static_cast<std::uint8_t>(digit << 4));
    } else {
      bytes.back() |= digit;
    }
  }
  return bytes;
}

// What a good peer of that protocol says: openings, answers, values.
inline std::vector<Bytes> phrases_of(Protocol protocol) {
  std::vector<std::string_view> texts;
  switch (protocol) {
    case Protocol::kModbusTcp:  // three registers, an exception; the same as RTU
      texts = {"0001 0000 0009 01 03 06 0001 0002 0003", "0001 0000 0003 01 83 02",
               "01 03 06 0001 0002 0003 fd 74", "01 83 02 c0 f1"};
      break;
    case Protocol::kS7:  // connection confirmed, negotiated, one value, refused
      texts = {"03 00 00 16 11 d0 0001 0002 00 c0 01 0a c1 02 0100 c2 02 0102",
               "03 00 00 1b 02 f0 80 32 03 0000 0000 0008 0000 00 00 f0 00 0001 0001 00f0",
               "03 00 00 1d 02 f0 80 32 03 0000 0100 0002 0008 00 00 04 01 ff 04 0020 00000001",
               "03 00 00 13 02 f0 80 32 03 0000 0100 0000 0000 81 04"};
      break;
    case Protocol::kOpcUa:  // ACK, an error, the head of an open channel
      texts = {"41 43 4b 46 1c000000 00000000 00000100 00000100 00000001 00020000",
               "45 52 52 46 10000000 00000d80 ffffffff", "4f 50 4e 46 84000000 01000000 2f000000"};
      break;
    case Protocol::kMqtt:
    case Protocol::kSparkplug:  // CONNACK, SUBACK, PUBLISH, PINGRESP, DISCONNECT, a birth
      texts = {"20 03 00 00 00",
               "90 04 0001 00 00",
               "30 07 0003 6d 2f 61 00 31",
               "d0 00",
               "e0 00",
               "30 19 001273704276312e302f672f4e42495254482f6e0008011800"};
      break;
    case Protocol::kIec104:  // STARTDT con, GI con, a float, the end of the interrogation, TESTFR
      texts = {"68 04 0b 00 00 00", "68 0e 00 00 02 00 64 01 07 00 0100 000000 14",
               "68 12 02 00 02 00 0d 01 14 00 0100 640000 00004841 00",
               "68 0e 04 00 02 00 64 01 0a 00 0100 000000 14", "68 04 43 00 00 00"};
      break;
    case Protocol::kMtconnect:
      texts = {
          ":HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 20\r\n\r\n"
          "<MTConnectDevices/>\n",
          ":HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=b\r\n\r\n"
          "--b\r\nContent-length: 19\r\n\r\n<MTConnectStreams/>\r\n",
          ":HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnono\r\n0\r\n\r\n"};
      break;
    case Protocol::kShdr:
      texts = {":* PONG 1000\n", ":2026-11-18T11:06:40Z|x|1.5|exec|READY\n",
               ":|heat|FAULT|1|2|HIGH|x\n"};
      break;
  }
  std::vector<Bytes> phrases;
  for (const std::string_view text : texts) phrases.push_back(phrase(text));
  return phrases;
}

// Accepts, and answers whatever comes by what its random numbers say: phrases whole, cut off,
// changed, too long, too often; noise; silence; the end. `loop` must outlive it.
class StrangePeer {
 public:
  StrangePeer(sys::EventLoop& loop, const sys::Endpoint& at, Protocol protocol, std::uint64_t seed)
      : phrases_(phrases_of(protocol)), random_(seed) {
    auto listening = loop.listen(at, [this](std::unique_ptr<sys::TcpStream> stream) {
      if (open_.size() >= kOpenMax) open_.pop_front();
      open_.push_back(std::make_unique<Peer>(*this, std::move(stream)));
      if (chance(3)) open_.back()->say();  // unasked
      open_.back()->read();
    });
    LS_ASSERT(listening.ok());
    listener_ = *std::move(listening);
  }

 private:
  static constexpr std::size_t kOpenMax = 8;
  static constexpr std::size_t kFloodBytes = 64 * 1024;

  struct Peer {
    Peer(StrangePeer& o, std::unique_ptr<sys::TcpStream> s) : owner(o), stream(std::move(s)) {}
    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        if (!count) return;
        if (owner.chance(12)) return stream->close();
        say();
        read();
      });
    }
    void say() {
      if (busy) return;
      out = owner.saying();
      if (out.empty()) return;
      busy = true;
      stream->write_all(out, [this](const Status&) { busy = false; });
    }
    StrangePeer& owner;
    std::unique_ptr<sys::TcpStream> stream;
    std::array<std::uint8_t, 2048> in{};
    Bytes out;
    bool busy = false;
  };

  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

  Bytes saying() {
    switch (below(8)) {
      case 0:
        return {};
      case 1: {  // noise
        Bytes noise(below(300) + 1);
        for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random_());
        return noise;
      }
      case 2: {  // a flood
        const Bytes& one = any();
        Bytes flood;
        while (flood.size() < kFloodBytes) flood.insert(flood.end(), one.begin(), one.end());
        return flood;
      }
      case 3:
        return any();
      default:
        return changed(any());
    }
  }
  const Bytes& any() { return phrases_[below(phrases_.size())]; }
  Bytes changed(Bytes bytes) {
    const std::uint64_t changes = 1 + below(3);
    for (std::uint64_t i = 0; i < changes && !bytes.empty(); ++i) {
      const std::size_t at = below(bytes.size());
      const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      switch (below(5)) {
        case 0:
          *place ^= static_cast<std::uint8_t>(1U << below(8));
          break;
        case 1:  // the largest there is: lengths above all
          std::fill_n(place, std::min<std::ptrdiff_t>(4, bytes.end() - place), std::uint8_t{0xFF});
          break;
        case 2:
          bytes.resize(at);
          break;
        case 3:
          bytes.insert(place, static_cast<std::size_t>(below(40)),
                       static_cast<std::uint8_t>(random_()));
          break;
        default:
          std::fill_n(place, std::min<std::ptrdiff_t>(2, bytes.end() - place), std::uint8_t{0});
      }
    }
    return bytes;
  }

  const std::vector<Bytes> phrases_;
  std::mt19937_64 random_;
  std::list<std::unique_ptr<Peer>> open_;
  std::unique_ptr<sys::TcpListener> listener_;
};

}  // namespace lineshaft::connect::testing
