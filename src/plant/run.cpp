#include "plant/run.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "connect/connection_json.h"
#include "plant/first_client.h"
#include "plant/served_machine.h"
#include "sys/file.h"
#include "sys/loop.h"

namespace lineshaft::plant {
namespace {

constexpr std::size_t kWriteBytes = 256 * 1024;

std::string file_name_of(const std::string& machine) {
  std::string name = machine;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name + ".csv";
}

// Paths of ours hold no quote; a comma or quote would need one.
std::string csv_cell(const std::string& text) {
  return text.find(',') == std::string::npos ? text : "\"" + text + "\"";
}

// Appends text to a file in large pieces.
class TextFile {
 public:
  explicit TextFile(std::unique_ptr<sys::File> file) : file_(std::move(file)) {}
  Status add(std::string_view text) {
    pending_ += text;
    return pending_.size() < kWriteBytes ? Status() : flush();
  }
  Status flush() {
    const Status written = file_->write_at(offset_, as_bytes(pending_));
    offset_ += pending_.size();
    pending_.clear();
    return written;
  }

 private:
  std::unique_ptr<sys::File> file_;
  std::string pending_;
  std::uint64_t offset_ = 0;
};

Status write_machine(const Machine& machine, const std::vector<const Signal*>& signals,
                     const BackfillOptions& options) {
  sys::FileSystem& files = sys::real_file_system();
  const std::string path = sys::join_path(options.directory, file_name_of(machine.name));
  auto file = files.open(path, sys::OpenMode::kCreate);
  if (!file) return file.error();
  if (Status emptied = (*file)->truncate(0); !emptied) return emptied;
  TextFile text(*std::move(file));
  std::string line = "time";
  for (const Signal* signal : signals) line += "," + csv_cell(signal->config.path);
  if (Status added = text.add(line + "\n"); !added) return added;
  const Nanoseconds step = std::chrono::minutes(options.step_minutes);
  Timestamp time = options.until + -std::chrono::hours(24 * options.days);
  time.ns -= time.ns % step.count();
  for (; time < options.until; time = time + step) {
    line = format_rfc3339(time);
    for (const Signal* signal : signals) line += "," + csv_cell(to_text(value_at(*signal, time)));
    if (Status added = text.add(line + "\n"); !added) return added;
  }
  return text.flush();
}

}  // namespace

Result<std::unique_ptr<connect::opcua::TrustStore>> open_certificates(const std::string& folder,
                                                                      sys::Clock& clock) {
  return connect::opcua::TrustStore::open(sys::real_file_system(), clock, folder,
                                          {"northfield-plant", "127.0.0.1"});
}

Status serve_plant(const RunOptions& options, sys::Clock& clock) {
  if (!(options.speed >= 0.1 && options.speed <= 1000)) {
    return Error{ErrorId::kInvalidArgument, "speed: must be 0.1 to 1000"};
  }
  const Plant plant = make_plant(options.plant);
  const auto loop = sys::make_event_loop();
  std::unique_ptr<connect::opcua::TrustStore> trust;
  std::optional<FirstClient> first_client;
  if (options.plant.has_certificates) {
    auto opened = open_certificates(options.certificates, clock);
    if (!opened) return opened.error();
    trust = *std::move(opened);
    first_client.emplace(*loop, *trust);
  }
  const Hall hall{*loop, clock, sys::real_random(), options.speed, trust.get()};
  std::vector<std::unique_ptr<ServedMachine>> served;
  for (const Machine& machine : plant.machines) {
    if (!options.machine.empty() && machine.name != options.machine) continue;
    auto one = serve_machine(machine, hall);
    if (!one) return one.error();
    served.push_back(*std::move(one));
  }
  if (served.empty()) {
    std::string names;
    for (const Machine& machine : plant.machines) names += "\n  " + machine.name;
    return Error{ErrorId::kNotFound,
                 "the plant has no machine '" + options.machine + "'; it has:" + names};
  }
  loop->on_stop_signal([&] { loop->stop(); });
  loop->run();
  return {};
}

std::string connections_json(const Plant& plant) {
  Json list = Json::array();
  for (const Machine& machine : plant.machines) {
    connect::ConnectionConfig config;
    config.name = machine.name;
    config.settings = machine.settings;
    config.groups = {{"normal", 1000}};
    for (const Signal& signal : machine.signals) config.signals.push_back(signal.config);
    Json json = connect::config_json(config, connect::Secrets::kShown);
    json["signals"] = connect::signals_json(config.signals);
    list.push_back(std::move(json));
  }
  return list.dump(1) + "\n";
}

std::string machines_table(const Plant& plant) {
  std::string table = "| machine | protocol | port | signals | quirk |\n|---|---|---|---|---|\n";
  for (const Machine& machine : plant.machines) {
    const auto protocol = static_cast<connect::Protocol>(machine.settings.index());
    table += "| " + machine.name + " | " + std::string(connect::protocol_name(protocol)) + " | " +
             std::to_string(machine.port) + " | " + std::to_string(machine.signals.size()) + " | " +
             machine.quirk.text + " |\n";
  }
  return table;
}

Status write_backfill(const Plant& plant, const BackfillOptions& options) {
  if (options.days < 1 || options.days > 3660 || options.step_minutes < 1) {
    return Error{ErrorId::kInvalidArgument, "days: must be 1 to 3660"};
  }
  if (Status made = sys::real_file_system().create_directories(options.directory); !made) {
    return made;
  }
  for (const Machine& machine : plant.machines) {
    std::vector<const Signal*> signals;
    for (const Signal& signal : machine.signals) {
      if (signal.key || options.all_signals) signals.push_back(&signal);
    }
    if (signals.empty()) continue;
    if (Status written = write_machine(machine, signals, options); !written) return written;
  }
  return {};
}

}  // namespace lineshaft::plant
