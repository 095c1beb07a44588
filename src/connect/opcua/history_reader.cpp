#include "connect/opcua/history_reader.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect::opcua {

namespace {

constexpr std::size_t kNodesMax = 10;        // of one request
constexpr UA_UInt32 kValuesPerNode = 1'000;  // of one page: some 20 KB of a node
constexpr std::uint64_t kHistoryValuesMax = 10'000'000;
constexpr int kStallsMax = 3;
constexpr std::size_t kMarksMax = 8;
// Between two requests: polling and publishing go on meanwhile.
constexpr Nanoseconds kPause = std::chrono::milliseconds(20);
// Two clocks are compared across a network: what is read twice is stored once.
constexpr Nanoseconds kMargin = std::chrono::seconds(2);
// InfoType and InfoBits tell how the server came by the value; a quality is the rest.
constexpr UA_StatusCode kInfo = 0x0FFF;

bool is_too_many(UA_StatusCode status) {
  return status == UA_STATUSCODE_BADTOOMANYOPERATIONS ||
         status == UA_STATUSCODE_BADRESPONSETOOLARGE ||
         status == UA_STATUSCODE_BADENCODINGLIMITSEXCEEDED;
}

bool says_no_history(UA_StatusCode status) {
  return status == UA_STATUSCODE_BADHISTORYOPERATIONUNSUPPORTED ||
         status == UA_STATUSCODE_BADHISTORYOPERATIONINVALID ||
         status == UA_STATUSCODE_BADSERVICEUNSUPPORTED ||
         status == UA_STATUSCODE_BADNOTIMPLEMENTED || status == UA_STATUSCODE_BADNOTSUPPORTED ||
         status == UA_STATUSCODE_BADNOTREADABLE;
}

std::optional<Timestamp> time_of(const UA_DataValue& value) {
  if (value.hasSourceTimestamp) return to_timestamp(value.sourceTimestamp);
  if (value.hasServerTimestamp) return to_timestamp(value.serverTimestamp);
  return std::nullopt;
}

Quality quality_of(const UA_DataValue& value) {
  return {value.hasStatus ? value.status & ~kInfo : UA_STATUSCODE_GOOD};
}

std::string span_text(const TimeRange& range) {
  return "from " + format_rfc3339(range.from) + " to " + format_rfc3339(range.to);
}

}  // namespace

HistoryReader::HistoryReader(sys::EventLoop& loop, Access& access)
    : access_(access),
      pause_(loop.make_timer()),
      nodes_max_(kNodesMax),
      no_history_(access.config.signals.size()) {}

void HistoryReader::lost(Timestamp at) {
  if (!lost_at_) lost_at_ = at;
}

void HistoryReader::start(Nanoseconds device_ahead) {
  up_ = true;
  epoch_ += 1;
  waiting_ = false;
  make_gap(device_ahead);
  for (std::optional<Job>* one : {&gap_, &asked_}) {
    if (!*one) continue;
    (*one)->portion.clear();
    for (Part& part : (*one)->parts) part.point = {};  // they belonged to the session before
  }
  step();
}

void HistoryReader::stop() {
  up_ = false;
  epoch_ += 1;
  waiting_ = false;
  pause_->cancel();
}

// --- what is to be fetched ---

// Of a fill that an outage broke off, what is left of it joins the new one.
void HistoryReader::make_gap(Nanoseconds device_ahead) {
  const std::optional<Timestamp> lost_at = std::exchange(lost_at_, std::nullopt);
  const std::vector<Standing> standing = std::exchange(standing_, {});
  if (access_.settings.fill_gaps_h == 0 || (!lost_at && standing.empty())) return;
  Job job = gap_ ? std::move(*gap_) : Job();
  std::erase_if(job.parts, [](const Part& part) { return part.done; });
  std::vector<std::size_t> part_of(no_history_.size(), SIZE_MAX);
  for (std::size_t i = 0; i < job.parts.size(); ++i) part_of[job.parts[i].signal] = i;
  for (const Standing& one : standing) {
    add_gap(job, part_of, one, device_ahead);
  }
  for (std::size_t i = 0; lost_at && i < no_history_.size(); ++i) {
    add_gap(job, part_of, {i, *lost_at, true}, device_ahead);
  }
  gap_.reset();
  if (job.parts.empty()) return;
  job.next = 0;
  job.checked = 0;
  job.status.after_outage = true;
  job.status.signals = job.parts.size();
  job.status.signals_done = 0;
  job.status.range.to = access_.host.now().wall + device_ahead + kMargin;
  job.status.range.from = std::ranges::min_element(job.parts, {}, &Part::from)->from;
  gap_ = std::move(job);
}

