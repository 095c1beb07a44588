// connect/mtconnect/session.h: the driver of one connection to an MTConnect agent.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "connect/backoff.h"
#include "connect/driver.h"
#include "connect/http_get.h"
#include "connect/mtconnect/delivery.h"
#include "connect/traffic.h"
#include "wire/mtconnect/document.h"
#include "wire/mtconnect/multipart.h"

namespace lineshaft::connect {

// Asks what there is (probe), what holds (current), and then for everything that happens (sample,
// as a stream) by sequence number. After a loss it goes on with the number it stopped at: what the
// agent has kept meanwhile comes into its place. If the agent has it no longer, or counts anew, the
// signals get a mark of lost data before what holds now.
class MtconnectSession : public Driver {
 public:
  // `config` and `host` must outlive the session.
  MtconnectSession(sys::EventLoop& loop, sys::Random& random, const ConnectionConfig& config,
                   DriverHost& host);

  void write(std::size_t signal, Value value, WriteDone done) override;
  void fill(ConnectionStatus& status) const override;

  // The device whose identification stands for the agent; null before the first probe.
  const mtconnect::Component* device() const;

 private:
  enum class Step : std::uint8_t { kProbe, kCurrent, kSample };
  struct Item {  // of a signal, as the agent describes it
    bool known = false;
    bool is_series = false;
    double sample_rate = 0;
  };

  void ask(Step step);
  std::string target(Step step) const;
  Status on_part(http::ResponseReader& reader);
  void on_end(const Status& how, http::ResponseReader& reader);
  void follow(Step step);
  // Any document, from a stream or alone.
  Status on_document(std::string_view bytes);
  Status on_devices(mtconnect::DevicesDocument document);
  Status on_current(const mtconnect::StreamsDocument& document);
  Status on_samples(const mtconnect::StreamsDocument& document);
  Status on_errors(const mtconnect::ErrorDocument& document);
  void find_items(const mtconnect::Component& component);
  void note_clock(const mtconnect::Header& header);
  void mark_gap(const std::string& why);
  void settle_present();
  void observe(const mtconnect::Observation& seen, bool holds);
  void observe(std::size_t signal, const mtconnect::Observation& seen, bool holds);
  void observe_series(std::size_t signal, const mtconnect::Observation& seen);
  void refuse(std::size_t signal, const mtconnect::Observation& seen, const Error& why);
  void lost(const Error& why);
  void connected();

  sys::EventLoop& loop_;
  DriverHost& host_;
  const ConnectionConfig& config_;
  const MtconnectSettings& settings_;
  const std::shared_ptr<const sys::TlsContext> tls_;
  Backoff backoff_;
  Delivery delivery_;
  std::unordered_map<std::string, std::vector<std::size_t>> signals_;  // by data item
  std::vector<Item> items_;                                            // by signal
  mtconnect::ItemStates states_;                                       // by signal
  mtconnect::DevicesDocument devices_;
  bool probed_ = false;
  std::optional<std::uint64_t> next_;  // sequence that is to come; nothing: none was seen yet
  bool up_ = false;
  // What held when the stream was taken up again, until that has caught up with it.
  std::optional<mtconnect::StreamsDocument> present_;
  Step step_ = Step::kProbe;
  std::optional<Step> follow_;  // the step after the one that ends
  std::optional<mtconnect::MultipartReader> parts_;
  std::unique_ptr<HttpGet> get_;
  std::unique_ptr<sys::Timer> next_ask_;
  Nanoseconds asked_at_{0};
  std::optional<Nanoseconds> retry_at_;
  std::optional<std::int64_t> clock_ahead_ms_;
  Traffic traffic_;
  std::uint64_t ups_ = 0;
};

}  // namespace lineshaft::connect
