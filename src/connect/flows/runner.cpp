#include "connect/flows/runner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.h"

namespace lineshaft::connect {

namespace {

constexpr Nanoseconds kRetry = std::chrono::seconds(5);
constexpr std::size_t kFlowEventsKept = 200;

}  // namespace

FlowRunner::FlowRunner(const FlowMeans& means, TenantId tenant, std::uint32_t id,
                       std::shared_ptr<const FlowPlan> plan)
    : means_(means),
      tenant_(tenant),
      id_(id),
      plan_(std::move(plan)),
      put_timer_(means.loop.make_timer()),
      retry_timer_(means.loop.make_timer()),
      held_timer_(means.loop.make_timer()),
      alive_(std::make_shared<FlowRunner*>(this)) {
  open();
}

FlowRunner::~FlowRunner() {
  *alive_ = nullptr;
  outlet_.reset();  // first: it may ask its host until it is gone
}

std::shared_ptr<const FlowPlan> FlowRunner::plan() const {
  const std::lock_guard lock(mutex_);
  return plan_;
}

std::string folder_of_flow(const FlowMeans& means, TenantId tenant, std::uint32_t id) {
  return sys::join_path(means.folder, std::to_string(tenant.value) + "-" + std::to_string(id));
}

void FlowRunner::open() {
  const auto now = plan();
  const OutletMeans means{means_.loop,
                          means_.clock,
                          means_.random,
                          means_.files,
                          folder_of_flow(means_, tenant_, id_),
                          means_.opcua_trust,
                          tenant_,
                          id_,
                          *this};
  auto made = kind_of(now->config.settings).open(now->config.settings, means);
  if (!made) return close(made.error());
  outlet_ = std::move(made).value();
  trouble_.reset();
  since_ = means_.clock.now();
  note("started", outlet_->status().at);
  queue_all();
}

void FlowRunner::close(const Error& why) {
  // The same every five seconds is no news.
  if (!trouble_ || trouble_->what != why.what) {
    since_ = means_.clock.now();
    note("failed", why.text());
    log_warn("connect", "flow '" + plan()->config.name + "': " + why.text());
  }
  put_timer_->cancel();
  outlet_.reset();
  trouble_ = why;
  retry_timer_->start(kRetry, [this] { open(); });
}

void FlowRunner::queue_all() {
  to_put_.clear();
  const auto planned = plan();  // held: another thread may set the next one
  for (const PlannedTag& tag : planned->tags) {
    states_[tag.tag.id.value].put = false;
    to_put_.push_back(tag.tag.id);
  }
  put_timer_->start(Nanoseconds(0), [this] { put_some(); });
}

void FlowRunner::set_plan(std::shared_ptr<const FlowPlan> next) {
  const auto before = plan();
  {
    const std::lock_guard lock(mutex_);
    plan_ = next;
  }
  std::vector<TagId> gone;
  for (const PlannedTag& old : before->tags) {
    const PlannedTag* now = next->find(old.tag.id);
    // Under another name or address it is another thing to whoever reads it.
    const bool moved = now != nullptr && (now->tag.spec.path != old.tag.spec.path ||
                                          now->tag.spec.type != old.tag.spec.type ||
                                          now->tag.address != old.tag.address);
    if (now != nullptr && !moved) continue;
    gone.push_back(old.tag.id);
    const State& state = states_[old.tag.id.value];
    if (state.held) due_.erase({state.next_at, old.tag.id});
    states_.erase(old.tag.id.value);
  }
  if (outlet_ && !gone.empty()) outlet_->remove(gone);
  to_put_.clear();
  for (const PlannedTag& tag : next->tags) {
    const PlannedTag* old = before->find(tag.tag.id);
    State& state = states_[tag.tag.id.value];
    if (state.put && old != nullptr && old->tag.spec == tag.tag.spec &&
        old->conversion == tag.conversion) {
      continue;
    }
    state.put = false;
    to_put_.push_back(tag.tag.id);
  }
  if (outlet_) put_timer_->start(Nanoseconds(0), [this] { put_some(); });
}

// In portions: a flow of the whole plant must not hold up the machines.
void FlowRunner::put_some() {
  const auto now = plan();
  const std::size_t count = std::min(to_put_.size(), kind_of(now->config.settings).tags_per_turn());
  if (count == 0) return;
  const std::vector<TagId> ids(to_put_.begin(),
                               to_put_.begin() + static_cast<std::ptrdiff_t>(count));
  to_put_.erase(to_put_.begin(), to_put_.begin() + static_cast<std::ptrdiff_t>(count));
  const auto newest = means_.house.newest(tenant_, ids);
  std::vector<FlowTag> tags;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const PlannedTag* planned = now->find(ids[i]);
    LS_ASSERT(planned != nullptr);
    FlowTag tag = planned->tag;
    State& state = states_[ids[i].value];
    state.put = true;
    if (newest[i]) {
      tag.current = convert(*planned, *newest[i]);
      state.sent = tag.current;
      state.newest = newest[i]->time;
    }
    tags.push_back(std::move(tag));
  }
  if (const Status put = outlet_->put(tags); !put) return close(put.error());
  if (!to_put_.empty()) put_timer_->start(Nanoseconds(0), [this] { put_some(); });
}

