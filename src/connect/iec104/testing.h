// connect/iec104/testing.h: stations and control centres for the tests of this folder.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/iec104/server.h"
#include "connect/testing.h"

namespace lineshaft::connect::testing {

inline const sys::Endpoint kStationAt{"rtu", 2404};

inline SignalConfig iec104_signal(std::string path, std::uint32_t address,
                                  iec104::PointKind kind = iec104::PointKind::kFloat) {
  SignalConfig signal;
  signal.path = std::move(path);
  Iec104Point point;
  point.address = address;
  point.format.kind = kind;
  signal.point = point;
  return signal;
}

inline Iec104Point& iec104_point(SignalConfig& signal) {
  return std::get<Iec104Point>(signal.point);
}

// Signals org/rtu/s0, s1... at the addresses 100, 101...: a float, a single, a scaled, a counter.
inline ConnectionConfig station_config() {
  using iec104::PointKind;
  ConnectionConfig config;
  config.name = "rtu";
  Iec104Settings settings;
  settings.host = kStationAt.host;
  settings.command_timeout_ms = 2000;
  config.settings = settings;
  config.groups = {{"normal", 1000}};
  config.store = Store::kAll;
  config.writes_enabled = true;
  const PointKind kinds[] = {PointKind::kFloat, PointKind::kSingle, PointKind::kScaled,
                             PointKind::kCounter};
  for (std::uint32_t i = 0; i < 4; ++i) {
    config.signals.push_back(iec104_signal("org/rtu/s" + std::to_string(i), 100 + i, kinds[i]));
  }
  return config;
}

inline Iec104Settings& iec104_of(ConnectionConfig& config) {
  return std::get<Iec104Settings>(config.settings);
}

inline std::vector<Iec104ServedPoint> station_points() {
  using iec104::PointKind;
  const auto served = [](std::uint32_t address, PointKind kind, Value value) {
    Iec104ServedPoint point;
    point.address = address;
    point.format.kind = kind;
    point.reading = {std::move(value), quality::kGood};
    return point;
  };
  return {served(100, PointKind::kFloat, 12.5f), served(101, PointKind::kSingle, true),
          served(102, PointKind::kScaled, std::int64_t{-7}),
          served(103, PointKind::kCounter, std::int64_t{4711})};
}

struct TestPlant : Iec104Plant {
  std::function<bool(std::uint32_t, const Value&)> carry_out;
  std::vector<std::pair<std::uint32_t, Value>> commands;
  bool on_command(std::uint32_t address, const Value& value) override {
    commands.emplace_back(address, value);
    return !carry_out || carry_out(address, value);
  }
};

// The other end of a connection, in the hands of a test: sends bytes, keeps what came as text:
// "U 7", "S 3", "C_IC_NA_1 activation (6)", "-C_SC_NA_1 ..." for a negative one.
class RawEnd {
 public:
  explicit RawEnd(std::unique_ptr<sys::TcpStream> stream) : stream_(std::move(stream)) { read(); }

  void send(ByteSpan bytes) {
    out_.emplace_back(bytes.begin(), bytes.end());
    if (out_.size() == 1) write();
  }
  void send(const iec104::Frame& frame) {
    Bytes bytes;
    iec104::append_frame(frame, bytes);
    send(ByteSpan(bytes));
  }
  void send_function(iec104::UFunction function) { send(iec104::UFrame{function}); }
  // Numbered as it should be.
  void send_asdu(ByteSpan asdu) { send(iec104::IFrame{next_++, received_, asdu}); }
  void send_asdu(const iec104::Asdu& asdu) { send_asdu(ByteSpan(iec104::encode_asdu(asdu))); }
  void acknowledge() { send(iec104::SFrame{received_}); }
  void close() { stream_->close(); }

  std::function<void(RawEnd&, const iec104::Frame&)> on_frame;
  std::vector<std::string> heard;
  std::vector<iec104::Asdu> asdus;
  bool closed = false;

 private:
  void read() {
    stream_->read_some(in_, [this](Result<std::size_t> count) {
      if (!count) {
        closed = true;
        return;
      }
      ByteSpan bytes = ByteSpan(in_).first(*count);
      while (!bytes.empty()) {
        auto frame = reader_.next(bytes);
        LS_ASSERT(frame.ok());
        if (*frame) note(**frame);
      }
      read();
    });
  }
  void note(const iec104::Frame& frame) {
    if (const auto* u = std::get_if<iec104::UFrame>(&frame)) {
      heard.push_back("U " + std::to_string(static_cast<int>(u->function)));
    } else if (const auto* s = std::get_if<iec104::SFrame>(&frame)) {
      heard.push_back("S " + std::to_string(s->receive));
    } else {
      const auto& data = std::get<iec104::IFrame>(frame);
      received_ = iec104::sequence_after(received_);
      const auto head = iec104::decode_head(data.asdu).value();
      heard.push_back((head.negative ? "-" : "") + iec104::type_name(head.type) + " " +
                      iec104::cause_name(head.cause));
      if (auto asdu = iec104::decode_asdu(data.asdu)) asdus.push_back(*asdu);
    }
    if (on_frame) on_frame(*this, frame);
  }
  void write() {
    stream_->write_all(out_.front(), [this](const Status& written) {
      out_.erase(out_.begin());
      if (written && !out_.empty()) write();
    });
  }

  std::unique_ptr<sys::TcpStream> stream_;
  iec104::FrameReader reader_;
  std::array<std::uint8_t, 4096> in_{};
  std::vector<Bytes> out_;
  std::uint16_t next_ = 0;
  std::uint16_t received_ = 0;
};

}  // namespace lineshaft::connect::testing
