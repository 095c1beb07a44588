#include "app/audit_sender.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>

#include "base/log.h"
#include "connect/on_loop.h"
#include "identity/audit_entry.h"
#include "sys/http.h"
#include "sys/tls_stream.h"

namespace lineshaft::app {
namespace {

using identity::AuditEntry;
using identity::AuditFeed;

constexpr std::uint64_t kSentAtOnce = 200;
constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr Nanoseconds kRetryAfter = std::chrono::seconds(10);
constexpr Nanoseconds kPatience = std::chrono::seconds(5);

// Facility 13, "log audit"; what was refused or failed is a warning.
int priority_of(const AuditEntry& entry) {
  constexpr int kLogAudit = 13;
  constexpr int kWarning = 4;
  constexpr int kInformation = 6;
  const bool good = entry.result.empty() || entry.result == "done";
  return kLogAudit * 8 + (good ? kInformation : kWarning);
}

// At most 32 visible characters of ASCII, or "-".
std::string message_id(const std::string& action) {
  std::string id;
  for (const char c : action.substr(0, 32)) id += c > ' ' && c < 0x7f ? c : '_';
  return id.empty() ? "-" : id;
}

Status post(const AuditFeed& feed, const std::vector<AuditEntry>& entries,
            const sys::Destinations& outgoing) {
  std::string body;
  for (const AuditEntry& entry : entries) body += identity::entry_line(entry) + "\n";
  sys::HttpClientOptions options;
  options.server = {feed.host, feed.port};
  options.pinned_fingerprint = feed.fingerprint;
  options.trusted_pem = feed.trusted_pem;
  options.timeout = kPatience;
  options.destinations = outgoing;
  const auto client = sys::make_http_client(std::move(options));
  const auto answer =
      client->request("POST", feed.path, {{"content-type", "application/x-ndjson"}}, body);
  if (!answer) return answer.error();
  if (answer->status >= 200 && answer->status < 300) return {};
  return Error{ErrorId::kConnectFailed, "it answered " + std::to_string(answer->status)};
}

}  // namespace

std::string syslog_frame(const AuditEntry& entry, const std::string& host) {
  // RFC 5424 knows six digits of a second at most.
  const Timestamp time{entry.time.ns - entry.time.ns % 1'000};
  std::string message = "<" + std::to_string(priority_of(entry)) + ">1 " + format_rfc3339(time) +
                        " " + host + " lineshaft - " + message_id(entry.action) +
                        " - \xef\xbb\xbf" + identity::entry_line(entry);
  return std::to_string(message.size()) + " " + message;
}

// One connection; calls come from the sender's thread, sockets belong to the loop.
class AuditSender::Link {
 public:
  static Result<std::unique_ptr<Link>> open(sys::EventLoop& loop, const AuditFeed& feed) {
    auto stream = reach(loop, feed);
    if (!stream) return std::move(stream).error();
    return std::make_unique<Link>(loop, *std::move(stream));
  }

  Link(sys::EventLoop& loop, std::unique_ptr<sys::TcpStream> stream)
      : loop_(loop), stream_(std::move(stream)) {
    loop_.post([this] { watch(); });
  }
  // After this no callback runs.
  ~Link() {
    connect::on_loop(loop_, [this] { stream_.reset(); });
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool closed() const { return closed_; }

  Status write(const std::string& data) {
    auto done = std::make_shared<std::promise<Status>>();
    auto kept = std::make_shared<std::string>(data);
    loop_.post([this, done, kept] {
      stream_->write_all(as_bytes(*kept), [done, kept](Status status) { done->set_value(status); });
    });
    auto future = done->get_future();
    if (future.wait_for(kPatience) == std::future_status::ready) return future.get();
    closed_ = true;
    return Error{ErrorId::kTimeout, "it takes no more"};
  }

 private:
  static Result<std::unique_ptr<sys::TcpStream>> wait(
      sys::EventLoop& loop,
      const std::function<std::unique_ptr<sys::Connecting>(sys::EventLoop::Connected)>& start) {
    using Answer = Result<std::unique_ptr<sys::TcpStream>>;
    std::promise<Answer> answered;
    std::unique_ptr<sys::Connecting> attempt;
    loop.post(
        [&] { attempt = start([&](Answer answer) { answered.set_value(std::move(answer)); }); });
    Answer answer = answered.get_future().get();  // both kinds of attempt end by themselves
    connect::on_loop(loop, [&] { attempt.reset(); });
    return answer;
  }

  static Result<std::unique_ptr<sys::TcpStream>> reach(sys::EventLoop& loop,
                                                       const AuditFeed& feed) {
    const bool plain = feed.kind == "syslog-tcp";
    auto raw = wait(loop, [&](sys::EventLoop::Connected done) {
      return loop.connect({feed.host, feed.port},
                          plain ? sys::Privacy::kPlain : sys::Privacy::kEncrypted, kPatience,
                          std::move(done));
    });
    if (!raw || plain) return raw;
    sys::TlsOptions options;
    options.trusted_pem = feed.trusted_pem;
    options.fingerprint = feed.fingerprint;
    auto context = sys::make_tls_context(sys::TlsSide::kClient, options);
    if (!context) {
      connect::on_loop(loop, [&] { raw->reset(); });  // streams are destroyed where they live
      return std::move(context).error();
    }
    return wait(loop, [&](sys::EventLoop::Connected done) {
      return sys::start_tls(loop, *std::move(raw), *context, feed.host, kPatience, std::move(done));
    });
  }

  // The other side says nothing in syslog: what comes is the end.
  void watch() {
    stream_->read_some(nothing_, [this](Result<std::size_t> read) {
      if (!read) {
        closed_ = true;
      } else {
        watch();
      }
    });
  }

  sys::EventLoop& loop_;
  std::unique_ptr<sys::TcpStream> stream_;  // of the loop
  std::array<std::uint8_t, 64> nothing_{};  // of the loop
  std::atomic<bool> closed_ = false;
};

AuditSender::AuditSender(identity::AuditTrail& trail, sys::Clock& clock, std::string host,
                         sys::Reach reach)
    : trail_(trail),
      clock_(clock),
      host_(std::move(host)),
      loop_(sys::make_event_loop(std::move(reach))),
      looping_([this] { loop_->run(); }),
      thread_([this] { run(); }) {}

AuditSender::~AuditSender() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  ways_.clear();
  loop_->stop();
  looping_.join();
}

bool AuditSender::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void AuditSender::run() {
  for (;;) {
    bool more = false;
    if (const auto feeds = trail_.all_feeds()) {
      std::erase_if(ways_, [&](const auto& way) {
        return std::ranges::none_of(*feeds,
                                    [&](const auto& feed) { return feed.second.id == way.first; });
      });
      for (const auto& [tenant, feed] : *feeds) {
        if (stopping()) return;
        if (serve(tenant, feed, ways_[feed.id])) more = true;
      }
    }
    std::unique_lock lock(mutex_);
    const auto wait = more ? std::chrono::seconds(0) : kLookEvery;
    if (wake_.wait_for(lock, wait, [this] { return stopping_; })) return;
  }
}

bool AuditSender::serve(TenantId tenant, const AuditFeed& feed, Way& way) {
  if (clock_.monotonic() < way.retry_at) return false;
  const Result<bool> more = send(tenant, feed, way);
  const std::string where = feed.kind + " " + feed.host + ":" + std::to_string(feed.port);
  if (!more) {
    way.link.reset();
    way.retry_at = clock_.monotonic() + kRetryAfter;
    if (!way.in_trouble)
      log_warn("audit", "entries wait for " + where + ": " + more.error().text());
  } else if (way.in_trouble) {
    log_info("audit", "entries go to " + where + " again");
  }
  way.in_trouble = !more;
  return more && *more;
}

Result<bool> AuditSender::send(TenantId tenant, const AuditFeed& feed, Way& way) {
  if (way.link == nullptr || way.link->closed()) {
    way.link.reset();
    way.sent = way.arriving = feed.position;
  }
  if (Status kept = take_for_arrived(feed, way); !kept) return std::move(kept).error();
  const auto entries = trail_.entries_to_send(tenant, way.sent, kSentAtOnce);
  if (!entries) return entries.error();
  if (entries->empty()) return false;
  Status sent = feed.kind == "https" ? post(feed, *entries, loop_->reach().outgoing)
                                     : send_syslog(feed, way, *entries);
  if (!sent) return std::move(sent).error();
  way.sent = entries->back().id;
  if (feed.kind == "https") {
    if (Status kept = trail_.keep_position(feed.id, way.sent); !kept) {
      return std::move(kept).error();
    }
  }
  return entries->size() == kSentAtOnce;
}

// Syslog has no acknowledgement: what was written a while ago over a connection that still stands
// is taken for arrived. After a break the rest is written again.
Status AuditSender::take_for_arrived(const AuditFeed& feed, Way& way) {
  const Nanoseconds now = clock_.monotonic();
  if (way.arriving > feed.position) {
    if (now - way.arriving_since < kLookEvery) return {};
    if (Status kept = trail_.keep_position(feed.id, way.arriving); !kept) return kept;
  }
  way.arriving = way.sent;
  way.arriving_since = now;
  return {};
}

Status AuditSender::send_syslog(const AuditFeed& feed, Way& way,
                                const std::vector<AuditEntry>& entries) {
  if (!way.link) {
    auto link = Link::open(*loop_, feed);
    if (!link) return std::move(link).error();
    way.link = *std::move(link);
  }
  std::string frames;
  for (const AuditEntry& entry : entries) frames += syslog_frame(entry, host_);
  return way.link->write(frames);
}

}  // namespace lineshaft::app
