#include "connect/sparkplug/carrier.h"

#include <algorithm>
#include <array>

#include "connect/sparkplug/place.h"

namespace lineshaft::connect {

namespace {

// Tags come in portions, a turn of the loop each: one birth for all.
constexpr Nanoseconds kTagsPause = std::chrono::milliseconds(100);
// A broker that does not take a birth does so until a person changes its limits.
constexpr Nanoseconds kRefusedPause = std::chrono::seconds(30);

std::uint64_t milliseconds(Timestamp time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.ns / 1'000'000, 0));
}

sparkplug::EdgeValue edge_value(const Sample& sample) {
  return {sample.value, sample.quality, milliseconds(sample.time)};
}

// After a start of the process, so that the will of the one before is taken for its own.
std::uint8_t any_bd_seq(sys::Random& random) {
  std::array<std::uint8_t, 1> lot{};
  random.fill(lot);
  return lot[0];
}

}  // namespace

SparkplugCarrier::SparkplugCarrier(const OutletMeans& means, SparkplugFlowSettings settings,
                                   forward::CarrierUser& user)
    : means_(means),
      settings_(std::move(settings)),
      user_(user),
      bd_seq_(any_bd_seq(means.random)),
      tags_timer_(means.loop.make_timer()),
      flush_timer_(means.loop.make_timer()),
      ready_timer_(means.loop.make_timer()),
      leave_timer_(means.loop.make_timer()) {
  wait_for_more();
}

// --- tags ---

void SparkplugCarrier::make_edge() {
  leaving_ = false;
  SparkplugEdgeOptions options;
  options.broker = settings_.broker;
  options.other_brokers = other_brokers(settings_).value();
  options.node.node = {settings_.group_id, settings_.node_id};
  options.node.primary_host = settings_.primary_host;
  options.node.first_bd_seq = bd_seq_;
  devices_.clear();
  tag_of_.clear();
  edge_ =
      std::make_unique<SparkplugEdge>(means_.loop, means_.clock, means_.random, std::move(options),
                                      static_cast<SparkplugEdgeUser&>(*this));
  for (auto& [tag, known] : known_) {
    known.metric.reset();
    declare(tag, known);
  }
}

void SparkplugCarrier::declare(TagId tag, Known& known) {
  Result<SparkplugPlace> place = sparkplug_place(known.spec.path, settings_.device_levels);
  if (!place) return user_.on_refused(place.error());  // the plan leaves such tags out
  sparkplug::DeviceId device = sparkplug::kNodeItself;
  if (!place->device.empty()) {
    const auto [found, is_new] = devices_.try_emplace(place->device, device);
    if (is_new) found->second = edge_->node().add_device(place->device);
    device = found->second;
  }
  const auto metric =
      edge_->node().add_metric(device, std::move(place->metric), sparkplug_type(known.spec.type),
                               known.spec.writable, known.spec.unit);
  if (!metric) return user_.on_refused(metric.error());
  known.metric = *metric;
  tag_of_[*metric] = tag;
}

void SparkplugCarrier::retire(Known& known) {
  if (edge_ == nullptr || !known.metric) return;
  edge_->node().remove_metric(*known.metric);
  tag_of_.erase(*known.metric);
  std::erase_if(pending_, [&](const auto& one) { return one.first == *known.metric; });
  known.metric.reset();
}

Status SparkplugCarrier::put(std::span<const FlowTag> tags) {
  for (const FlowTag& tag : tags) {
    const auto [place, is_new] = known_.try_emplace(tag.id);
    Known& known = place->second;
    if (!is_new && known.spec == tag.spec) continue;
    retire(known);
    known.spec = tag.spec;
    if (edge_ == nullptr) continue;
    declare(tag.id, known);
    rebirth_due_ = edge_->node().born();
  }
  wait_for_more();
  return {};
}

// A birth without them says that they are gone.
void SparkplugCarrier::remove(std::span<const TagId> tags) {
  for (const TagId tag : tags) {
    const auto known = known_.find(tag);
    if (known == known_.end()) continue;
    retire(known->second);
    known_.erase(known);
    rebirth_due_ = edge_ != nullptr && edge_->node().born();
  }
  wait_for_more();
}

void SparkplugCarrier::wait_for_more() {
  tags_timer_->start(kTagsPause, [this] {
    if (leaving_) return;
    if (edge_ == nullptr) return make_edge();
    if (rebirth_due_) edge_->rebirth();
  });
}