// A sample of now is newer than one from the future: clocks of machines are set back.
bool FlowRunner::is_past(const State& state, Timestamp time) const {
  return time < state.newest && state.newest <= means_.clock.now();
}

bool FlowRunner::is_worth(const State& state, const FlowRule& rule, const Sample& sample) const {
  if (!state.sent || rule.deadband == 0 || sample.quality != state.sent->quality) return true;
  const double now = as_double(sample.value);
  const double before = as_double(state.sent->value);
  if (std::isnan(now) || std::isnan(before)) {  // texts too
    return !same_bits(sample.value, state.sent->value);
  }
  return std::abs(now - before) > rule.deadband;
}

// True if something is held that was not before.
bool FlowRunner::take_one(const PlannedTag& tag, State& state, const Sample& raw,
                          std::vector<FlowSample>& out) {
  const Sample sample = convert(tag, raw);
  if (is_past(state, sample.time)) {
    out.push_back({sample, true});
    return false;
  }
  state.newest = sample.time;
  const FlowRule& rule = plan_->config.rules[tag.rule];
  // What is held is replaced even by what is not worth sending: the newest is the truth.
  if (state.held) {
    state.held = {sample, false};
    return false;
  }
  if (!is_worth(state, rule, sample)) return false;
  if (rule.min_interval_ms == 0) {
    state.sent = sample;
    out.push_back({sample, false});
    return false;
  }
  const Nanoseconds now = means_.loop.now();
  if (now < state.next_at) {
    state.held = {sample, false};
    due_.insert({state.next_at, sample.tag});
    return true;
  }
  state.next_at = now + std::chrono::milliseconds(rule.min_interval_ms);
  state.sent = sample;
  out.push_back({sample, false});
  return false;
}

void FlowRunner::take(std::span<const Sample> samples, Taken taken) {
  const auto now = plan();
  std::vector<FlowSample> out;
  bool held = false;
  for (const Sample& sample : samples) {
    const PlannedTag* tag = now->find(sample.tag);
    if (tag == nullptr) continue;
    samples_in_ += 1;
    const auto state = states_.find(sample.tag.value);
    // Not put yet: put_some() will tell the outlet the newest sample, which is this or a later one.
    if (state == states_.end() || !state->second.put) continue;
    held = take_one(*tag, state->second, sample, out) || held;
  }
  if (held) arm();
  if (!outlet_) {
    const bool must_wait = kind_of(now->config.settings).keeps_for_later();
    return taken(must_wait ? Status(*trouble_) : Status());
  }
  send(std::move(out), std::move(taken));
}

