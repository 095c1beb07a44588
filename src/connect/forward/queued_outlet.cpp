#include "connect/forward/queued_outlet.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <utility>

#include "base/log.h"

namespace lineshaft::connect::forward {

namespace {

// Sent ahead of what is confirmed, and read ahead of what is sent. As much as a fast network
// carries in a round trip of a few milliseconds; what a crash makes come twice.
constexpr std::size_t kWindowBytes = 128 * 1024;
constexpr std::size_t kFetchBytes = 256 * 1024;
constexpr Nanoseconds kSecond = std::chrono::seconds(1);
constexpr Nanoseconds kReopenPause = std::chrono::seconds(30);
// So long after tags were put, a sample of an unknown one may still be of a tag to come.
constexpr Nanoseconds kTagsPause = std::chrono::seconds(5);
constexpr double kHalfAt = 0.5;
constexpr double kCalmAt = 0.4;

}  // namespace

QueueOptions queue_options(const OutletMeans& means, const QueueSettings& settings) {
  QueueOptions options;
  options.directory = sys::join_path(means.folder, "queue");
  options.bytes_max = std::uint64_t{settings.queue_mib_max} << 20;
  options.age_max = std::chrono::hours(settings.queue_hours_max);
  return options;
}

QueuedOutlet::QueuedOutlet(const OutletMeans& means, QueueOptions options,
                           const MakeCarrier& make_carrier)
    : means_(means),
      options_(std::move(options)),
      post_box_(std::make_shared<PostBox<QueuedOutlet>>(means.loop, *this)),
      timer_(means.loop.make_timer()) {
  carrier_ = make_carrier(*this);
  open();
  wait_a_second();
}

QueuedOutlet::~QueuedOutlet() {
  post_box_->close();
  if (opening_.joinable()) opening_.join();
  carrier_.reset();
  for (Offer& offer : offers_) {
    offer.taken(Error{ErrorId::kCancelled, "the flow ended before its queue was open"});
  }
}

// --- the queue ---

void QueuedOutlet::open() {
  // Many news of the queue make one look: the next is told when the last was heard.
  const auto told = std::make_shared<std::atomic<bool>>(false);
  const auto tell = [told, post_box = post_box_] {
    if (told->exchange(true)) return;
    post_box->post([told](QueuedOutlet& outlet) {
      told->store(false);
      outlet.pump();
    });
  };
  const auto open_now = [this, tell] {
    return Queue::open(means_.files, means_.clock, means_.random, options_, tell);
  };
  if (options_.start_commit) return on_open(open_now());
  opening_ = std::thread([post_box = post_box_, open_now] {
    auto opened = std::make_shared<Result<std::unique_ptr<Queue>>>(open_now());
    post_box->post([opened](QueuedOutlet& outlet) { outlet.on_open(std::move(*opened)); });
  });
}

void QueuedOutlet::on_open(Result<std::unique_ptr<Queue>> queue) {
  if (opening_.joinable()) opening_.join();
  if (!queue) {
    open_error_ = std::move(queue).error();
    reopen_at_ = means_.loop.now() + kReopenPause;
    for (Offer& offer : std::exchange(offers_, {})) offer.taken(*open_error_);
    return;
  }
  open_error_.reset();
  queue_ = *std::move(queue);
  for (const std::string& damage : queue_->damages()) {
    log_warn("connect", damage);
    means_.host.note("queue-damaged", damage);
  }
  dropped_seen_ = queue_->status().samples_dropped;
  const Position position = queue_->position();
  sent_to_ = fetched_to_ = position.confirmed;
  sent_time_ = position.confirmed_time;
  for (Offer& offer : std::exchange(offers_, {})) append(offer.samples, offer.taken);
  pump();
}

void QueuedOutlet::publish(std::vector<FlowSample> samples, Taken taken) {
  if (samples.empty()) return taken({});
  if (queue_ != nullptr) return append(samples, taken);
  if (open_error_) return taken(*open_error_);
  offers_.push_back({std::move(samples), std::move(taken)});
}

// An entry holds samples of one age: a batch of both becomes several, answered together.
void QueuedOutlet::append(const std::vector<FlowSample>& samples, const Taken& taken) {
  struct Answer {
    std::mutex mutex;
    std::size_t left = 1;  // guarded; one for this function
    std::optional<Error> error;
    Taken taken;
    void one(const Status& status) {
      std::unique_lock lock(mutex);
      if (!status) error = status.error();
      if (--left > 0) return;
      lock.unlock();
      taken(error ? Status(*error) : Status());
    }
  };
  const auto answer = std::make_shared<Answer>();
  answer->taken = taken;
  for (std::size_t i = 0; i < samples.size();) {
    const bool past = samples[i].is_past;
    std::vector<Sample> run;
    for (; i < samples.size() && samples[i].is_past == past; ++i) run.push_back(samples[i].sample);
    {
      const std::lock_guard lock(answer->mutex);
      answer->left += 1;
    }
    queue_->append(means_.clock.now(), past ? Age::kPast : Age::kPresent, run,
                   [answer](const Status& status) { answer->one(status); });
  }
  answer->one({});
}

// --- tags ---

Status QueuedOutlet::put(std::span<const FlowTag> tags) {
  last_put_ = means_.loop.now();
  Status put = carrier_->put(tags);
  if (!put) return put;
  for (const FlowTag& tag : tags) tags_[tag.id] = tag.spec;
  pump();
  return {};
}

void QueuedOutlet::remove(std::span<const TagId> tags) {
  carrier_->remove(tags);
  for (const TagId tag : tags) tags_.erase(tag);
}

// After a start the tags come in portions, and what the queue holds may be of any of them. A sample
// whose tag does not come is one that the flow sends no more.
bool QueuedOutlet::knows_all(const Entry& entry) const {
  if (last_put_ && means_.loop.now() - *last_put_ >= kTagsPause) return true;
  return std::ranges::all_of(entry.samples,
                             [this](const Sample& one) { return tags_.contains(one.tag); });
}

// --- sending ---

void QueuedOutlet::pump() {
  if (queue_ == nullptr || std::exchange(pumping_, true)) return;
  while (carrier_->ready() && in_flight_bytes_ < kWindowBytes && send_next()) {
  }
  pumping_ = false;
  if (fetched_.empty()) fetch();
}

// False: there is nothing to send now.
bool QueuedOutlet::send_next() {
  // What was read before it was dropped counts as dropped.
  const EntryNumber dropped = queue_->position().dropped;
  while (!fetched_.empty() && fetched_.front().number <= dropped) fetched_.pop_front();
  if (fetched_.empty() || !knows_all(fetched_.front())) return false;
  const Entry entry = std::move(fetched_.front());
  fetched_.pop_front();
  const Parcel parcel = parcel_of(entry);
  sent_to_ = entry.number;
  sent_time_ = entry.received;
  in_flight_.push_back({entry.number, entry.received, entry.bytes, parcel.items.size()});
  in_flight_bytes_ += entry.bytes;
  if (parcel.items.empty()) {
    pass_over_empty();
  } else {
    carrier_->send(parcel);
  }
  return true;
}

Parcel QueuedOutlet::parcel_of(const Entry& entry) const {
  Parcel parcel{entry.number, entry.received, entry.age, {}};
  if (entry.number.value != sent_to_.value + 1) parcel.items = gap_items(entry);
  for (std::size_t i = 0; i < entry.samples.size(); ++i) {
    const auto tag = tags_.find(entry.samples[i].tag);
    if (tag == tags_.end()) continue;
    parcel.items.push_back(
        {sample_id(queue_->id(), entry.number, i), &tag->second, entry.samples[i]});
  }
  return parcel;
}

// Which tags lost samples is not known: what told it is gone. The ids are those of the entry that
// was lost last, which no other sample has.
std::vector<ParcelItem> QueuedOutlet::gap_items(const Entry& entry) const {
  const Timestamp since = sent_to_.value == 0 ? entry.received : sent_time_;
  std::vector<ParcelItem> items;
  std::vector<TagId> lost;
  for (const auto& [tag, spec] : tags_) lost.push_back(tag);
  std::ranges::sort(lost);
  for (std::size_t i = 0; i < lost.size(); ++i) {
    const TagSpec& spec = tags_.at(lost[i]);
    const SampleId id = sample_id(queue_->id(), {entry.number.value - 1}, i % kEntrySamplesMax);
    items.push_back(
        {id, &spec, {lost[i], since + Nanoseconds(1), quality::kBadDataLost, zero_of(spec.type)}});
  }
  return items;
}

// Entries without anything to send are confirmed with those before them.
void QueuedOutlet::pass_over_empty() {
  while (!in_flight_.empty() && in_flight_.front().samples == 0) {
    const Sent sent = in_flight_.front();
    in_flight_.pop_front();
    in_flight_bytes_ -= sent.bytes;
    queue_->confirm(sent.number, sent.received);
  }
}

void QueuedOutlet::on_confirmed(EntryNumber through) {
  while (!in_flight_.empty() && in_flight_.front().number <= through) {
    const Sent sent = in_flight_.front();
    in_flight_.pop_front();
    in_flight_bytes_ -= sent.bytes;
    samples_out_ += sent.samples;
    queue_->confirm(sent.number, sent.received);
  }
  pass_over_empty();
  pump();
}

void QueuedOutlet::on_lost() {
  if (queue_ == nullptr) return;
  round_ += 1;
  fetching_ = fetch_again_ = false;
  fetched_.clear();
  in_flight_.clear();
  in_flight_bytes_ = 0;
  const Position position = queue_->position();
  sent_to_ = fetched_to_ = position.confirmed;
  sent_time_ = position.confirmed_time;
  fetch();
}

void QueuedOutlet::on_refused(const Error& why) {
  if (last_refusal_ == why.text()) return;
  last_refusal_ = why.text();
  means_.host.note("refused", why.text());
}

// One fetch at a time. What is in memory comes at once, then pump() goes on.
void QueuedOutlet::fetch() {
  fetch_again_ = fetching_;
  if (std::exchange(fetching_, true)) return;
  queue_->read(fetched_to_, kFetchBytes,
               [post_box = post_box_, round = round_](Result<std::vector<Entry>> entries) {
                 auto shared = std::make_shared<Result<std::vector<Entry>>>(std::move(entries));
                 post_box->post([round, shared](QueuedOutlet& outlet) {
                   outlet.on_fetched(round, std::move(*shared));
                 });
               });
}

void QueuedOutlet::on_fetched(std::uint64_t round, Result<std::vector<Entry>> entries) {
  if (round != round_) return;
  fetching_ = false;
  if (!entries) return;  // on_second tries again
  if (entries->empty()) {
    if (fetch_again_) fetch();
    return;
  }
  fetched_to_ = entries->back().number;
  std::ranges::move(*entries, std::back_inserter(fetched_));
  pump();
}

// --- once a second ---

void QueuedOutlet::wait_a_second() {
  timer_->start(kSecond, [this] { on_second(); });
}

void QueuedOutlet::on_second() {
  wait_a_second();
  if (queue_ == nullptr) {
    if (open_error_ && !opening_.joinable() && means_.loop.now() >= reopen_at_) {
      open_error_.reset();
      open();
    }
    return;
  }
  queue_->tick();
  look_at_level(queue_->status());
  pump();
}

void QueuedOutlet::look_at_level(const QueueStatus& status) {
  double share = static_cast<double>(status.bytes) / static_cast<double>(options_.bytes_max);
  if (status.oldest) {
    const Nanoseconds age = means_.clock.now() - *status.oldest;
    share = std::max(
        share, static_cast<double>(age.count()) / static_cast<double>(options_.age_max.count()));
  }
  QueueLevel level = level_;
  if (status.samples_dropped > dropped_seen_) {
    level = QueueLevel::kFull;
  } else if (share < kCalmAt) {
    level = QueueLevel::kCalm;
  } else if (share >= kHalfAt && level_ == QueueLevel::kCalm) {
    level = QueueLevel::kHalf;
  }
  dropped_seen_ = status.samples_dropped;
  if (level == level_) return;
  level_ = level;
  const std::string waiting = std::to_string(status.samples) + " samples wait, " +
                              std::to_string(status.bytes >> 20) + " MiB";
  const std::string dropped = std::to_string(status.samples_dropped) + " samples dropped so far";
  const char* event = level == QueueLevel::kFull   ? "queue-full"
                      : level == QueueLevel::kHalf ? "queue-half"
                                                   : "queue-eased";
  const std::string detail = level == QueueLevel::kFull ? dropped + "; " + waiting : waiting;
  if (level != QueueLevel::kCalm) {
    log_warn("connect", "flow " + std::to_string(means_.flow) + ": " + event + ": " + detail);
  }
  means_.host.note(event, detail);
}

OutletStatus QueuedOutlet::status() const {
  OutletStatus status;
  carrier_->fill(status);
  status.samples_out = samples_out_;
  if (last_refusal_ && !status.last_error) status.last_error = last_refusal_;
  if (open_error_) {
    status.state = OutletState::kDown;
    status.last_error = open_error_->text();
  }
  if (queue_ == nullptr) return status;
  const QueueStatus queue = queue_->status();
  status.queue = OutletQueue{queue.samples, queue.bytes,           options_.bytes_max,
                             queue.oldest,  queue.samples_dropped, level_};
  if (queue.error) status.last_error = queue.error;
  return status;
}

}  // namespace lineshaft::connect::forward
