// connect/forward/outlet_fixture.h: an outlet with a queue on a simulated disk and a house around
// it, for the tests of what sends.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connect/forward/queued_outlet.h"
#include "connect/forward/testing.h"

namespace lineshaft::connect::forward {

class NotingHost : public FlowHost {
 public:
  std::vector<std::string> events;
  bool has(std::string_view event) const { return std::ranges::count(events, event) > 0; }

  std::map<TagId, Sample> newest;
  std::vector<std::string> writes;  // "tag=value by whom"
  Status write_answer;

  std::optional<Sample> current(TagId tag) override {
    const auto found = newest.find(tag);
    return found == newest.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<Sample>> history(TagId /*tag*/, TimeRange /*range*/, bool /*newest_first*/,
                                      std::size_t /*max*/) override {
    return std::vector<Sample>();
  }
  Status write(const FlowUser& user, TagId tag, Value value) override {
    writes.push_back(std::to_string(tag.value) + "=" + to_text(value) + " by " + user.name);
    return write_answer;
  }
  bool may_write(const FlowUser& /*user*/) override { return false; }
  Result<FlowUser> admit(std::string_view /*name*/, std::string_view /*password*/,
                         std::string_view /*peer*/) override {
    return Error{ErrorId::kSignInFailed, "nobody"};
  }
  void note(std::string_view event, std::string /*detail*/) override { events.emplace_back(event); }
};

// Tags 1 to 3 go out as "works/t1" and so on; sample n of tag t has the value n.
class OutletHouse {
 public:
  using Make = std::function<std::unique_ptr<Carrier>(const OutletMeans&, CarrierUser&)>;
  OutletHouse(sys::SimLoop& loop, const sys::DiskImage& image, Make make, std::uint64_t seed = 1)
      : disk(image), loop_(loop), clock_(loop), random_(seed), make_(std::move(make)) {
    options.directory = "/data/flow/queue";
    options.segment_bytes = 16'384;
    options.start_commit = inline_commit;
  }

  void open(bool with_tags = true) {
    const OutletMeans means{loop_, clock_, random_, disk, "/data/flow", nullptr, {1}, 1, host};
    outlet.reset();
    outlet = std::make_unique<QueuedOutlet>(means, options,
                                            [&](CarrierUser& user) { return make_(means, user); });
    if (with_tags) put({1, 2, 3});
  }
  void put(const std::vector<std::uint32_t>& ids) {
    std::vector<FlowTag> tags;
    for (const std::uint32_t id : ids) {
      FlowTag tag;
      tag.id = {id};
      tag.path = "house/t" + std::to_string(id);
      tag.spec.path = "works/t" + std::to_string(id);
      tag.spec.unit = "CEL";
      tag.spec.writable = writable;
      tags.push_back(std::move(tag));
    }
    ASSERT_TRUE(outlet->put(tags).ok());
  }
  // The next sample of the tag, now. True: it is durable.
  bool publish(std::uint32_t tag, bool past = false) {
    published += 1;
    bool taken = false;
    const Sample sample{{tag}, clock_.now(), quality::kGood, static_cast<double>(published)};
    if (!past) host.newest[{tag}] = sample;
    outlet->publish({{sample, past}}, [&taken](const Status& status) { taken = status.ok(); });
    return taken;
  }

  sys::SimDisk disk;
  NotingHost host;
  QueueOptions options;
  int published = 0;
  bool writable = false;
  sys::SimClock& clock() { return clock_; }

 private:
  sys::SimLoop& loop_;
  sys::SimClock clock_;
  sys::SimRandom random_;
  Make make_;

 public:
  std::unique_ptr<QueuedOutlet> outlet;  // the last: it uses all others
};

}  // namespace lineshaft::connect::forward
