#include "connect/modbus/outlet.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "connect/flows/narrow.h"
#include "connect/modbus/flow_kind.h"
#include "connect/modbus/server.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kAddresses = 65536;

class ModbusOutlet : public Outlet, private ModbusDevice {
 public:
  ModbusOutlet(const ModbusServerFlowSettings& settings, const OutletMeans& means)
      : settings_(settings), host_(means.host) {}

  Status listen(sys::EventLoop& loop) {
    ModbusServerOptions options;
    options.listen = {settings_.listen, settings_.port};
    options.connections_max = settings_.connections_max;
    options.tls = tls_context(settings_.tls, sys::TlsSide::kServer);
    const std::vector<std::string> roles = writing_roles_of(settings_);
    if (!roles.empty()) options.writing_roles = roles;
    auto server = make_modbus_server(loop, *this, options);
    if (!server) return server.error();
    server_ = *std::move(server);
    return {};
  }

  Status put(std::span<const FlowTag> tags) override {
    for (const FlowTag& tag : tags) {
      Served served;
      served.tag = tag.id;
      served.type = tag.spec.type;
      served.format = served_format(settings_, tag.spec.type);
      served.width = modbus::width(served.format);
      served.writable = tag.spec.writable;
      addresses_[tag.id.value] = static_cast<std::uint16_t>(tag.address);
      served_[static_cast<std::uint16_t>(tag.address)] = served;
      if (tag.current) show(*tag.current);
    }
    return {};
  }

  void remove(std::span<const TagId> tags) override {
    for (TagId tag : tags) {
      const auto address = addresses_.find(tag.value);
      if (address == addresses_.end()) continue;
      const auto served = served_.find(address->second);
      std::fill_n(words_.begin() + served->first, served->second.width, std::uint16_t{0});
      std::fill_n(good_.begin() + served->first, served->second.width, false);
      served_.erase(served);
      addresses_.erase(address);
    }
  }

  void publish(std::vector<FlowSample> samples, Taken taken) override {
    for (const FlowSample& sample : samples) {
      if (sample.is_past) continue;
      show(sample.sample);
      samples_out_ += 1;
    }
    taken({});
  }

  OutletStatus status() const override {
    OutletStatus status;
    status.state = OutletState::kUp;
    status.at = server_->local().text();
    status.clients = server_->counters().connections;
    status.samples_out = samples_out_;
    return status;
  }

 private:
  struct Served {
    TagId tag;
    ValueType type = ValueType::kFloat64;
    modbus::PointFormat format;
    std::uint16_t width = 1;
    bool writable = false;
  };
  using Places = std::map<std::uint16_t, Served>;

  void show(const Sample& sample) {
    const auto address = addresses_.find(sample.tag.value);
    if (address == addresses_.end()) return;
    const Served& served = served_.at(address->second);
    const auto at = static_cast<std::ptrdiff_t>(address->second);
    const std::span<std::uint16_t> place(words_.begin() + at, served.width);
    Value value = sample.value;
    bool good = sample.quality.good();
    if (served.type == ValueType::kBool) {
      place[0] = std::get<bool>(value) ? 1 : 0;
    } else {
      good = narrow(served.format.type == modbus::DataType::kInt32,
                    served.format.type == modbus::DataType::kFloat32, value) &&
             good;
      const auto words = modbus::encode_value(served.format, value, place);
      // A text longer than its registers: what they hold stays, and is known to be old.
      if (words) std::ranges::copy(*words, place.begin());
      good = good && words.ok();
    }
    std::fill_n(good_.begin() + at, served.width, good);
  }

  // The tag that begins at `address`; null if none does.
  const Served* at(std::uint16_t address) const {
    const auto found = served_.find(address);
    return found == served_.end() ? nullptr : &found->second;
  }

  bool any_in(std::uint16_t address, std::size_t count) const {
    const auto next = served_.lower_bound(address);
    if (next != served_.end() && next->first < address + count) return true;
    if (next == served_.begin()) return false;
    const auto before = std::prev(next);
    return before->first + before->second.width > address;
  }

