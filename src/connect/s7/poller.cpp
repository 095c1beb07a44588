#include "connect/s7/poller.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "connect/s7/quality.h"

namespace lineshaft::connect {

namespace {

// What the CPU does not have is asked for again so often, in case it was loaded anew.
constexpr Nanoseconds kRefusedPause = std::chrono::seconds(60);

std::uint64_t token_of(std::size_t group, std::size_t block) {
  return static_cast<std::uint64_t>(group) << 32 | block;
}

// Whether the CPU has no such thing, rather than trouble with it just now.
bool is_final(s7::ReturnCode code) { return s7_quality(code) == quality::kBadConfigurationError; }

// Whether a shorter range might be answered: what is there may end within this one.
bool may_be_in_part(s7::ReturnCode code) {
  return code == s7::ReturnCode::kAddressOutOfRange || code == s7::ReturnCode::kTypeInconsistent ||
         code == s7::ReturnCode::kTypeNotSupported;
}

}  // namespace

const s7::PointFormat& S7Poller::format(std::uint32_t signal) const {
  return std::get<S7Point>(config_.signals[signal].point).format;
}

void S7Poller::plan(std::size_t pdu_bytes) {
  std::vector<std::vector<std::uint32_t>> by_group(groups_.size());
  for (std::uint32_t i = 0; i < config_.signals.size(); ++i) {
    const std::string& name = config_.signals[i].group;
    const auto group = name.empty() ? config_.groups.begin()
                                    : std::ranges::find(config_.groups, name, &PollGroup::name);
    LS_ASSERT(group != config_.groups.end());  // check_connection saw to it
    by_group[static_cast<std::size_t>(group - config_.groups.begin())].push_back(i);
  }
  const s7::PlanLimits limits{pdu_bytes, settings_.gap_max, !settings_.one_signal_per_read};
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    std::vector<s7::PlanItem> items;
    for (const std::uint32_t signal : by_group[g]) {
      const s7::Address& address = format(signal).address;
      items.push_back({address.area, address.db, start_byte(address), width(address)});
    }
    for (s7::PlanRequest& request : s7::plan_reads(items, limits)) {
      for (s7::PlanPart& part : request.parts) part.item = by_group[g][part.item];
      groups_[g].blocks.push_back({std::move(request), 0, Nanoseconds(0)});
    }
  }
}

void S7Poller::start(std::size_t pdu_bytes, Nanoseconds now) {
  started_ = true;
  for (Group& group : groups_) {
    // What was refused may be there in a CPU that was away: plan afresh.
    group.blocks.clear();
    group.todo.clear();
    group.under_way = 0;
    // Not an instant that the first cycle might still be busy for.
    group.due = group.grid.after(now + group.grid.interval() / 2);
  }
  plan(pdu_bytes);
  for (Group& group : groups_) start_cycle(group);
}

void S7Poller::stop(Quality quality) {
  started_ = false;
  for (Group& group : groups_) {
    group.todo.clear();
    group.under_way = 0;
  }
  const Instant at = host_.now();
  for (std::size_t i = 0; i < config_.signals.size(); ++i) host_.on_bad(i, at, quality);
}

void S7Poller::start_cycle(Group& group) {
  group.partials.clear();
  for (std::uint32_t i = 0; i < group.blocks.size(); ++i) {
    group.blocks[i].tries = 0;
    if (!group.blocks[i].plan.parts.empty()) group.todo.push_back(i);
  }
}

void S7Poller::on_time(Nanoseconds now) {
  if (!started_) return;
  for (Group& group : groups_) {
    if (now < group.due) continue;
    const Nanoseconds next = group.grid.after(now);
    // Instants that passed unseen are as lost as one that finds the cycle before still running.
    cycles_missed_ += static_cast<std::uint64_t>((next - group.due) / group.grid.interval() - 1);
    if (group.running()) {
      cycles_missed_ += 1;
    } else {
      start_cycle(group);
    }
    group.due = next;
  }
}

