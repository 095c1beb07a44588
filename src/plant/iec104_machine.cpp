// A machine that is a controlled station of IEC 60870-5-104.
#include "connect/iec104/server.h"

#include "plant/feed.h"
#include "plant/served_machine.h"

namespace lineshaft::plant {
namespace {

const connect::Iec104Point& point_of(const Signal& signal) {
  return std::get<connect::Iec104Point>(signal.config.point);
}

class Iec104Machine final : public ServedMachine, private connect::Iec104Plant {
 public:
  Iec104Machine(const Machine& machine, const Hall& hall)
      : machine_(machine),
        feed_(machine, hall.loop, hall.clock, hall.speed, [this](const auto& changed) {
          for (const std::size_t signal : changed) {
            server_->set(point_of(machine_.signals[signal]).address,
                         {feed_.value(signal), quality::kGood}, feed_.time());
          }
        }) {}

  Status start(const Hall& hall) {
    std::vector<connect::Iec104ServedPoint> points;
    for (std::size_t i = 0; i < machine_.signals.size(); ++i) {
      connect::Iec104ServedPoint& point = points.emplace_back();
      point.address = point_of(machine_.signals[i]).address;
      point.format = point_of(machine_.signals[i]).format;
      point.reading = {feed_.value(i), quality::kGood};
    }
    connect::Iec104ServerOptions options;
    options.listen = {"127.0.0.1", machine_.port};
    auto server = connect::make_iec104_server(hall.loop, *this, std::move(points), options);
    if (!server) return server.error();
    server_ = *std::move(server);
    return {};
  }

 private:
  bool on_command(std::uint32_t, const Value&) override { return false; }

  const Machine& machine_;
  Feed feed_;
  std::unique_ptr<connect::Iec104Server> server_;
};

}  // namespace

MadeMachine serve_iec104_machine(const Machine& machine, const Hall& hall) {
  auto made = std::make_unique<Iec104Machine>(machine, hall);
  if (Status started = made->start(hall); !started) return started.error();
  return std::unique_ptr<ServedMachine>(std::move(made));
}

}  // namespace lineshaft::plant
