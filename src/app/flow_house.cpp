#include "app/flow_house.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "model/json.h"

namespace lineshaft::app {

namespace {

// A write waits for its machine; two threads keep a silent one from holding up the others.
constexpr std::size_t kThreads = 2;
constexpr std::size_t kWaitingMax = 100;

}  // namespace

HouseOfFlows::HouseOfFlows(historian::Historian& historian, identity::Identity& identity,
                           connect::Registry& connections)
    : historian_(historian),
      identity_(identity),
      connections_(connections),
      workers_(sys::make_worker_pool(kThreads, kWaitingMax)) {}

std::vector<TagId> HouseOfFlows::select_tags(TenantId tenant, const std::string& pattern) const {
  historian::TagFilter filter;
  filter.pattern = pattern;
  return historian_.list_tag_ids(tenant, filter);
}

std::optional<Tag> HouseOfFlows::find_tag(TenantId tenant, TagId tag) const {
  return historian_.find_tag(tenant, tag);
}

std::uint64_t HouseOfFlows::catalogue_version() const {
  return historian_.counters().tags + historian_.path_changes();
}

std::vector<std::optional<Sample>> HouseOfFlows::newest(TenantId tenant,
                                                        std::span<const TagId> tags) const {
  std::vector<std::optional<Sample>> samples;
  samples.reserve(tags.size());
  for (auto& last : historian_.last_values(tenant, tags)) {
    samples.push_back(last.exists ? std::optional(std::move(last.sample)) : std::nullopt);
  }
  return samples;
}

Result<std::vector<Sample>> HouseOfFlows::history(TenantId tenant, TagId tag, TimeRange range,
                                                  bool newest_first, std::size_t max) const {
  std::vector<Sample> samples;
  if (max == 0) return samples;
  if (newest_first) {
    // From sample to sample backwards: a client asks for few of them this way.
    Timestamp before = range.to;
    while (samples.size() < max) {
      const auto found = historian_.sample_before(tenant, tag, before + Nanoseconds(-1));
      if (!found) return found.error();
      if (!*found || (*found)->time < range.from) break;
      before = (*found)->time;
      samples.push_back(**found);
    }
    return samples;
  }
  const Status read = historian_.scan(tenant, tag, range, [&](std::span<const Sample> run) {
    const std::size_t room = std::min(run.size(), max - samples.size());
    samples.insert(samples.end(), run.begin(), run.begin() + static_cast<std::ptrdiff_t>(room));
    return samples.size() < max;
  });
  if (!read) return read.error();
  return samples;
}

Result<connect::FlowUser> HouseOfFlows::admit(TenantId tenant, std::string_view name,
                                              std::string_view password, std::string_view peer) {
  identity::SignInRequest request;
  request.email = name;
  request.password = password;
  request.address = peer;
  const Result<identity::Principal> person = identity_.verify_person(request);
  if (!person) return person.error();
  if (person->tenant != tenant) {
    return Error{ErrorId::kSignInFailed, "the address and the password do not belong together"};
  }
  // A flow shows what its rules say, to whoever may see all of it.
  if (Status may = identity::authorise(*person, identity::Permission::kTagRead); !may) {
    return std::move(may).error();
  }
  Status noted = identity_.append_audit(*person, "flow.sign_in", std::string(peer), "");
  if (!noted) return noted.error();
  return connect::FlowUser{person->name, true};
}

bool HouseOfFlows::may_write(TenantId tenant, const connect::FlowUser& user) const {
  if (!user.is_person) return true;
  const auto person = identity_.find_person(user.name);
  return person && person->tenant == tenant &&
         identity::authorise(*person, identity::Permission::kTagWrite).ok();
}

connect::WriteOrder HouseOfFlows::order_of(TenantId tenant, const connect::FlowUser& user,
                                           TagId tag, Value value) const {
  return {tenant, tag, std::move(value), user.name, "", "", sys::real_clock().now()};
}

Status HouseOfFlows::note(const connect::WriteOrder& order, const char* action,
                          const std::string& what, const connect::WriteOutcome* done) {
  const auto known = historian_.find_tag(order.tenant, order.tag);
  if (!known) return Error{ErrorId::kNotFound, "tag " + std::to_string(order.tag.value)};
  identity::Principal who;
  who.tenant = order.tenant;
  who.name = order.who;
  identity::AuditEvent event{.action = action, .object = known->spec.path, .detail = what};
  const auto side = [](const Value& value) { return dump(Json{{"value", value_json(value)}}); };
  if (done != nullptr) {
    if (done->old_value) event.before = side(*done->old_value);
    event.after = side(done->new_value);
  }
  return identity_.trail().append(who, event);
}

Status HouseOfFlows::write(TenantId tenant, const std::string& flow, const connect::FlowUser& user,
                           TagId tag, Value value) {
  return carry_out_soon(flow, order_of(tenant, user, tag, std::move(value)));
}

Status HouseOfFlows::carry_out_soon(const std::string& flow, connect::WriteOrder order) {
  const bool taken = run([this, flow, order = std::move(order)] { carry_out(flow, order); });
  if (taken) return {};
  return Error{ErrorId::kBusy, "too many writes of flows are waiting"};
}

// The audit trail knows of it before the machine does, and of the outcome after.
void HouseOfFlows::carry_out(const std::string& flow, const connect::WriteOrder& order) {
  const std::string by = " by the flow '" + flow + "'";
  const std::string confirmed = order.token.empty() ? "" : ", confirmed";
  Status noted = note(order, "tag.write.begin", to_text(order.value) + confirmed + by);
  if (!noted) return log_warn("app", "a write by a flow was left out: " + noted.error().text());
  // The first step of one that takes two; the second is taken in the console, or by the protocol.
  const auto pending = order.token.empty()
                           ? connections_.ask_write(order)
                           : Error{ErrorId::kUnsupported, "this is the second step"};
  if (pending) {
    noted = note(order, "tag.write.wait", to_text(order.value) + by + " waits for its second step");
  } else if (pending.error().id != ErrorId::kUnsupported) {  // it takes two, and not this value
    noted = note(order, "tag.write.failed", "failed: " + pending.error().what);
  } else if (const auto done = connections_.carry_out(order); !done) {
    noted = note(order, "tag.write.failed", "failed: " + done.error().what);
  } else {
    const std::string from = done->old_value ? "from " + to_text(*done->old_value) + " " : "";
    noted = note(order, "tag.write", from + "to " + to_text(done->new_value) + by, &*done);
  }
  if (!noted) log_warn("app", "a write by a flow is not in the trail: " + noted.error().text());
}

Result<connect::PendingWrite> HouseOfFlows::ask_write(TenantId tenant, const std::string& flow,
                                                      const connect::FlowUser& user, TagId tag,
                                                      Value value) {
  const connect::WriteOrder order = order_of(tenant, user, tag, std::move(value));
  const std::string what = to_text(order.value) + " by the flow '" + flow + "'";
  if (Status noted = note(order, "tag.write.begin", what); !noted) return noted.error();
  auto pending = connections_.ask_write(order);
  Status noted = pending ? note(order, "tag.write.wait", what + " waits for its second step")
                         : note(order, "tag.write.failed", "failed: " + pending.error().what);
  if (!noted) log_warn("app", "a write by a flow is not in the trail: " + noted.error().text());
  return pending;
}

Status HouseOfFlows::confirm_write(TenantId tenant, const std::string& flow,
                                   const connect::FlowUser& user, TagId tag, Value value,
                                   const std::string& token, const std::string& machine) {
  connect::WriteOrder order = order_of(tenant, user, tag, std::move(value));
  order.token = token;
  order.machine = machine;
  if (Status confirmed = connections_.confirm_write(order); !confirmed) {
    // What is refused has moved nothing, and a failure to note it must not hide the reason.
    static_cast<void>(note(order, "tag.write.failed", "failed: " + confirmed.error().what));
    return confirmed;
  }
  return carry_out_soon(flow, std::move(order));
}

bool HouseOfFlows::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  return workers_ != nullptr && workers_->try_run(std::move(work));
}

void HouseOfFlows::stop() {
  std::unique_ptr<sys::WorkerPool> last;
  {
    const std::lock_guard lock(mutex_);
    last = std::move(workers_);
  }
}

}  // namespace lineshaft::app