void HistoryReader::add_gap(Job& job, std::vector<std::size_t>& part_of, const Standing& since,
                            Nanoseconds device_ahead) {
  const std::size_t signal = since.signal;
  if (no_history_[signal]) return;
  if (part_of[signal] == SIZE_MAX) {
    const Timestamp earliest =
        access_.host.now().wall + -Nanoseconds(std::chrono::hours(access_.settings.fill_gaps_h));
    part_of[signal] = job.parts.size();
    job.parts.emplace_back();
    job.parts.back().signal = signal;
    job.parts.back().from = std::max(since.last, earliest) + device_ahead + -kMargin;
  }
  Part& part = job.parts[part_of[signal]];
  if (since.away && part.marks.size() < kMarksMax) part.marks.push_back(since.last);
}

Status HistoryReader::ask(const BackfillRequest& request) {
  if (asked_) return Error{ErrorId::kBusy, "values of this connection are being fetched already"};
  Job job;
  job.status.dry_run = request.dry_run;
  job.status.range = request.range;
  job.status.signals = no_history_.size();
  job.parts.resize(no_history_.size());
  for (std::size_t i = 0; i < job.parts.size(); ++i) {
    job.parts[i].signal = i;
    job.parts[i].from = request.range.from;
  }
  asked_ = std::move(job);
  step();
  return {};
}

Status HistoryReader::cancel() {
  if (job() == nullptr) return Error{ErrorId::kNotFound, "nothing is being fetched"};
  epoch_ += 1;
  waiting_ = false;
  pause_->cancel();
  finish(asked_ ? *asked_ : *gap_, BackfillState::kCancelled);
  step();
  return {};
}

std::optional<BackfillStatus> HistoryReader::status() const {
  if (asked_) return asked_->status;
  if (gap_) return gap_->status;
  return last_;
}

// --- one request after the other ---

void HistoryReader::step() {
  while (up_ && !waiting_) {
    Job* running = job();
    if (running == nullptr) return;
    if (running->checked < running->parts.size()) return check(*running);
    if (running->portion.empty() && !take_portion(*running)) {
      finish(*running, BackfillState::kDone);
      continue;
    }
    if (look_at_mark(*running)) return;
    return ask_page(*running);
  }
}

// A server says of each node whether it keeps its history: so nothing is asked for in vain.
void HistoryReader::check(Job& job) {
  std::vector<UA_ReadValueId> items;
  std::size_t count = 0;
  const std::size_t left = job.parts.size() - job.checked;
  for (; count < std::min<std::size_t>(left, access_.read_portion()); ++count) {
    Part& part = job.parts[job.checked + count];
    UA_ReadValueId item;
    UA_ReadValueId_init(&item);
    if (const UA_NodeId* node = access_.node(part.signal)) item.nodeId = *node;  // borrowed
    item.attributeId = UA_ATTRIBUTEID_USERACCESSLEVEL;
    items.push_back(item);
  }
  UA_ReadRequest request;
  UA_ReadRequest_init(&request);
  request.timestampsToReturn = UA_TIMESTAMPSTORETURN_NEITHER;
  request.nodesToRead = items.data();
  request.nodesToReadSize = items.size();
  waiting_ = true;
  access_.client.call<UA_TYPES_READREQUEST, UA_TYPES_READRESPONSE, UA_ReadRequest, UA_ReadResponse>(
      request, only_now([this, &job, count](const UA_ReadResponse& answer) {
        on_levels(job, count, answer);
      }));
}

void HistoryReader::on_levels(Job& job, std::size_t count, const UA_ReadResponse& answer) {
  const bool usable =
      answer.responseHeader.serviceResult == UA_STATUSCODE_GOOD && answer.resultsSize == count;
  for (std::size_t i = 0; i < count; ++i) {
    Part& part = job.parts[job.checked + i];
    const UA_Variant* level = usable ? &answer.results[i].value : nullptr;
    const bool told = level != nullptr && UA_Variant_hasScalarType(level, &UA_TYPES[UA_TYPES_BYTE]);
    const bool kept =
        !told || (*static_cast<const UA_Byte*>(level->data) & UA_ACCESSLEVELMASK_HISTORYREAD) != 0;
    if (!kept || access_.node(part.signal) == nullptr) without(job, part);
  }
  job.checked += count;
  go_on();
}