std::optional<Nanoseconds> S7Poller::next_time() const {
  if (!started_) return std::nullopt;
  std::optional<Nanoseconds> next;
  for (const Group& group : groups_) {
    if (!next || group.due < *next) next = group.due;
  }
  return next;
}

// The next block of the cycle that may be asked now. What was refused is done for this cycle.
std::optional<std::uint32_t> S7Poller::take_ready(Group& group, Nanoseconds now) {
  while (!group.todo.empty()) {
    const std::uint32_t index = group.todo.front();
    group.todo.pop_front();
    const Block& block = group.blocks[index];
    if (block.not_before <= now) return index;
  }
  return std::nullopt;
}

std::optional<S7Ask> S7Poller::next_ask(Nanoseconds now) {
  if (!started_) return std::nullopt;
  // Earliest next instant first. The groups are few: a look at each is cheaper than a heap.
  std::vector<Group*> by_due;
  for (Group& group : groups_) {
    if (!group.todo.empty()) by_due.push_back(&group);
  }
  std::ranges::sort(by_due, {}, &Group::due);
  for (Group* group : by_due) {
    const auto index = take_ready(*group, now);
    if (!index) continue;
    group->under_way += 1;
    const auto place = static_cast<std::size_t>(group - groups_.data());
    return S7Ask{group->blocks[*index].plan.read, token_of(place, *index)};
  }
  return std::nullopt;
}

void S7Poller::on_answer(std::uint64_t token, Result<s7::Response> answer, Nanoseconds now) {
  Group& group = groups_[token >> 32];
  const auto index = static_cast<std::uint32_t>(token);
  group.under_way -= 1;
  if (!answer) return on_failure(group, index, answer.error());
  if (const auto* refusal = std::get_if<s7::Refusal>(&*answer)) {
    mark(group.blocks[index], s7_quality(*refusal));
    return host_.on_trouble("refused", s7_error("a read", *refusal));
  }
  on_read(group, index, std::get<s7::ReadDone>(*answer), now);
}

void S7Poller::on_failure(Group& group, std::uint32_t index, const Error& why) {
  Block& block = group.blocks[index];
  if (why.id == ErrorId::kTimeout && block.tries < settings_.retries) {
    block.tries += 1;
    group.todo.push_front(index);
    return;
  }
  mark(block, s7_quality(why));
  host_.on_trouble(why.id == ErrorId::kTimeout ? "timeout" : "bad-answer", why);
}

void S7Poller::on_read(Group& group, std::uint32_t index, const s7::ReadDone& done,
                       Nanoseconds now) {
  const Instant at = host_.now();
  group.blocks[index].not_before = Nanoseconds(0);
  bool refused = false;
  std::optional<Error> trouble;
  for (const s7::PlanPart& part : group.blocks[index].plan.parts) {
    const s7::ItemData& item = done.items[part.range];
    if (item.code == s7::ReturnCode::kOk) {
      on_bytes(group, part, item.data.subspan(part.range_offset, part.bytes), at);
    } else if (is_final(item.code)) {
      refused = true;
    } else {
      host_.on_bad(part.item, at, s7_quality(item.code));
      if (!trouble) trouble = s7_error(config_.signals[part.item].path, item.code);
    }
  }
  if (trouble) host_.on_trouble("refused", *trouble);
  if (refused) take_out_refused(group, index, done, now);
}

void S7Poller::take_out_refused(Group& group, std::uint32_t index, const s7::ReadDone& done,
                                Nanoseconds now) {
  const s7::PlanRequest asked = std::move(group.blocks[index].plan);
  s7::PlanRequest kept;
  std::vector<std::pair<std::size_t, std::vector<s7::PlanPart>>> refusals;
  for (std::size_t range = 0; range < done.items.size(); ++range) {
    const s7::ReturnCode code = done.items[range].code;
    const bool refused = code != s7::ReturnCode::kOk && is_final(code);
    std::vector<s7::PlanPart> parts;
    for (s7::PlanPart part : asked.parts) {
      if (part.range != range) continue;
      part.range = static_cast<std::uint16_t>(refused ? 0 : kept.read.items.size());
      (refused ? parts : kept.parts).push_back(part);
    }
    if (!refused) kept.read.items.push_back(asked.read.items[range]);
    if (refused) refusals.emplace_back(range, std::move(parts));
  }
  group.blocks[index].plan = std::move(kept);
  for (auto& [range, parts] : refusals) {
    on_refused(group, asked.read.items[range], std::move(parts), done.items[range].code, now);
  }
}

