#include "connect/scanner.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "connect/tls_settings.h"
#include "sys/reach.h"

namespace lineshaft::connect {

namespace {

// Finds out whether a door is one of TLS. Whom the certificate is of and whether we trust it is the
// matter of a connection that a person makes: one that we refuse answers the question as well.
class TlsKnock : public Task {
 public:
  TlsKnock(sys::EventLoop& loop, Knock knock, ProtocolRuntime::KnockDone done)
      : loop_(loop), knock_(std::move(knock)), done_(std::move(done)), finish_(loop.make_timer()) {
    TlsSettings tls;
    tls.enabled = true;
    context_ = tls_context(tls, sys::TlsSide::kClient);
    connecting_ =
        loop_.connect(knock_.at, sys::privacy_of(context_), timeout(), [this](auto stream) {
          if (!stream) return finish(false);
          securing_ = sys::start_tls(
              loop_, *std::move(stream), context_, knock_.at.host, timeout(),
              [this](auto secured) { finish(secured.ok() || is_refused(secured.error())); });
        });
  }

 private:
  Nanoseconds timeout() const { return std::chrono::milliseconds(knock_.timeout_ms); }
  static bool is_refused(const Error& why) {
    return why.id == ErrorId::kTlsFailed && why.what.find("certificate") != std::string::npos;
  }
  void finish(bool answered) {
    finish_->start(Nanoseconds(0), [this, answered] {
      std::vector<ScanHit> hits;
      if (answered) hits.push_back({knock_.at.host, knock_.at.port, 0, std::nullopt});
      const auto done = std::move(done_);
      done(std::move(hits));  // may destroy this
    });
  }

  sys::EventLoop& loop_;
  Knock knock_;
  ProtocolRuntime::KnockDone done_;
  std::shared_ptr<const sys::TlsContext> context_;
  std::unique_ptr<sys::Connecting> connecting_;
  std::unique_ptr<sys::Connecting> securing_;
  std::unique_ptr<sys::Timer> finish_;
};

// Beyond the last knock of the part that begins at `from`.
std::uint64_t end_of_part(const ScanRequest& request) {
  const std::uint64_t total = request.hosts.size() * request.doors.size();
  const std::uint64_t part = std::max<std::uint64_t>(1, kScanProbesMax / request.unit_ids.size());
  return std::min(total, request.from + part);
}

sys::Endpoint place_of(const ScanRequest& request, std::uint64_t probe) {
  return {request.hosts[probe / request.doors.size()],
          request.doors[probe % request.doors.size()].door.port};
}

// A knock says something without encryption, but for one at a door of TLS. What an OPC UA server is
// asked there, everybody may ask: it tells how it can be talked to.
sys::Privacy privacy_at(const ScanRequest& request, std::uint64_t probe) {
  const ScanDoor& door = request.doors[probe % request.doors.size()];
  return door.door.tls || door.protocol == Protocol::kOpcUa ? sys::Privacy::kEncrypted
                                                            : sys::Privacy::kPlain;
}

}  // namespace

Status Scanner::check(const ScanRequest& request, const sys::Reach& reach) {
  Status allowed;
  const std::uint64_t end = end_of_part(request);
  for (std::uint64_t probe = request.from; allowed && probe < end; ++probe) {
    allowed = reach.check_numeric(place_of(request, probe), privacy_at(request, probe));
  }
  return allowed;
}

Scanner::Scanner(sys::EventLoop& loop, ScanRequest request, RuntimeOf runtime_of, Done done)
    : loop_(loop),
      request_(std::move(request)),
      runtime_of_(std::move(runtime_of)),
      done_(std::move(done)),
      next_(request_.from),
      turn_(loop.make_timer()) {
  end_ = end_of_part(request_);
  turn_->start(Nanoseconds(0), [this] { begin_some(); });
}

Scanner::~Scanner() = default;

void Scanner::begin_some() {
  if (next_ == end_ && running_.empty()) return finish();
  for (std::size_t i = 0; i < kScanPerTurn && next_ < end_ && running_.size() < kScanParallel;
       ++i) {
    knock(next_++);
  }
  turn_->start(kScanTurn, [this] { begin_some(); });
}

void Scanner::knock(std::uint64_t probe) {
  const ScanDoor& door = request_.doors[probe % request_.doors.size()];
  Knock knock{place_of(request_, probe), request_.timeout_ms, request_.unit_ids};
  auto done = [this, probe](std::vector<ScanHit> hits) { on_hits(probe, std::move(hits)); };
  // A knock answers at a turn of its own: it is in the map by then.
  running_[probe] = door.door.tls
                        ? std::make_unique<TlsKnock>(loop_, std::move(knock), std::move(done))
                        : runtime_of_(door.protocol).knock(std::move(knock), std::move(done));
}

void Scanner::on_hits(std::uint64_t probe, std::vector<ScanHit> hits) {
  running_.erase(probe);
  const ScanDoor& door = request_.doors[probe % request_.doors.size()];
  for (ScanHit& hit : hits) {
    hit.protocol = door.protocol;
    hit.tls = door.door.tls;
  }
  if (!hits.empty()) hits_[probe] = std::move(hits);
  if (next_ == end_ && running_.empty()) turn_->start(Nanoseconds(0), [this] { begin_some(); });
}

void Scanner::finish() {
  ScanReport report;
  report.total = request_.hosts.size() * request_.doors.size();
  if (end_ < report.total) report.next = end_;
  for (auto& [probe, hits] : hits_) {
    std::ranges::sort(hits, {}, &ScanHit::unit_id);
    std::ranges::move(hits, std::back_inserter(report.hits));
  }
  const Done done = std::move(done_);
  done(std::move(report));  // may destroy this
}

}  // namespace lineshaft::connect
