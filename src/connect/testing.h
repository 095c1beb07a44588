// connect/testing.h: machines and a sink for the tests of this room.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/manager.h"
#include "connect/modbus/server.h"
#include "sys/sim/loop.h"
#include "wire/modbus/frame.h"

namespace lineshaft::connect::testing {

using namespace std::chrono_literals;

// A device with 1000 of everything per unit; unit ids outside `units` do not exist.
class MapDevice : public ModbusDevice {
 public:
  std::map<std::uint8_t, std::array<std::uint16_t, 1000>> holding;
  std::map<std::uint8_t, std::array<std::uint16_t, 1000>> input;
  std::map<std::uint8_t, std::array<bool, 1000>> coils;
  std::map<std::uint8_t, std::array<bool, 1000>> discretes;
  std::vector<std::uint8_t> units = {1};
  modbus::Identification plate = {{0, "Maker"}, {1, "M-1"}, {2, "2.0"}};
  std::function<Outcome(std::uint8_t, const modbus::Request&)> refuse;
  std::function<ServerReply(std::uint8_t, const modbus::Request&)> reply;
  std::vector<modbus::Request> requests;  // as they came

  bool has_unit(std::uint8_t unit) override { return std::ranges::count(units, unit) > 0; }

  Outcome read_registers(std::uint8_t unit, modbus::Area area, std::uint16_t address,
                         std::span<std::uint16_t> out) override {
    note(modbus::ReadRegisters{area, address, static_cast<std::uint16_t>(out.size())});
    if (auto refused = refused_now(unit)) return refused;
    if (address + out.size() > 1000) return modbus::Exception::kIllegalDataAddress;
    const auto& words = area == modbus::Area::kInput ? input[unit] : holding[unit];
    std::copy_n(words.begin() + address, out.size(), out.begin());
    return std::nullopt;
  }
  Outcome read_bits(std::uint8_t unit, modbus::Area area, std::uint16_t address,
                    std::span<bool> out) override {
    note(modbus::ReadBits{area, address, static_cast<std::uint16_t>(out.size())});
    if (auto refused = refused_now(unit)) return refused;
    if (address + out.size() > 1000) return modbus::Exception::kIllegalDataAddress;
    const auto& bits = area == modbus::Area::kCoil ? coils[unit] : discretes[unit];
    std::copy_n(bits.begin() + address, out.size(), out.begin());
    return std::nullopt;
  }
  Outcome write_registers(std::uint8_t unit, std::uint16_t address,
                          std::span<const std::uint16_t> values) override {
    note(modbus::WriteRegisters{address, {values.begin(), values.end()}});
    if (auto refused = refused_now(unit)) return refused;
    if (address + values.size() > 1000) return modbus::Exception::kIllegalDataAddress;
    std::ranges::copy(values, holding[unit].begin() + address);
    return std::nullopt;
  }
  Outcome write_coils(std::uint8_t unit, std::uint16_t address,
                      std::span<const bool> values) override {
    note(modbus::WriteCoils{address, {values.begin(), values.end()}});
    if (auto refused = refused_now(unit)) return refused;
    if (address + values.size() > 1000) return modbus::Exception::kIllegalDataAddress;
    std::ranges::copy(values, coils[unit].begin() + address);
    return std::nullopt;
  }
  modbus::Identification identification(std::uint8_t /*unit*/) override { return plate; }
  ServerReply reply_to(std::uint8_t unit, const modbus::Request& request) override {
    return reply ? reply(unit, request) : ServerReply{};
  }

 private:
  void note(modbus::Request request) { requests.push_back(std::move(request)); }
  Outcome refused_now(std::uint8_t unit) {
    return refuse ? refuse(unit, requests.back()) : Outcome{};
  }
};

// A sink that keeps what it gets and answers as told.
class MemorySink : public SampleSink {
 public:
  std::vector<Sample> samples;                      // durable
  std::function<Status(const SampleBatch&)> judge;  // absent: everything is durable at once
  bool silent = false;                              // keeps the callbacks in `open`
  std::vector<std::pair<SampleBatch, Durable>> open;
  std::size_t batches = 0;

  void append(SampleBatch batch, Durable durable) override {
    batches += 1;
    if (silent) {
      open.emplace_back(std::move(batch), std::move(durable));
      return;
    }
    answer(std::move(batch), durable);
  }
  void answer_open() {
    auto waiting = std::exchange(open, {});
    for (auto& [batch, durable] : waiting) answer(std::move(batch), durable);
  }
  std::vector<Sample> of(std::uint32_t tag) const {
    std::vector<Sample> found;
    for (const Sample& sample : samples) {
      if (sample.tag.value == tag) found.push_back(sample);
    }
    return found;
  }

 private:
  void answer(SampleBatch batch, const Durable& durable) {
    const Status status = judge ? judge(batch) : Status();
    if (status) samples.insert(samples.end(), batch.samples.begin(), batch.samples.end());
    durable(status);
  }
};

// A listener that does with each request frame what the test says.
class RawDevice {
 public:
  struct Action {
    Bytes send;
    bool close = false;
    Nanoseconds delay{0};
  };
  using Answer = std::function<std::vector<Action>(const modbus::Frame&)>;