bool HistoryReader::take_portion(Job& job) {
  while (job.next < job.parts.size() && job.parts[job.next].done) job.next += 1;
  for (std::size_t i = job.next; i < job.parts.size() && job.portion.size() < nodes_max_; ++i) {
    if (!job.parts[i].done) job.portion.push_back(i);
  }
  if (job.portion.empty()) return false;
  Timestamp from = kTimestampMax;
  for (std::size_t i : job.portion) from = std::min(from, job.parts[i].from);
  job.start = to_datetime(from);
  return true;
}

// The sample that marks the beginning of a gap is replaced by what stood then, if the server knows.
bool HistoryReader::look_at_mark(Job& job) {
  const auto marked =
      std::ranges::find_if(job.portion, [&](std::size_t i) { return !job.parts[i].marks.empty(); });
  if (marked == job.portion.end()) return false;
  const Timestamp mark = job.parts[*marked].marks.back();
  std::vector<std::size_t> parts;
  std::vector<HistoryAsk> asks;
  for (std::size_t i : job.portion) {
    std::vector<Timestamp>& marks = job.parts[i].marks;
    if (marks.empty() || marks.back() != mark) continue;
    marks.pop_back();
    parts.push_back(i);
    asks.push_back({job.parts[i].signal, nullptr});
  }
  waiting_ = true;
  const HistoryRange range{0, to_datetime(mark), 1};
  read_history(access_, range, asks,
               only_now([this, &job, parts, mark](UA_StatusCode, std::vector<HistoryPage>& pages) {
                 for (std::size_t i = 0; i < parts.size(); ++i) {
                   close_mark(job.parts[parts[i]], mark, pages[i]);
                 }
                 go_on();
               }));
  return true;
}

void HistoryReader::close_mark(const Part& part, Timestamp mark, const HistoryPage& page) {
  if (page.data == nullptr || page.data->dataValuesSize != 1) return;
  const UA_DataValue& stood = page.data->dataValues[0];
  const auto time = time_of(stood);
  if (!time || *time > mark || !stood.hasValue || quality_of(stood).bad()) return;
  const ValueType type = std::get<Point>(access_.config.signals[part.signal].point).type;
  auto value = to_value(stood.value, type);
  if (value) access_.host.on_past(part.signal, mark, std::move(*value), quality_of(stood));
}

void HistoryReader::ask_page(Job& job) {
  std::vector<HistoryAsk> asks;
  for (std::size_t i : job.portion) asks.push_back({job.parts[i].signal, &job.parts[i].point});
  waiting_ = true;
  const HistoryRange range{job.start, to_datetime(job.status.range.to), kValuesPerNode};
  read_history(access_, range, asks,
               only_now([this, &job](UA_StatusCode whole, std::vector<HistoryPage>& pages) {
                 on_pages(job, whole, pages);
               }));
}

void HistoryReader::on_pages(Job& job, UA_StatusCode whole, std::vector<HistoryPage>& pages) {
  const std::vector<std::size_t> portion = std::exchange(job.portion, {});
  if (is_too_many(whole) && nodes_max_ > 1) {
    nodes_max_ /= 2;
    return go_on();
  }
  for (std::size_t i = 0; i < portion.size(); ++i) {
    Part& part = job.parts[portion[i]];
    take_page(job, part, pages[i]);
    // Those without a point begin anew behind what they have, in a portion of their own.
    if (!part.done && part.point->length > 0) job.portion.push_back(portion[i]);
  }
  if (job.status.values > kHistoryValuesMax) {
    job.status.error = "the server has more than " + std::to_string(kHistoryValuesMax) +
                       " values: ask for a shorter time";
    finish(job, BackfillState::kFailed);
    return step();
  }
  go_on();
}