  // --- ModbusDevice ---
  bool has_unit(std::uint8_t unit) override {
    return settings_.unit_id == 0 || unit == settings_.unit_id;
  }

  // Gaps are read along as zeros, as clients read blocks.
  Outcome read_registers(std::uint8_t /*unit*/, modbus::Area /*area*/, std::uint16_t address,
                         std::span<std::uint16_t> out) override {
    if (!any_in(address, out.size())) return modbus::Exception::kIllegalDataAddress;
    std::copy_n(words_.begin() + address, out.size(), out.begin());
    return std::nullopt;
  }

  Outcome read_bits(std::uint8_t /*unit*/, modbus::Area area, std::uint16_t address,
                    std::span<bool> out) override {
    if (!any_in(address, out.size())) return modbus::Exception::kIllegalDataAddress;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto number = static_cast<std::uint16_t>(address + i);
      const Served* served = at(number);
      out[i] = area == modbus::Area::kDiscrete
                   ? good_[number]
                   : served != nullptr && served->type == ValueType::kBool && words_[number] != 0;
    }
    return std::nullopt;
  }

  // Whole tags only, so that no half of a number ever goes to a machine.
  Outcome write_registers(std::uint8_t /*unit*/, std::uint16_t address,
                          std::span<const std::uint16_t> values) override {
    std::vector<std::pair<TagId, Value>> writes;
    for (std::size_t i = 0; i < values.size();) {
      const Served* served = at(static_cast<std::uint16_t>(address + i));
      if (served == nullptr || !served->writable || i + served->width > values.size()) {
        return modbus::Exception::kIllegalDataAddress;
      }
      auto value = value_of(*served, values.subspan(i, served->width));
      if (!value) return modbus::Exception::kIllegalDataValue;
      writes.emplace_back(served->tag, *std::move(value));
      i += served->width;
    }
    return order(std::move(writes));
  }

  Outcome write_coils(std::uint8_t /*unit*/, std::uint16_t address,
                      std::span<const bool> values) override {
    std::vector<std::pair<TagId, Value>> writes;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Served* served = at(static_cast<std::uint16_t>(address + i));
      if (served == nullptr || !served->writable || served->type != ValueType::kBool) {
        return modbus::Exception::kIllegalDataAddress;
      }
      writes.emplace_back(served->tag, values[i]);
    }
    return order(std::move(writes));
  }

  static std::optional<Value> value_of(const Served& served, std::span<const std::uint16_t> words) {
    if (served.type == ValueType::kBool) return Value(words[0] != 0);
    auto value = modbus::decode_value(served.format, words);
    if (value) widen(served.type, *value);
    return value;
  }

  // The answer means that the order was taken; what the machine made of it is read as the value.
  Outcome order(std::vector<std::pair<TagId, Value>> writes) {
    for (auto& [tag, value] : writes) {
      const Status written = host_.write({"Modbus client", false}, tag, std::move(value));
      if (!written) return modbus::Exception::kServerDeviceBusy;
    }
    return std::nullopt;
  }

  modbus::Identification identification(std::uint8_t /*unit*/) override {
    return {{0, "Lineshaft"}, {1, "flow"}, {2, "1"}};
  }

  const ModbusServerFlowSettings settings_;
  FlowHost& host_;
  std::vector<std::uint16_t> words_ = std::vector<std::uint16_t>(kAddresses);
  std::vector<bool> good_ = std::vector<bool>(kAddresses);
  Places served_;                                               // by address
  std::unordered_map<std::uint32_t, std::uint16_t> addresses_;  // by tag
  std::uint64_t samples_out_ = 0;
  std::unique_ptr<ModbusServer> server_;  // last: it asks all of the above
};

}  // namespace

Result<std::unique_ptr<Outlet>> make_modbus_outlet(const ModbusServerFlowSettings& settings,
                                                   const OutletMeans& means) {
  auto outlet = std::make_unique<ModbusOutlet>(settings, means);
  if (Status listening = outlet->listen(means.loop); !listening) return listening.error();
  return std::unique_ptr<Outlet>(std::move(outlet));
}

}  // namespace lineshaft::connect
