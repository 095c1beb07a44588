// tests/interop/forward_peer.cpp: a flow to a real broker, or to another Lineshaft server, as a
// program that can be killed. Not part of the product.
//
//   forward_peer mqtt FOLDER PORT                              a flow whose queue is in FOLDER
//   forward_peer lineshaft FOLDER PORT TOKEN FINGERPRINT
//
// "N" on stdin: sample N of tag 1 + N % 3; "kept N" on stdout when it is durable. "status" tells
// how much waits, and the last error. The end of stdin ends the program in good order.
#include <iostream>
#include <string>
#include <thread>

#include "connect/forward/queued_outlet.h"
#include "connect/lineshaft/carrier.h"
#include "connect/mqtt/carrier.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/http.h"
#include "sys/loop.h"

using namespace lineshaft;
using namespace lineshaft::connect;

namespace {

class SilentHost : public FlowHost {
 public:
  std::optional<Sample> current(TagId /*tag*/) override { return std::nullopt; }
  Result<std::vector<Sample>> history(TagId /*tag*/, TimeRange /*range*/, bool /*newest_first*/,
                                      std::size_t /*max*/) override {
    return std::vector<Sample>();
  }
  Status write(const FlowUser& /*user*/, TagId /*tag*/, Value /*value*/) override { return {}; }
  bool may_write(const FlowUser& /*user*/) override { return false; }
  Result<FlowUser> admit(std::string_view /*name*/, std::string_view /*password*/,
                         std::string_view /*peer*/) override {
    return Error{ErrorId::kSignInFailed, "nobody"};
  }
  void note(std::string_view event, std::string detail) override {
    std::cerr << event << ": " << detail << std::endl;
  }
};

std::vector<FlowTag> three_tags() {
  std::vector<FlowTag> tags;
  for (std::uint32_t id = 1; id <= 3; ++id) {
    FlowTag tag;
    tag.id = {id};
    tag.spec.path = "works/press/t" + std::to_string(id);
    tag.path = tag.spec.path;
    tag.spec.type = ValueType::kInt64;
    tag.spec.interpolation = Interpolation::kStep;
    tags.push_back(std::move(tag));
  }
  return tags;
}

std::unique_ptr<forward::Carrier> make_carrier(char** arguments, sys::EventLoop& loop,
                                               forward::CarrierUser& user) {
  const auto port = static_cast<std::uint16_t>(std::stoi(arguments[3]));
  if (std::string(arguments[1]) == "mqtt") {
    MqttFlowSettings settings;
    settings.broker.host = "127.0.0.1";
    settings.broker.port = port;
    return std::make_unique<MqttCarrier>(loop, sys::real_random(), settings, user);
  }
  LineshaftFlowSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.token = arguments[4];
  settings.fingerprint = arguments[5];
  sys::HttpClientOptions options;
  options.server = {settings.host, port};
  options.pinned_fingerprint = settings.fingerprint;
  return std::make_unique<LineshaftCarrier>(loop, sys::real_random(), settings,
                                            sys::make_http_client(options), user);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4 && count != 6) return 2;
  SilentHost host;
  const auto loop = sys::make_event_loop();
  const OutletMeans means{*loop,
                          sys::real_clock(),
                          sys::real_random(),
                          sys::real_file_system(),
                          arguments[2],
                          nullptr,
                          {1},
                          1,
                          host};
  auto outlet = std::make_unique<forward::QueuedOutlet>(
      means, forward::queue_options(means, {}),
      [&](forward::CarrierUser& user) { return make_carrier(arguments, *loop, user); });
  if (!outlet->put(three_tags())) return 1;
  std::thread reader([&] {
    for (std::string line; std::getline(std::cin, line);) {
      loop->post([&, line] {
        if (line == "status") {
          const OutletStatus status = outlet->status();
          std::cout << "waiting " << (status.queue ? status.queue->samples : 0) << " "
                    << status.last_error.value_or("") << std::endl;
          return;
        }
        const std::int64_t n = std::stoll(line);
        const Sample sample{
            {static_cast<std::uint32_t>(1 + n % 3)}, sys::real_clock().now(), quality::kGood, n};
        outlet->publish({{sample, false}}, [line](const Status& kept) {
          std::cout << (kept ? "kept " + line + "\n" : kept.error().text() + "\n") << std::flush;
        });
      });
    }
    loop->post([&] {
      outlet.reset();
      loop->stop();
    });
  });
  loop->run();
  reader.join();
  return 0;
}