  RawDevice(sys::SimLoop& loop, sys::Endpoint at, Answer answer)
      : loop_(loop), answer_(std::move(answer)) {
    listener_ = loop.listen(at,
                            [this](std::unique_ptr<sys::TcpStream> stream) {
                              peers_.push_back(std::make_unique<Peer>(*this, std::move(stream)));
                              peers_.back()->read();
                            })
                    .value();
  }

 private:
  struct Peer {
    Peer(RawDevice& d, std::unique_ptr<sys::TcpStream> s)
        : device(d), stream(std::move(s)), timer(d.loop_.make_timer()) {}
    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        if (!count) return;
        ByteSpan bytes = ByteSpan(in).first(*count);
        while (!bytes.empty()) {
          auto frame = reader.next(bytes);
          if (!frame || !*frame) break;
          for (Action& action : device.answer_(**frame)) todo.push_back(std::move(action));
        }
        read();
        work();
      });
    }
    void work() {
      if (busy || todo.empty()) return;
      busy = true;
      timer->start(todo.front().delay, [this] {
        const Action action = std::move(todo.front());
        todo.erase(todo.begin());
        const auto after = [this, close = action.close] {
          busy = false;
          if (close) return stream->close();
          work();
        };
        out = action.send;
        if (out.empty()) return after();
        stream->write_all(out, [after](const Status&) { after(); });
      });
    }
    RawDevice& device;
    std::unique_ptr<sys::TcpStream> stream;
    std::unique_ptr<sys::Timer> timer;
    modbus::FrameReader reader;
    std::array<std::uint8_t, 1024> in{};
    Bytes out;
    std::vector<Action> todo;
    bool busy = false;
  };

  sys::SimLoop& loop_;
  Answer answer_;
  std::list<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<sys::TcpListener> listener_;
};

inline SignalConfig holding_signal(std::string path, std::uint16_t address,
                                   modbus::DataType type = modbus::DataType::kUint16) {
  SignalConfig signal;
  signal.path = std::move(path);
  ModbusPoint point;
  point.address = address;
  point.format.type = type;
  signal.point = point;
  return signal;
}

inline ModbusPoint& point_of(SignalConfig& signal) { return std::get<ModbusPoint>(signal.point); }

// "org/site/m<port>/s<i>" at holding registers 0, 1, 2..., one group of 1 s.
inline ConnectionConfig machine(std::uint16_t port, std::size_t signals) {
  ConnectionConfig config;
  config.name = "machine " + std::to_string(port);
  ModbusSettings settings;
  settings.host = "plc";
  settings.port = port;
  config.settings = settings;
  config.groups = {{"normal", 1000}};
  for (std::size_t i = 0; i < signals; ++i) {
    config.signals.push_back(
        holding_signal("org/site/m" + std::to_string(port) + "/s" + std::to_string(i),
                       static_cast<std::uint16_t>(i)));
  }
  return config;
}

inline ModbusSettings& modbus_of(ConnectionConfig& config) {
  return std::get<ModbusSettings>(config.settings);
}

// Tag ids first, first + 1, ...
inline std::vector<TagId> tags_from(std::uint32_t first, std::size_t count) {
  std::vector<TagId> tags;
  for (std::size_t i = 0; i < count; ++i) tags.push_back({first + static_cast<std::uint32_t>(i)});
  return tags;
}

// Every port of the range, asked in that protocol.
inline ScanRequest scan_ports(std::string host, std::uint16_t from, std::uint16_t to,
                              Protocol protocol = Protocol::kModbusTcp) {
  ScanRequest request;
  request.hosts = {std::move(host)};
  for (std::uint32_t port = from; port <= to; ++port) {
    request.doors.push_back({protocol, {static_cast<std::uint16_t>(port), false}});
  }
  return request;
}

inline const TenantId kTenant{7};

// A loop, a sink, a manager; devices are added by the tests.
struct Plant {
  sys::SimLoop loop;
  sys::SimClock clock{loop};
  sys::SimRandom random{42};
  MemorySink sink;
  std::unique_ptr<ConnectionManager> manager =
      std::make_unique<ConnectionManager>(loop, clock, random, sink, ManagerOptions{});

  std::unique_ptr<ModbusServer> serve(MapDevice& device, std::uint16_t port) {
    ModbusServerOptions options;
    options.listen = {"plc", port};
    return make_modbus_server(loop, device, options).value();
  }
  void put(std::uint32_t id, const ConnectionConfig& config, std::uint32_t first_tag) {
    const Status status =
        manager->put({id}, kTenant, config, tags_from(first_tag, config.signals.size()));
    LS_ASSERT(status.ok());
  }
  ConnectionStatus status(std::uint32_t id) { return manager->status({id}).value(); }
  // The newest sample of a tag. Requires: there is one.
  Sample last(std::uint32_t tag) { return sink.of(tag).back(); }
  std::size_t bad_samples(std::uint32_t tag) const {
    const auto is_bad = [](const Sample& sample) { return sample.quality.bad(); };
    return static_cast<std::size_t>(std::ranges::count_if(sink.of(tag), is_bad));
  }
};

}  // namespace lineshaft::connect::testing