void S7Poller::on_bytes(Group& group, const s7::PlanPart& part, ByteSpan bytes, Instant at) {
  const s7::PointFormat& point = format(part.item);
  const std::size_t whole = width(point.address);
  if (part.bytes < whole) {
    Partial& partial = group.partials[part.item];
    partial.bytes.resize(whole);
    std::ranges::copy(bytes, partial.bytes.begin() + part.item_offset);
    partial.received += bytes.size();
    if (partial.received < whole) return;
    bytes = partial.bytes;
  }
  if (auto value = s7::decode_value(point, bytes)) {
    host_.on_value(part.item, at, std::move(*value));
  } else {
    host_.on_bad(part.item, at, quality::kBadOutOfRange);
  }
}

// `parts` lie in the range `item`, which the CPU refused.
void S7Poller::on_refused(Group& group, const s7::Item& item, std::vector<s7::PlanPart> parts,
                          s7::ReturnCode code, Nanoseconds now) {
  if (parts.size() > 1 && may_be_in_part(code)) {
    const auto middle = parts.begin() + static_cast<std::ptrdiff_t>(parts.size() / 2);
    add_block(group, item, {middle, parts.end()}, Nanoseconds(0));
    add_block(group, item, {parts.begin(), middle}, Nanoseconds(0));
    return;
  }
  const Instant at = host_.now();
  for (const s7::PlanPart& part : parts) host_.on_bad(part.item, at, s7_quality(code));
  const SignalConfig& first = config_.signals[parts.front().item];
  std::string where = first.path + " (" + address_text(format(parts.front().item).address) + ")";
  if (parts.size() > 1) where += " and " + std::to_string(parts.size() - 1) + " more";
  host_.on_trouble("refused", s7_error(where, code));
  add_block(group, item, std::move(parts), now + kRefusedPause);
}

// A request for a part of the range `item`, asked next.
void S7Poller::add_block(Group& group, const s7::Item& item, std::vector<s7::PlanPart> parts,
                         Nanoseconds not_before) {
  std::uint32_t first = UINT32_MAX;
  std::uint32_t end = 0;
  for (const s7::PlanPart& part : parts) {
    first = std::min(first, part.range_offset);
    end = std::max(end, part.range_offset + part.bytes);
  }
  const std::uint32_t unit = is_counted(item.area) ? 2 : 1;  // bytes of an element
  s7::Item range = item;
  range.address += first / unit * (is_counted(item.area) ? 1 : 8);
  range.count = static_cast<std::uint16_t>((end - first) / unit);
  for (s7::PlanPart& part : parts) part.range_offset -= first;
  // A block that lost all of its ranges is used again: what is refused once a minute must not make
  // the list longer each time.
  const auto unused =
      std::ranges::find_if(group.blocks, [](const Block& b) { return b.plan.parts.empty(); });
  const auto index = static_cast<std::uint32_t>(unused - group.blocks.begin());
  if (unused == group.blocks.end()) group.blocks.emplace_back();
  group.blocks[index] = {{s7::ReadVar{{range}}, std::move(parts)}, 0, not_before};
  if (not_before == Nanoseconds(0)) group.todo.push_front(index);
}

void S7Poller::mark(const Block& block, Quality quality) {
  const Instant at = host_.now();
  for (const s7::PlanPart& part : block.plan.parts) host_.on_bad(part.item, at, quality);
}

}  // namespace lineshaft::connect
