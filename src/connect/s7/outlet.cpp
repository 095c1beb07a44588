#include "connect/s7/outlet.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "connect/flows/narrow.h"
#include "connect/s7/flow_kind.h"
#include "connect/s7/server.h"

namespace lineshaft::connect {

namespace {

class S7Outlet : public Outlet, private S7Memory {
 public:
  S7Outlet(const S7ServerFlowSettings& settings, const OutletMeans& means)
      : settings_(settings), host_(means.host) {}

  Status listen(sys::EventLoop& loop) {
    S7ServerOptions options;
    options.listen = {settings_.listen, settings_.port};
    options.connections_max = settings_.connections_max;
    auto server = make_s7_server(loop, *this, options);
    if (!server) return server.error();
    server_ = *std::move(server);
    return {};
  }

  Status put(std::span<const FlowTag> tags) override {
    for (const FlowTag& tag : tags) {
      Served served;
      served.tag = tag.id;
      served.type = tag.spec.type;
      served.format = served_format(settings_, tag.spec.type, tag.address);
      served.width = s7::width(served.format.address);
      served.writable = tag.spec.writable;
      const s7::Address& at = served.format.address;
      make_room(at.db, at.byte + served.width);
      prepare(served);
      places_[tag.id.value] = {at.db, at.byte};
      served_[{at.db, at.byte}] = served;
      if (tag.current) show(*tag.current);
    }
    return {};
  }

  void remove(std::span<const TagId> tags) override {
    for (TagId tag : tags) {
      const auto place = places_.find(tag.value);
      if (place == places_.end()) continue;
      const auto served = served_.find(place->second);
      std::ranges::fill(bytes_of(served->second), std::uint8_t{0});
      served_.erase(served);
      places_.erase(place);
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
    s7::PointFormat format;
    std::uint32_t width = 1;
    bool writable = false;
  };
  using Place = std::pair<std::uint16_t, std::uint32_t>;  // data block, byte

  std::uint16_t quality_db(std::uint16_t db) const {
    return static_cast<std::uint16_t>(db - settings_.db + settings_.quality_db);
  }

  // Whole words: clients read those.
  void make_room(std::uint16_t db, std::uint32_t end) {
    std::size_t& size = sizes_[db];
    if (end <= size) return;
    size = (end + 1) / 2 * 2;
    blocks_[db] = &make(s7::Area::kDataBlock, db, size);
    blocks_[quality_db(db)] = &make(s7::Area::kDataBlock, quality_db(db), size);
  }

  std::span<std::uint8_t> part(std::uint16_t db, const Served& served) {
    return std::span(*blocks_.at(db)).subspan(served.format.address.byte, served.width);
  }
  std::span<std::uint8_t> bytes_of(const Served& served) {
    return part(served.format.address.db, served);
  }
  std::span<std::uint8_t> quality_of(const Served& served) {
    return part(quality_db(served.format.address.db), served);
  }

  // Without a value yet: bad, and a text that knows how long it may become.
  void prepare(const Served& served) {
    std::ranges::fill(quality_of(served), std::uint8_t{2});
    if (served.type == ValueType::kString) {
      bytes_of(served)[0] = static_cast<std::uint8_t>(served.format.address.length);
    }
  }

  void show(const Sample& sample) {
    const auto place = places_.find(sample.tag.value);
    if (place == places_.end()) return;
    const Served& served = served_.at(place->second);
    Value value = sample.value;
    bool fits = narrow(served.format.address.type == s7::DataType::kDint,
                       served.format.address.type == s7::DataType::kReal, value);
    const std::span<std::uint8_t> bytes = bytes_of(served);
    const auto encoded = s7::encode_value(served.format, value, bytes);
    // A text longer than its place: what is there stays, and is known to be old.
    if (encoded) std::ranges::copy(*encoded, bytes.begin());
    fits = fits && encoded.ok();
    const std::uint8_t quality =
        sample.quality.bad() || !fits ? 2 : (sample.quality.uncertain() ? 1 : 0);
    std::ranges::fill(quality_of(served), quality);
  }

  // --- S7Device ---
  // One whole value, so that no half of a number ever goes to a machine.
  s7::ReturnCode write(s7::Area area, std::uint16_t db, std::uint32_t start,
                       ByteSpan bytes) override {
    const auto found = served_.find({db, start});
    if (area != s7::Area::kDataBlock || found == served_.end()) {
      return s7::ReturnCode::kAddressOutOfRange;
    }
    const Served& served = found->second;
    if (!served.writable) return s7::ReturnCode::kAccessDenied;
    const bool whole = served.type == ValueType::kString
                           ? bytes.size() >= 2 && bytes.size() <= served.width
                           : bytes.size() == served.width;
    if (!whole) return s7::ReturnCode::kTypeInconsistent;
    Bytes full(served.width);
    std::ranges::copy(bytes, full.begin());
    auto value = s7::decode_value(served.format, full);
    if (!value) return s7::ReturnCode::kTypeInconsistent;
    widen(served.type, *value);
    return order(served, *std::move(value));
  }
  s7::ReturnCode write_bit(s7::Area area, std::uint16_t db, std::uint32_t byte, std::uint8_t bit,
                           bool value) override {
    const auto found = served_.find({db, byte});
    if (area != s7::Area::kDataBlock || found == served_.end() || bit != 0 ||
        found->second.type != ValueType::kBool) {
      return s7::ReturnCode::kAddressOutOfRange;
    }
    return found->second.writable ? order(found->second, value) : s7::ReturnCode::kAccessDenied;
  }

  // The answer means that the order was taken; what the machine made of it is read as the value.
  s7::ReturnCode order(const Served& served, Value value) {
    const Status written = host_.write({"S7 client", false}, served.tag, std::move(value));
    return written ? s7::ReturnCode::kOk : s7::ReturnCode::kHardwareFault;
  }

  const S7ServerFlowSettings settings_;
  FlowHost& host_;
  std::map<std::uint16_t, std::size_t> sizes_;  // of blocks of values
  std::map<std::uint16_t, Bytes*> blocks_;      // in the memory: its bytes stay where they are
  std::map<Place, Served> served_;
  std::unordered_map<std::uint32_t, Place> places_;  // by tag
  std::uint64_t samples_out_ = 0;
  std::unique_ptr<S7Server> server_;  // last: it asks all of the above
};

}  // namespace

Result<std::unique_ptr<Outlet>> make_s7_outlet(const S7ServerFlowSettings& settings,
                                               const OutletMeans& means) {
  auto outlet = std::make_unique<S7Outlet>(settings, means);
  if (Status listening = outlet->listen(means.loop); !listening) return listening.error();
  return std::unique_ptr<Outlet>(std::move(outlet));
}

}  // namespace lineshaft::connect
