// bench/flows_bench.cpp: how many values a second go out through a flow of each kind that serves:
// from the flow's door to the memory that its clients read.
//
//   flows_bench [--tags 5000] [--seconds 3] [--port 16500]
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "connect/flow.h"
#include "connect/opcua/trust.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "two_processes.h"

using namespace lineshaft;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBatch = 1'000;  // samples of one offer
constexpr int kOffersAhead = 8;

class NoHouse : public connect::FlowHost {
 public:
  std::optional<Sample> current(TagId) override { return std::nullopt; }
  Result<std::vector<Sample>> history(TagId, TimeRange, bool, std::size_t) override {
    return std::vector<Sample>();
  }
  Status write(const connect::FlowUser&, TagId, Value) override { return {}; }
  bool may_write(const connect::FlowUser&) override { return false; }
  Result<connect::FlowUser> admit(std::string_view, std::string_view, std::string_view) override {
    return Error{ErrorId::kSignInFailed, "nobody"};
  }
  void note(std::string_view, std::string) override {}
};

std::vector<connect::FlowTag> tags_of(const connect::FlowKind& kind,
                                      const connect::FlowSettings& settings, std::size_t count) {
  std::vector<connect::FlowTag> tags(count);
  std::uint32_t address = kind.addresses(settings).first;
  for (std::size_t i = 0; i < count; ++i) {
    tags[i].id = {static_cast<std::uint32_t>(i + 1)};
    tags[i].path = tags[i].spec.path =
        "bench/site/machine " + std::to_string(i / 100) + "/s" + std::to_string(i);
    tags[i].spec.type = ValueType::kFloat32;
    tags[i].address = address;
    address += kind.width(settings, tags[i].spec);
  }
  return tags;
}

class Run {
 public:
  Run(sys::EventLoop& loop, connect::Outlet& outlet, std::size_t tags, int seconds)
      : loop_(loop), outlet_(outlet), tags_(tags), timer_(loop.make_timer()) {
    timer_->start(1s, [this, seconds] {  // what it makes of its tags takes its time
      begin(seconds);
    });
  }

 private:
  void begin(int seconds) {
    meter_ = std::make_unique<bench::Meter>(loop_);
    before_ = outlet_.status().samples_out;
    timer_->start(std::chrono::seconds(seconds), [this] {
      const connect::OutletStatus status = outlet_.status();
      std::printf("%10.0f values/s delivered  CPU %5.1f %% of a core (all threads)\n",
                  static_cast<double>(status.samples_out - before_) / meter_->wall_s(),
                  meter_->core_percent());
      std::fflush(stdout);
      over_ = true;
      loop_.stop();
    });
    for (int i = 0; i < kOffersAhead; ++i) offer();
  }
  void offer() {
    if (over_) return;
    std::vector<connect::FlowSample> samples(kBatch);
    const Timestamp now = sys::real_clock().now();
    for (connect::FlowSample& one : samples) {
      one.sample = {{static_cast<std::uint32_t>(next_ % tags_ + 1)},
                    now,
                    quality::kGood,
                    static_cast<float>(next_)};
      next_ += 1;
    }
    outlet_.publish(std::move(samples), [this](const Status&) { loop_.post([this] { offer(); }); });
  }

  sys::EventLoop& loop_;
  connect::Outlet& outlet_;
  const std::size_t tags_;
  std::unique_ptr<sys::Timer> timer_;
  std::unique_ptr<bench::Meter> meter_;
  std::uint64_t next_ = 0;
  std::uint64_t before_ = 0;
  bool over_ = false;
};

connect::FlowSettings settings_of(const connect::FlowKind& kind, int port) {
  const Json json = parse_json("{\"port\":" + std::to_string(port) + "}").value();
  connect::Fields fields(json);
  return kind.read_settings(fields);
}

}  // namespace

int main(int argc, char** argv) {
  const auto tags = static_cast<std::size_t>(bench::option(argc, argv, "--tags", 5'000));
  const int seconds = bench::option(argc, argv, "--seconds", 3);
  int port = bench::option(argc, argv, "--port", 16500);
  const std::string folder = std::filesystem::temp_directory_path() / "lineshaft-flows-bench";
  std::filesystem::remove_all(folder);
  auto trust = bench::must(connect::opcua::TrustStore::open(
      sys::real_file_system(), sys::real_clock(), folder + "/pki", {"127.0.0.1"}));
  for (const char* name :
       {"opcua-server", "modbus-server", "s7-server", "iec104-server", "mtconnect-agent"}) {
    const connect::FlowKind& kind = *connect::find_flow_kind(name);
    const connect::FlowSettings settings = settings_of(kind, port++);
    const auto loop = sys::make_event_loop();
    NoHouse house;
    const connect::OutletMeans means{*loop,
                                     sys::real_clock(),
                                     sys::real_random(),
                                     sys::real_file_system(),
                                     folder + "/" + name,
                                     trust.get(),
                                     {1},
                                     1,
                                     house};
    const auto outlet = bench::must(kind.open(settings, means));
    const auto all = tags_of(kind, settings, tags);
    for (std::size_t i = 0; i < all.size(); i += kind.tags_per_turn()) {
      const std::size_t count = std::min(kind.tags_per_turn(), all.size() - i);
      if (Status put = outlet->put(std::span(all).subspan(i, count)); !put) {
        std::cerr << put.error().text() << "\n";
        return 1;
      }
    }
    std::printf("%-16s", name);
    Run run(*loop, *outlet, tags, seconds);
    loop->run();
  }
  std::filesystem::remove_all(folder);
  return 0;
}