void FlowRunner::send(std::vector<FlowSample> samples, Taken taken) {
  if (samples.empty()) return taken({});
  samples_sent_ += samples.size();
  rate_.add(means_.loop.now(), samples.size());
  std::vector<TagId> tags;
  if (kind_of(plan_->config.settings).keeps_for_later()) {
    for (const FlowSample& sample : samples) tags.push_back(sample.sample.tag);
  }
  outlet_->publish(std::move(samples), [alive = alive_, &loop = means_.loop, tags = std::move(tags),
                                        taken = std::move(taken)](Status status) {
    if (!status) {
      // They come again, and must not look like repetitions then.
      loop.post([alive, tags] {
        if (*alive != nullptr) (*alive)->forget(tags);
      });
    }
    taken(std::move(status));
  });
}

void FlowRunner::forget(const std::vector<TagId>& tags) {
  for (TagId tag : tags) {
    const auto state = states_.find(tag.value);
    if (state == states_.end()) continue;
    state->second.sent.reset();
    if (!state->second.held) state->second.next_at = Nanoseconds(0);
  }
}

void FlowRunner::arm() {
  if (due_.empty()) return;
  held_timer_->start(due_.begin()->first - means_.loop.now(), [this] { send_held(); });
}

void FlowRunner::send_held() {
  const auto plan_now = plan();
  const Nanoseconds now = means_.loop.now();
  std::vector<FlowSample> out;
  while (!due_.empty() && due_.begin()->first <= now) {
    const TagId id = due_.begin()->second;
    due_.erase(due_.begin());
    State& state = states_[id.value];
    const PlannedTag* tag = plan_now->find(id);
    if (tag == nullptr || !state.held) continue;
    const FlowSample sample = *std::exchange(state.held, std::nullopt);
    const FlowRule& rule = plan_now->config.rules[tag->rule];
    if (!is_worth(state, rule, sample.sample)) continue;
    state.next_at = now + std::chrono::milliseconds(rule.min_interval_ms);
    state.sent = sample.sample;
    out.push_back(sample);
  }
  // Its writer was told long ago; what the outlet refuses now is worth a line.
  if (outlet_ && !out.empty()) {
    send(std::move(out), [alive = alive_, &loop = means_.loop](const Status& status) {
      if (status) return;
      loop.post([alive, why = status.error().text()] {
        if (*alive != nullptr) (*alive)->note("refused", why);
      });
    });
  }
  arm();
}

FlowStatus FlowRunner::status() const {
  FlowStatus status;
  status.running = true;
  status.since = since_;
  if (outlet_) {
    status.outlet = outlet_->status();
  } else if (trouble_) {
    status.outlet.last_error = trouble_->text();
  }
  const auto now = plan();
  status.tags = now->tags.size();
  status.tags_left_out = now->left_out.size();
  status.loops = now->loops;
  status.sources = now->sources;
  status.samples_in = samples_in_;
  status.samples_sent = samples_sent_;
  status.samples_per_second = rate_.per_second(means_.loop.now());
  return status;
}

std::vector<FlowEvent> FlowRunner::events() const {
  const std::lock_guard lock(mutex_);
  return {events_.rbegin(), events_.rend()};
}

// --- FlowHost ---

std::optional<Sample> FlowRunner::current(TagId tag) {
  const auto now = plan();
  const PlannedTag* planned = now->find(tag);
  if (planned == nullptr) return std::nullopt;
  const auto newest = means_.house.newest(tenant_, std::span(&tag, 1));
  return newest.front() ? std::optional(convert(*planned, *newest.front())) : std::nullopt;
}

Result<std::vector<Sample>> FlowRunner::history(TagId tag, TimeRange range, bool newest_first,
                                                std::size_t max) {
  const auto now = plan();
  const PlannedTag* planned = now->find(tag);
  if (planned == nullptr) return Error{ErrorId::kNotFound, "tag " + std::to_string(tag.value)};
  auto samples = means_.house.history(tenant_, tag, range, newest_first, max);
  if (!samples) return samples;
  for (Sample& sample : *samples) sample = convert(*planned, std::move(sample));
  return samples;
}

Status FlowRunner::check_computed(TagId tag) const {
  const auto now = plan();
  const PlannedTag* planned = now->find(tag);
  if (planned == nullptr) return Error{ErrorId::kNotFound, "tag " + std::to_string(tag.value)};
  if (!planned->conversion.changes()) return {};
  return Error{ErrorId::kUnsupported, "the flow converts the unit of '" + planned->tag.path +
                                          "': only its samples go out"};
}

