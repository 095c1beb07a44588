#include "connect/s7/probe.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "connect/s7/quality.h"

namespace lineshaft::connect {

namespace {

// Name plates are shown to people.
std::string shown(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

std::optional<MachineIdentification> summary(const s7::Identification& plate) {
  if (plate == s7::Identification{}) return std::nullopt;
  std::string product = plate.module_type;
  for (const std::string& more : {plate.order_number, plate.module_name}) {
    if (!product.empty() && !more.empty()) product += ", ";
    product += more;
  }
  return MachineIdentification{"Siemens", shown(std::move(product)), shown(plate.firmware)};
}

}  // namespace

S7Probe::S7Probe(sys::EventLoop& loop, sys::Random& random, S7ProbeRequest request, Done done)
    : loop_(loop),
      request_(std::move(request)),
      done_(std::move(done)),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()),
      list_(s7::kSzlModule),
      partials_(request_.signals.size()),
      // Every step may time out: that is an answer of a kind here, not a dead connection.
      link_(loop, random, request_.settings, *this, SIZE_MAX / 2) {
  for (const SignalConfig& signal : request_.signals) {
    report_.values.push_back(
        {signal.path, std::nullopt, {}, quality::kBadWaitingForInitialData, std::nullopt});
  }
  limit_->start(request_.limit, [this] {
    finish(Error{
        ErrorId::kTimeout,
        "not done after " + std::to_string(request_.limit / std::chrono::milliseconds(1)) + " ms"});
  });
}

void S7Probe::on_up(std::size_t pdu_bytes) {
  // Negotiated: it speaks S7, whatever it says about itself.
  report_.reachable = true;
  for (const std::uint16_t id : {s7::kSzlModule, s7::kSzlComponents}) {
    steps_.push_back({s7::ReadSzl{id, 0, std::nullopt}, {}});
  }
  std::vector<s7::PlanItem> items;
  for (const SignalConfig& signal : request_.signals) {
    const s7::Address& address = std::get<S7Point>(signal.point).format.address;
    items.push_back({address.area, address.db, start_byte(address), width(address)});
  }
  const S7Settings& settings = request_.settings;
  for (s7::PlanRequest& planned :
       s7::plan_reads(items, {pdu_bytes, settings.gap_max, !settings.one_signal_per_read})) {
    steps_.push_back({std::move(planned.read), std::move(planned.parts)});
  }
}

std::optional<S7Ask> S7Probe::next_ask() {
  if (under_way_ || finished_) return std::nullopt;
  if (steps_.empty()) {
    finish(std::nullopt);
    return std::nullopt;
  }
  under_way_ = true;
  asked_at_ = loop_.now();
  return S7Ask{steps_.front().request, 0};
}

void S7Probe::on_answer(std::uint64_t /*token*/, Result<s7::Response> answer) {
  under_way_ = false;
  if (finished_) return;
  if (answer && report_.latency_ms == 0) {
    report_.latency_ms = static_cast<double>((loop_.now() - asked_at_).count()) / 1e6;
  }
  const Step step = std::move(steps_.front());
  steps_.pop_front();
  if (const auto* asked = std::get_if<s7::ReadSzl>(&step.request)) {
    on_szl(*asked, answer);
  } else {
    on_read(step, answer);
  }
  link_.wake();
}

// A CPU that does not tell is a CPU nevertheless.
void S7Probe::on_szl(const s7::ReadSzl& asked, const Result<s7::Response>& answer) {
  if (!asked.after) list_ = s7::SzlReader(asked.id);
  const auto* part = answer ? std::get_if<s7::SzlPart>(&*answer) : nullptr;
  if (part == nullptr) return;
  if (const auto next = list_.take(*part)) {
    steps_.push_front({*next, {}});
    return;
  }
  list_.read_into(plate_);
  report_.identification = summary(plate_);
}

void S7Probe::on_read(const Step& step, const Result<s7::Response>& answer) {
  if (!answer) return refuse_all(step, answer.error(), s7_quality(answer.error()));
  if (const auto* refusal = std::get_if<s7::Refusal>(&*answer)) {
    return refuse_all(step, s7_error("the request", *refusal), s7_quality(*refusal));
  }
  const auto& ranges = std::get<s7::ReadVar>(step.request).items;
  const auto& done = std::get<s7::ReadDone>(*answer);
  std::vector<std::size_t> sharing(ranges.size());  // values in each range
  for (const s7::PlanPart& part : step.parts) sharing[part.range] += 1;
  for (const s7::PlanPart& part : step.parts) {
    const s7::ItemData& item = done.items[part.range];
    if (item.code == s7::ReturnCode::kOk) {
      on_bytes(part, item.data.subspan(part.range_offset, part.bytes));
    } else if (sharing[part.range] > 1) {
      ask_alone(ranges[part.range], part);  // which of them is it?
    } else {
      const SignalConfig& signal = request_.signals[part.item];
      refuse(part, s7_error(signal.path, item.code), s7_quality(item.code));
    }
  }
}

void S7Probe::on_bytes(const s7::PlanPart& part, ByteSpan bytes) {
  const s7::PointFormat& format = std::get<S7Point>(request_.signals[part.item].point).format;
  Partial& partial = partials_[part.item];
  partial.bytes.resize(width(format.address));
  std::ranges::copy(bytes, partial.bytes.begin() + part.item_offset);
  partial.received += bytes.size();
  TestValue& value = report_.values[part.item];
  if (partial.received < partial.bytes.size() || value.error) return;
  value.quality = quality::kGood;
  value.raw.assign(partial.bytes.begin(), partial.bytes.end());
  value.value = s7::decode_value(format, partial.bytes);
  if (!value.value) {
    value.quality = quality::kBadOutOfRange;
    value.error = Error{ErrorId::kInvalidArgument,
                        "the bytes are no " + std::string(s7::data_type_name(format.address.type)) +
                            " that can be kept; check address and type"};
  }
}

void S7Probe::ask_alone(const s7::Item& range, const s7::PlanPart& part) {
  const bool counted = is_counted(range.area);
  s7::Item item = range;
  item.address += counted ? part.range_offset / 2 : part.range_offset * 8;
  item.count = static_cast<std::uint16_t>(counted ? part.bytes / 2 : part.bytes);
  s7::PlanPart alone = part;
  alone.range = 0;
  alone.range_offset = 0;
  steps_.push_back({s7::ReadVar{{item}}, {alone}});
}

void S7Probe::refuse(const s7::PlanPart& part, const Error& why, Quality quality) {
  report_.values[part.item].quality = quality;
  report_.values[part.item].error = why;
}

void S7Probe::refuse_all(const Step& step, const Error& why, Quality quality) {
  for (const s7::PlanPart& part : step.parts) refuse(part, why, quality);
}

void S7Probe::on_down(const Error& why, Nanoseconds /*retry_in*/) {
  under_way_ = false;
  finish(why);
}

void S7Probe::finish(std::optional<Error> error) {
  if (finished_) return;
  finished_ = true;
  report_.error = std::move(error);
  for (TestValue& value : report_.values) {
    if (value.quality == quality::kBadWaitingForInitialData && !value.error) {
      value.error = report_.error;
    }
  }
  finish_->start(Nanoseconds(0), [this] {
    const Done done = std::move(done_);
    done(std::move(report_));
  });
}

}  // namespace lineshaft::connect
