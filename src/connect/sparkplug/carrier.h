// connect/sparkplug/carrier.h: carries samples to Sparkplug hosts: an edge node of ours at a
// broker, whose metrics are the tags of a flow.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connect/forward/carrier.h"
#include "connect/sparkplug/edge.h"
#include "connect/sparkplug/flow_settings.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect {

// Births tell the present, as the house knows it; what the queue brings and is not newer than that
// follows as historical. The standard wants data with QoS 0, which a broker does not acknowledge:
// what was sent counts as delivered when the broker has answered a PINGREQ behind it. Whatever was
// not answered when the connection ends is sent again after the next birth.
//
// The node is there once its first tags are known, so that its first birth has them. More tags
// bring a new birth, and nothing is sent until it is out.
class SparkplugCarrier : public forward::Carrier, private SparkplugEdgeUser {
 public:
  SparkplugCarrier(const OutletMeans& means, SparkplugFlowSettings settings,
                   forward::CarrierUser& user);

  Status put(std::span<const FlowTag> tags) override;
  void remove(std::span<const TagId> tags) override;
  bool ready() const override;
  void send(const forward::Parcel& parcel) override;
  void fill(OutletStatus& status) const override;

 private:
  struct Known {
    TagSpec spec;
    std::optional<sparkplug::EdgeMetricId> metric;  // none: there is no node yet, or it refuses
    std::optional<Timestamp> told;                  // of the value that the last birth told
  };

  // --- SparkplugEdgeUser ---
  void on_command(sparkplug::EdgeMetricId metric, Value value) override;
  void on_birth() override;
  std::optional<sparkplug::EdgeValue> present(sparkplug::EdgeMetricId metric) override;
  void on_fenced(std::uint64_t token) override;
  void on_lost(const Error& why) override;
  void on_rival(const Error& why) override;
  void on_refused(const Error& why, bool is_birth) override;

  void make_edge();
  void declare(TagId tag, Known& known);
  void retire(Known& known);
  void wait_for_more();
  void flush();
  void leave(const Error& why);

  const OutletMeans means_;
  const SparkplugFlowSettings settings_;
  forward::CarrierUser& user_;
  std::map<TagId, Known> known_;
  std::map<sparkplug::EdgeMetricId, TagId> tag_of_;
  std::map<std::string, sparkplug::DeviceId> devices_;
  std::vector<std::pair<sparkplug::EdgeMetricId, sparkplug::EdgeValue>> pending_;
  forward::EntryNumber pending_through_;
  bool rebirth_due_ = false;  // for metrics that no birth has told
  bool sent_ = false;         // something since the connection stands
  bool leaving_ = false;
  std::uint8_t bd_seq_;  // of the next will
  std::optional<std::string> last_error_;
  std::unique_ptr<sys::Timer> tags_timer_;   // when no more tags have come for a while
  std::unique_ptr<sys::Timer> flush_timer_;  // at the end of the turn
  std::unique_ptr<sys::Timer> ready_timer_;
  std::unique_ptr<sys::Timer> leave_timer_;
  std::unique_ptr<SparkplugEdge> edge_;  // the last: it calls back
};

}  // namespace lineshaft::connect
