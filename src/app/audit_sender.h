// app/audit_sender.h: sends entries of the audit trail to the places that its feeds name, from
// where each got to, again and again until they are there (docs/how-to/audit-trail.md, "Feeds").
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "identity/audit.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/reach.h"

namespace lineshaft::app {

// RFC 5424 with the entry as its message, behind its length (RFC 5425, RFC 6587).
std::string syslog_frame(const identity::AuditEntry& entry, const std::string& host);

// A thread that waits for the other sides, and a loop for their sockets. The destructor stops both.
class AuditSender {
 public:
  // `host`: how this server calls itself, in syslog. `reach`: where feeds may lead.
  AuditSender(identity::AuditTrail& trail, sys::Clock& clock, std::string host, sys::Reach reach);
  ~AuditSender();

 private:
  class Link;
  struct Way {
    std::unique_ptr<Link> link;  // of syslog, while it is open
    std::uint64_t sent = 0;      // written, but perhaps not there yet
    std::uint64_t arriving = 0;  // part of it, which is taken for arrived when some time has passed
    Nanoseconds arriving_since{};
    Nanoseconds retry_at{};
    bool in_trouble = false;
  };

  void run();
  bool stopping();
  // True: there is more to send.
  bool serve(TenantId tenant, const identity::AuditFeed& feed, Way& way);
  Result<bool> send(TenantId tenant, const identity::AuditFeed& feed, Way& way);
  Status take_for_arrived(const identity::AuditFeed& feed, Way& way);
  Status send_syslog(const identity::AuditFeed& feed, Way& way,
                     const std::vector<identity::AuditEntry>& entries);

  identity::AuditTrail& trail_;
  sys::Clock& clock_;
  const std::string host_;
  std::unique_ptr<sys::EventLoop> loop_;
  std::map<std::uint64_t, Way> ways_;  // of the thread

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread looping_;
  std::thread thread_;
};

}  // namespace lineshaft::app