// --- births ---

void SparkplugCarrier::on_birth() {
  rebirth_due_ = false;
  for (auto& [tag, known] : known_) known.told.reset();
  // The birth is not out yet.
  ready_timer_->start(Nanoseconds(0), [this] { user_.on_ready(); });
}

std::optional<sparkplug::EdgeValue> SparkplugCarrier::present(sparkplug::EdgeMetricId metric) {
  const TagId tag = tag_of_.at(metric);
  const std::optional<Sample> sample = means_.host.current(tag);
  if (!sample) return std::nullopt;
  known_.at(tag).told = sample->time;
  return edge_value(*sample);
}

// --- samples ---

bool SparkplugCarrier::ready() const {
  return edge_ != nullptr && !leaving_ && edge_->connected() && edge_->node().born() &&
         !rebirth_due_;
}

void SparkplugCarrier::send(const forward::Parcel& parcel) {
  LS_ASSERT(ready());
  const Timestamp now = means_.clock.now();
  for (const forward::ParcelItem& item : parcel.items) {
    const auto known = known_.find(item.sample.tag);
    if (known == known_.end() || !known->second.metric) continue;  // was told when it was declared
    const auto& told = known->second.told;
    // A value that came true in the future is of a clock that was set back since.
    const bool was_told = told && item.sample.time <= *told && *told <= now;
    sparkplug::EdgeValue value = edge_value(item.sample);
    value.is_historical = parcel.age == forward::Age::kPast || was_told;
    pending_.emplace_back(*known->second.metric, std::move(value));
  }
  if (!std::exchange(sent_, true)) last_error_.reset();
  pending_through_ = parcel.number;
  flush_timer_->start(Nanoseconds(0), [this] { flush(); });
}

// What was sent in one turn goes together.
void SparkplugCarrier::flush() {
  if (edge_ == nullptr || leaving_ || !edge_->connected() || !edge_->node().born()) return;
  for (auto& [metric, value] : std::exchange(pending_, {})) {
    edge_->node().update(metric, std::move(value));
  }
  edge_->flush_and_fence(pending_through_.value);
}

void SparkplugCarrier::on_fenced(std::uint64_t token) {
  if (leaving_) return;
  last_error_.reset();
  user_.on_confirmed({token});
}

void SparkplugCarrier::on_lost(const Error& why) {
  if (leaving_) return;
  last_error_ = why.text();
  rebirth_due_ = false;
  pending_.clear();
  flush_timer_->cancel();
  if (std::exchange(sent_, false)) user_.on_lost();
}

void SparkplugCarrier::on_rival(const Error& why) { means_.host.note("name-taken", why.text()); }

void SparkplugCarrier::on_refused(const Error& why, bool is_birth) {
  if (is_birth) return leave(why);
  user_.on_refused(why);
}

// Without its birth nobody understands the node. At a turn of its own: the edge that tells is the
// one to go.
void SparkplugCarrier::leave(const Error& why) {
  if (std::exchange(leaving_, true)) return;
  last_error_ = why.text();
  leave_timer_->start(Nanoseconds(0), [this] {
    bd_seq_ = static_cast<std::uint8_t>(edge_->node().bd_seq() + 1);
    edge_.reset();
    pending_.clear();
    rebirth_due_ = false;
    if (std::exchange(sent_, false)) user_.on_lost();
    leave_timer_->start(kRefusedPause, [this] { make_edge(); });
  });
}

// --- commands ---

void SparkplugCarrier::on_command(sparkplug::EdgeMetricId metric, Value value) {
  const TagId tag = tag_of_.at(metric);
  const Status written = means_.host.write({"Sparkplug host", false}, tag, std::move(value));
  if (written) return;
  means_.host.note("write-refused", known_.at(tag).spec.path + ": " + written.error().text());
}

void SparkplugCarrier::fill(OutletStatus& status) const {
  status.state = ready() ? OutletState::kUp : OutletState::kDown;
  const sys::Endpoint first{settings_.broker.host, settings_.broker.port};
  status.at = (edge_ != nullptr ? edge_->server() : first).text() + " as " + settings_.group_id +
              "/" + settings_.node_id;
  status.last_error = last_error_;
  const bool waits = edge_ != nullptr && edge_->connected() && !edge_->node().born();
  if (waits && !settings_.primary_host.empty()) {
    status.last_error = "waits for the primary host '" + settings_.primary_host + "'";
  }
}

}  // namespace lineshaft::connect