FlowHost::Aggregated FlowRunner::aggregates(TagId tag, TimeRange range, Nanoseconds step,
                                            historian::Aggregate aggregate,
                                            const historian::AggregateOptions& options) {
  if (Status ok = check_computed(tag); !ok) return ok.error();
  return means_.house.aggregates(tenant_, tag, range, step, aggregate, options);
}

FlowHost::Aggregated FlowRunner::interpolated(TagId tag, std::span<const Timestamp> times,
                                              const historian::AggregateOptions& options) {
  if (Status ok = check_computed(tag); !ok) return ok.error();
  return means_.house.interpolated(tenant_, tag, times, options);
}

Result<std::vector<Sample>> FlowRunner::replaced(TagId tag, TimeRange range) {
  const auto now = plan();
  const PlannedTag* planned = now->find(tag);
  if (planned == nullptr) return Error{ErrorId::kNotFound, "tag " + std::to_string(tag.value)};
  auto samples = means_.house.replaced(tenant_, tag, range);
  if (!samples) return samples;
  for (Sample& sample : *samples) sample = convert(*planned, std::move(sample));
  return samples;
}

bool FlowRunner::may_write(const FlowUser& user) {
  return plan()->config.writes_enabled && means_.house.may_write(tenant_, user);
}

Result<Value> FlowRunner::check_write(const FlowPlan& now, const FlowUser& user, TagId tag,
                                      Value value) const {
  const std::string& flow = now.config.name;
  const PlannedTag* planned = now.find(tag);
  if (planned == nullptr) return Error{ErrorId::kNotFound, "tag " + std::to_string(tag.value)};
  if (!planned->tag.spec.writable) {
    return Error{ErrorId::kWritesDisabled,
                 now.config.writes_enabled ? "the tag '" + planned->tag.path + "' is not writable"
                                           : "the flow '" + flow + "' takes no writes"};
  }
  if (!means_.house.may_write(tenant_, user)) {
    return Error{ErrorId::kDenied, user.name + " lacks the permission tag.write"};
  }
  if (type_of(value) != planned->tag.spec.type) {
    return Error{ErrorId::kTypeMismatch, std::string(type_name(type_of(value))) + " instead of " +
                                             std::string(type_name(planned->tag.spec.type))};
  }
  if (planned->conversion.changes()) {
    return convert_back(planned->conversion, planned->type, value);
  }
  return value;
}

Status FlowRunner::write(const FlowUser& user, TagId tag, Value value) {
  const auto now = plan();
  auto checked = check_write(*now, user, tag, std::move(value));
  if (!checked) return checked.error();
  return means_.house.write(tenant_, now->config.name, user, tag, *std::move(checked));
}

Result<PendingWrite> FlowRunner::ask_write(const FlowUser& user, TagId tag, Value value) {
  const auto now = plan();
  auto checked = check_write(*now, user, tag, std::move(value));
  if (!checked) return checked.error();
  return means_.house.ask_write(tenant_, now->config.name, user, tag, *std::move(checked));
}

Status FlowRunner::confirm_write(const FlowUser& user, TagId tag, Value value,
                                 const std::string& token, const std::string& machine) {
  const auto now = plan();
  auto checked = check_write(*now, user, tag, std::move(value));
  if (!checked) return checked.error();
  return means_.house.confirm_write(tenant_, now->config.name, user, tag, *std::move(checked),
                                    token, machine);
}

Result<FlowUser> FlowRunner::admit(std::string_view name, std::string_view password,
                                   std::string_view peer) {
  return means_.house.admit(tenant_, name, password, peer);
}

void FlowRunner::note(std::string_view event, std::string detail) {
  const std::lock_guard lock(mutex_);
  events_.push_back({means_.clock.now(), std::string(event), std::move(detail)});
  if (events_.size() > kFlowEventsKept) events_.pop_front();
}

}  // namespace lineshaft::connect
