#include "connect/iec104/look.h"

#include <algorithm>
#include <string>
#include <utility>

#include "connect/iec104/settings.h"

namespace lineshaft::connect {

namespace {

constexpr Nanoseconds kLookMax = std::chrono::seconds(20);  // as every test

const iec104::PointFormat& format_of(const SignalConfig& signal) {
  return std::get<Iec104Point>(signal.point).format;
}

}  // namespace

Iec104Look::Iec104Look(sys::EventLoop& loop, TestRequest request, ConnectionManager::TestDone done,
                       std::vector<Iec104Look*>& looks)
    : request_(std::move(request)),
      done_(std::move(done)),
      looks_(&looks),
      limit_(loop.make_timer()),
      finish_(loop.make_timer()) {
  const auto usual = std::get<Iec104Settings>(request_.settings).common_address;
  for (const SignalConfig& signal : request_.signals) {
    const auto& point = std::get<Iec104Point>(signal.point);
    const std::uint16_t station = point.common_address.value_or(usual);
    const bool counter = point.format.kind == iec104::PointKind::kCounter;
    wanted_.push_back({station, point.address, counter});
    procedures_[{counter ? Iec104Question::kCounters : Iec104Question::kInterrogation, station}] =
        false;
    report_.values.push_back(
        {signal.path, std::nullopt, {}, quality::kBadWaitingForInitialData, std::nullopt});
  }
  if (procedures_.empty()) procedures_[{Iec104Question::kInterrogation, usual}] = false;
  limit_->start(kLookMax, [this] { finish(Error{ErrorId::kTimeout, "not done after 20 s"}); });
  looks.push_back(this);
}

Iec104Look::~Iec104Look() {
  if (looks_ != nullptr) std::erase(*looks_, this);
}

std::vector<Iec104Procedure> Iec104Look::procedures() const {
  std::vector<Iec104Procedure> list;
  for (const auto& [procedure, asked] : procedures_) list.push_back(procedure);
  return list;
}

void Iec104Look::on_asked(const Iec104Procedure& procedure) {
  const auto found = procedures_.find(procedure);
  if (found != procedures_.end()) found->second = true;
}

void Iec104Look::on_object(const iec104::AsduHead& head, const iec104::InformationObject& object) {
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    Wanted& wanted = wanted_[i];
    if (wanted.station != head.common_address || wanted.address != object.address) continue;
    wanted.told = true;
    const iec104::PointFormat& format = format_of(request_.signals[i]);
    TestValue& value = report_.values[i];
    auto reading = iec104::read_point(format, object.element);
    if (!reading) {
      value.quality = quality::kBadTypeMismatch;
      value.error = Error{ErrorId::kBadAnswer,
                          "is set to be " + std::string(iec104::point_kind_name(format.kind)) +
                              "; the station sends " + iec104::type_name(head.type)};
      continue;
    }
    value.quality = reading->quality;
    value.error.reset();
    value.value.reset();
    if (!reading->quality.bad()) value.value = std::move(reading->value);
  }
}

// One that was under way when this began has told some of its points before.
void Iec104Look::on_ended(const Iec104Procedure& procedure, std::optional<Nanoseconds> latency,
                          const std::optional<Error>& trouble) {
  const auto found = procedures_.find(procedure);
  if (found == procedures_.end() || !found->second) return;
  procedures_.erase(found);
  report_.reachable = true;
  if (latency && report_.latency_ms == 0) {
    report_.latency_ms = static_cast<double>(latency->count()) / 1e6;
  }
  const bool counters = procedure.question == Iec104Question::kCounters;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    const Wanted& wanted = wanted_[i];
    if (wanted.told || wanted.counter != counters || wanted.station != procedure.station) continue;
    report_.values[i].quality = quality::kBadNoData;
    report_.values[i].error =
        trouble.value_or(Error{ErrorId::kNotFound, "the station tells nothing of this address"});
  }
  if (procedures_.empty()) finish(std::nullopt);
}

void Iec104Look::on_lost(const Error& why) {
  looks_ = nullptr;
  finish(why);
}

// At a turn of its own: whoever hears of it may destroy this.
void Iec104Look::finish(std::optional<Error> error) {
  if (std::exchange(finished_, true)) return;
  limit_->cancel();
  report_.error = std::move(error);
  finish_->start(Nanoseconds(0), [this] {
    const auto done = std::move(done_);
    done(std::move(report_));
  });
}

}  // namespace lineshaft::connect
