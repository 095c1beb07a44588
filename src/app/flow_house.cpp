#include "app/flow_house.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace lineshaft::app {

namespace {

// A write waits for its machine; two threads keep a silent one from holding up the others.
constexpr std::size_t kThreads = 2;
constexpr std::size_t kWaitingMax = 100;

identity::Principal principal_of(TenantId tenant, const connect::FlowUser& user) {
  identity::Principal who;
  who.tenant = tenant;
  who.name = user.name;
  return who;
}

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

Status HouseOfFlows::write(TenantId tenant, const std::string& flow, const connect::FlowUser& user,
                           TagId tag, Value value) {
  const bool taken = run([this, tenant, flow, user, tag, value = std::move(value)] {
    carry_out(tenant, flow, user, tag, value);
  });
  if (taken) return {};
  return Error{ErrorId::kBusy, "too many writes of flows are waiting"};
}

// The audit trail knows of it before the machine does, and of the outcome after.
void HouseOfFlows::carry_out(TenantId tenant, const std::string& flow,
                             const connect::FlowUser& user, TagId tag, const Value& value) {
  const auto known = historian_.find_tag(tenant, tag);
  if (!known) return;
  const identity::Principal who = principal_of(tenant, user);
  const std::string by = "by the flow '" + flow + "'";
  const std::string& path = known->spec.path;
  Status noted = identity_.append_audit(who, "tag.write.begin", path, to_text(value) + " " + by);
  if (!noted) return log_warn("app", "a write by a flow was left out: " + noted.error().text());
  const auto answer =
      connections_.write({tenant, tag, value, who.name, "", "", sys::real_clock().now()});
  std::string action = "tag.write.failed";
  std::string detail;
  if (!answer) {
    detail = "failed: " + answer.error().what;
  } else if (const auto* outcome = std::get_if<connect::WriteOutcome>(&*answer)) {
    action = "tag.write";
    if (outcome->old_value) detail = "from " + to_text(*outcome->old_value) + " ";
    detail += "to " + to_text(outcome->new_value) + " " + by;
  } else {  // the second step is taken in the console, by a person who sees what is asked
    action = "tag.write.wait";
    detail = to_text(value) + " " + by + " waits for its second step";
  }
  noted = identity_.append_audit(who, action, path, detail);
  if (!noted) log_warn("app", "a write by a flow is not in the trail: " + noted.error().text());
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
