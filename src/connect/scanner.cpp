#include "connect/scanner.h"

#include <algorithm>
#include <iterator>
#include <optional>
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

Status may_be_asked(const ScanRequest& request, const sys::Reach& reach, std::uint64_t probe) {
  return reach.check_numeric(place_of(request, probe), privacy_at(request, probe));
}

// May anything of the whole range be asked? Looks first at what is cheap: where nothing may go at
// any port, its doors need no look each. After kLooksMax of those the parts may tell.
bool has_any_to_ask(const ScanRequest& request, const sys::Reach& reach) {
  constexpr std::size_t kLooksMax = 65'536;
  const std::size_t doors = request.doors.size();
  for (std::size_t door = 0; door < doors; ++door) {
    if (privacy_at(request, door) == sys::Privacy::kEncrypted) return true;
  }
  if (reach.plain.empty()) return false;
  std::size_t looks = 0;
  for (std::size_t host = 0; host < request.hosts.size(); ++host) {
    if (!reach.check_numeric({request.hosts[host], 0}, sys::Privacy::kPlain)) continue;
    for (std::size_t door = 0; door < doors; ++door) {
      if (++looks > kLooksMax || may_be_asked(request, reach, host * doors + door)) return true;
    }
  }
  return false;
}

}  // namespace

Status Scanner::check(const ScanRequest& request, const sys::Reach& reach) {
  std::optional<Error> refused;
  bool any = false;
  const std::uint64_t end = end_of_part(request);
  for (std::uint64_t probe = request.from; probe < end; ++probe) {
    const Status allowed = may_be_asked(request, reach, probe);
    any = any || allowed.ok();
    if (allowed) continue;
    if (allowed.error().id != ErrorId::kPlainRefused) return allowed;
    if (!refused) refused = allowed.error();
  }
  if (any || !refused || has_any_to_ask(request, reach)) return {};
  return *std::move(refused);
}

Scanner::Scanner(sys::EventLoop& loop, ScanRequest request, RuntimeOf runtime_of, Done done)
    : loop_(loop),
      request_(std::move(request)),
      runtime_of_(std::move(runtime_of)),
      done_(std::move(done)),
      turn_(loop.make_timer()) {
  const std::uint64_t end = end_of_part(request_);
  std::map<std::size_t, std::vector<std::string>> left_out;  // by door
  for (std::uint64_t probe = request_.from; probe < end; ++probe) {
    if (may_be_asked(request_, loop_.reach(), probe)) {
      probes_.push_back(probe);
    } else {
      left_out[probe % request_.doors.size()].push_back(place_of(request_, probe).host);
    }
  }
  for (auto& [door, hosts] : left_out) {
    report_.left_out.push_back({request_.doors[door], std::move(hosts)});
  }
  report_.total = request_.hosts.size() * request_.doors.size();
  if (end < report_.total) report_.next = end;
  turn_->start(Nanoseconds(0), [this] { begin_some(); });
}

Scanner::~Scanner() = default;

void Scanner::begin_some() {
  if (next_ == probes_.size() && running_.empty()) return finish();
  for (std::size_t i = 0;
       i < kScanPerTurn && next_ < probes_.size() && running_.size() < kScanParallel; ++i) {
    knock(probes_[next_++]);
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
  if (next_ == probes_.size() && running_.empty())
    turn_->start(Nanoseconds(0), [this] { begin_some(); });
}

void Scanner::finish() {
  for (auto& [probe, hits] : hits_) {
    std::ranges::sort(hits, {}, &ScanHit::unit_id);
    std::ranges::move(hits, std::back_inserter(report_.hits));
  }
  const Done done = std::move(done_);
  ScanReport report = std::move(report_);
  done(std::move(report));  // may destroy this
}

}  // namespace lineshaft::connect