void HistoryReader::take_page(Job& job, Part& part, HistoryPage& page) {
  part.point = {};
  if (says_no_history(page.status)) return without(job, part);
  // Whatever else is bad may pass (a point that the server forgot, an answer too late).
  const bool good = (page.status & 0x80000000) == 0;
  const bool progress = good && page.data != nullptr && take_values(job, part, *page.data);
  part.stalls = progress ? 0 : part.stalls + 1;
  const bool more = good && page.point != nullptr && page.point->length > 0;
  const bool full = page.data != nullptr && page.data->dataValuesSize >= kValuesPerNode;
  if (good && !more && !(full && progress)) {
    part.done = true;
    job.status.signals_done += 1;
    return;
  }
  if (part.stalls >= kStallsMax) {
    return fail_part(job, part,
                     good ? "the server's pages bring nothing new" : status_text(page.status));
  }
  if (more) std::swap(*part.point, *page.point);
}

// True: something was later than all before it.
bool HistoryReader::take_values(Job& job, Part& part, const UA_HistoryData& data) {
  const ValueType type = std::get<Point>(access_.config.signals[part.signal].point).type;
  const TimeRange asked{to_timestamp(job.start), job.status.range.to};
  bool progress = false;
  for (std::size_t i = 0; i < data.dataValuesSize; ++i) {
    const UA_DataValue& sent = data.dataValues[i];
    const auto time = time_of(sent);
    // Bounding values and what was never asked for.
    if (!time || *time < asked.from || *time >= asked.to) continue;
    Quality quality = quality_of(sent);
    auto value = sent.hasValue ? to_value(sent.value, type)
                               : Result<Value>(Error{ErrorId::kTypeMismatch, "no value"});
    if (!value && !quality.bad()) quality = quality::kBadTypeMismatch;
    if (value && !quality.bad()) part.last = *value;
    if (*time >= part.from) {
      progress = true;
      part.from = *time + Nanoseconds(100);  // OPC UA's tick
    }
    job.status.values += 1;
    if (job.status.dry_run) continue;
    Value stored = value ? std::move(*value) : part.last.value_or(zero_of(type));
    access_.host.on_past(part.signal, *time, std::move(stored), quality);
  }
  return progress;
}

void HistoryReader::without(Job& job, Part& part) {
  if (std::exchange(part.done, true)) return;
  no_history_[part.signal] = true;
  job.status.signals_done += 1;
  job.status.signals_without += 1;
}

void HistoryReader::fail_part(Job& job, Part& part, const std::string& what) {
  part.done = true;
  job.status.signals_done += 1;
  if (!job.status.error) job.status.error = access_.config.signals[part.signal].path + ": " + what;
}

// The next request waits until what came is on disk: the memory that a fill takes is one answer.
void HistoryReader::go_on() {
  const auto rest = [this, epoch = epoch_, alive = std::weak_ptr<int>(alive_)](const Status& kept) {
    if (alive.expired() || epoch != epoch_) return;
    Job* running = job();
    if (!kept && running != nullptr) {
      running->status.error = kept.error().text();
      finish(*running, BackfillState::kFailed);
    }
    pause_->start(kPause, [this] {
      waiting_ = false;
      step();
    });
  };
  waiting_ = true;
  access_.host.when_kept(rest);
}

void HistoryReader::finish(Job& job, BackfillState state) {
  BackfillStatus& status = job.status;
  status.state = state;
  if (state == BackfillState::kDone && status.error) status.state = BackfillState::kFailed;
  if (state == BackfillState::kDone && status.signals_without == status.signals) {
    status.state = BackfillState::kFailed;
    status.error = "the server keeps no history of these signals";
  }
  tell(status);
  last_ = status;
  if (gap_ && &job == &*gap_) {
    gap_.reset();
  } else {
    asked_.reset();
  }
  waiting_ = false;
}

void HistoryReader::tell(const BackfillStatus& status) {
  if (status.dry_run) return;
  const std::string what = std::to_string(status.values) + " values " + span_text(status.range);
  if (status.signals_without > 0 && !std::exchange(told_no_history_, true)) {
    access_.host.on_event("no-history", "the server keeps none of " +
                                            std::to_string(status.signals_without) + " of " +
                                            std::to_string(status.signals) + " signals");
  }
  if (status.values > 0) access_.host.on_event("filled", what);
  const bool nothing_there = status.signals_without == status.signals;
  if (status.state == BackfillState::kFailed && !nothing_there) {
    access_.host.on_trouble("fill-failed", Error{ErrorId::kBadAnswer, *status.error});
  }
}

}  // namespace lineshaft::connect::opcua
