#include "connect/iec104/served_station.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace lineshaft::connect {

namespace {

using iec104::Cause;
using iec104::Type;

// Two windows of questions with two answers each stay far below this.
constexpr std::size_t kAnswersMax = 256;

bool is_counter(const Iec104ServedPoint& point) {
  return point.format.kind == iec104::PointKind::kCounter;
}

iec104::Element without_select(iec104::Element element) {
  std::visit(
      [](auto& e) {
        if constexpr (requires { e.mode; }) e.mode.select = false;
      },
      element);
  return element;
}

}  // namespace

ServedPoints::ServedPoints(std::vector<Iec104ServedPoint> points) : points_(std::move(points)) {
  std::ranges::sort(points_, {}, &Iec104ServedPoint::address);
  const auto twice = std::ranges::adjacent_find(points_, {}, &Iec104ServedPoint::address);
  LS_ASSERT(twice == points_.end());
}

Iec104ServedPoint* ServedPoints::find(std::uint32_t address) {
  const auto found = std::ranges::lower_bound(points_, address, {}, &Iec104ServedPoint::address);
  return found != points_.end() && found->address == address ? &*found : nullptr;
}

std::optional<iec104::Asdu> ServedPoints::tell(std::size_t& next, bool counters) const {
  iec104::Asdu asdu;
  for (; next < points_.size(); ++next) {
    const Iec104ServedPoint& point = points_[next];
    if (is_counter(point) != counters) continue;
    const Type type = iec104::monitor_type(point.format.kind, iec104::TimeKind::kNone);
    if (asdu.objects.empty()) asdu.head.type = type;
    if (asdu.head.type != type) break;
    if (asdu.objects.size() == iec104::object_count_max(type, false)) break;
    asdu.objects.push_back({point.address, iec104::make_point(point.format, point.reading), {}});
  }
  if (asdu.objects.empty()) return std::nullopt;
  return asdu;
}

void StationDialog::answer(ByteSpan asked, Cause cause, bool negative) {
  if (negative) counters_.negative += 1;
  answers_.push_back(iec104::mirror(asked, cause, negative));
}

Status StationDialog::take(ByteSpan bytes, Nanoseconds now) {
  if (answers_.size() > kAnswersMax) {
    return Error{ErrorId::kBadAnswer, "the client asks and does not take the answers"};
  }
  const auto head = iec104::decode_head(bytes);
  if (!head) return head.error();
  const auto asdu = iec104::decode_asdu(bytes);
  if (!asdu) {
    if (asdu.error().id != ErrorId::kUnsupported) return asdu.error();
    refuse(bytes, Cause::kUnknownType);
    return {};
  }
  const iec104::TypeClass type_class = iec104::find_type(head->type)->type_class;
  const bool global = head->common_address == iec104::kGlobalCommonAddress;
  if (type_class != iec104::TypeClass::kCommand && type_class != iec104::TypeClass::kSystem) {
    refuse(bytes, Cause::kUnknownType);
  } else if (head->common_address != options_.common_address &&
             !(global && type_class == iec104::TypeClass::kSystem)) {
    refuse(bytes, Cause::kUnknownCommonAddress);
  } else if (type_class == iec104::TypeClass::kCommand) {
    on_command(bytes, *asdu, now);
  } else {
    on_system(bytes, *asdu);
  }
  return {};
}

void StationDialog::on_system(ByteSpan asked, const iec104::Asdu& asdu) {
  if (asdu.head.type == Type::kRead) return on_read(asked, asdu);
  if (asdu.head.cause != Cause::kActivation) return refuse(asked, Cause::kUnknownCause);
  const iec104::Element& element = asdu.objects[0].element;
  switch (asdu.head.type) {
    case Type::kInterrogation:
      return tell(asked, false,
                  std::get<iec104::Interrogation>(element).qualifier == iec104::kWholeStation);
    case Type::kCounterInterrogation: {
      const auto& request = std::get<iec104::CounterInterrogation>(element);
      return tell(asked, true,
                  request.request == iec104::kAllCounters &&
                      request.freeze == iec104::CounterFreeze::kRead);
    }
    case Type::kTest:
    case Type::kTestTime56:
      return answer(asked, Cause::kActivationConfirmed, false);
    default:  // the clock and the process belong to the machine
      return answer(asked, Cause::kActivationConfirmed, true);
  }
}

void StationDialog::on_read(ByteSpan asked, const iec104::Asdu& asdu) {
  if (asdu.head.cause != Cause::kRequested) return refuse(asked, Cause::kUnknownCause);
  const Iec104ServedPoint* point = points_.find(asdu.objects[0].address);
  if (point == nullptr) return refuse(asked, Cause::kUnknownObjectAddress);
  iec104::Asdu told;
  told.head.type = iec104::monitor_type(point->format.kind, iec104::TimeKind::kNone);
  told.head.cause = Cause::kRequested;
  told.head.originator = asdu.head.originator;
  told.head.common_address = options_.common_address;
  told.objects.push_back({point->address, iec104::make_point(point->format, point->reading), {}});
  answers_.push_back(iec104::encode_asdu(told));
}

// One interrogation at a time: a second one while the first is told is refused.
void StationDialog::tell(ByteSpan asked, bool counters, bool accepted) {
  if (told_ || !accepted) return answer(asked, Cause::kActivationConfirmed, true);
  answer(asked, Cause::kActivationConfirmed, false);
  told_ = Told{Bytes(asked.begin(), asked.end()), counters, 0};
}

std::optional<Bytes> StationDialog::next() {
  if (!answers_.empty()) {
    Bytes first = std::move(answers_.front());
    answers_.erase(answers_.begin());
    return first;
  }
  if (!told_) return std::nullopt;
  auto part = points_.tell(told_->position, told_->counters);
  if (!part) {
    Bytes end = iec104::mirror(told_->asked, Cause::kActivationTerminated, false);
    told_.reset();
    return end;
  }
  part->head.cause = told_->counters ? Cause::kCountersRequested : Cause::kInterrogatedByStation;
  part->head.originator = iec104::decode_head(told_->asked)->originator;
  part->head.common_address = options_.common_address;
  return iec104::encode_asdu(*part);
}

void StationDialog::on_command(ByteSpan asked, const iec104::Asdu& asdu, Nanoseconds now) {
  counters_.commands += 1;
  const iec104::InformationObject& object = asdu.objects[0];
  const Cause cause = asdu.head.cause;
  if (cause != Cause::kActivation && cause != Cause::kDeactivation) {
    return refuse(asked, Cause::kUnknownCause);
  }
  const Iec104ServedPoint* point = points_.find(object.address);
  if (point == nullptr || !point->command) return refuse(asked, Cause::kUnknownObjectAddress);
  if (!iec104::fits(iec104::command_element(*point->command), object.element)) {
    return refuse(asked, Cause::kUnknownType);
  }
  if (cause == Cause::kDeactivation) {
    const bool ours = selected_ && selected_->address == object.address;
    if (ours) selected_.reset();
    return answer(asked, Cause::kDeactivationConfirmed, !ours);
  }
  const bool selects = iec104::command_mode(object.element).value_or(iec104::CommandMode{}).select;
  const bool permitted = iec104::command_value(object.element).has_value();
  if (!permitted) return answer(asked, Cause::kActivationConfirmed, true);
  if (selects) {
    if (!asdu.head.test) {
      selected_ =
          Selected{object.address, without_select(object.element), now + options_.select_timeout};
    }
    return answer(asked, Cause::kActivationConfirmed, false);
  }
  // During a test everything is said and nothing is done.
  const bool done = asdu.head.test || carry_out(asdu, *point, now);
  answer(asked, Cause::kActivationConfirmed, !done);
  if (done) answer(asked, Cause::kActivationTerminated, false);
}

bool StationDialog::carry_out(const iec104::Asdu& asdu, const Iec104ServedPoint& point,
                              Nanoseconds now) {
  const iec104::InformationObject& object = asdu.objects[0];
  const auto selected = std::exchange(selected_, std::nullopt);  // used up, whatever comes of it
  if (point.select_required) {
    const bool fits = selected && selected->address == object.address && selected->until > now &&
                      selected->element == object.element;
    if (!fits) return false;
  }
  return plant_.on_command(object.address, *iec104::command_value(object.element));
}

}  // namespace lineshaft::connect
