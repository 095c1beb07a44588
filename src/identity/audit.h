// identity/audit.h: the audit trail as others use it: entries, searching them, and the proof that
// nobody rewrote them. What an entry is as bytes, and the tree over them: docs/formats/audit.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "identity/access.h"
#include "ledger/checkpoint.h"
#include "model/sample.h"

namespace lineshaft::ledger {
class Witnesses;
}

namespace lineshaft::identity {

// As it stands on the disk. Texts of a fixed set ("user", "done", "console") are kept as they were
// written, so that an entry has one form for ever; they are "" in entries of before they existed.
struct AuditEntry {
  std::uint64_t id = 0;  // from 1, without gaps over all organisations of the server
  TenantId tenant{};
  Timestamp time{};
  std::string actor{};  // "ann@example.com", "token:historian feed", "server"
  std::string action{};
  std::string object{};
  std::string detail{};
  std::string actor_kind{};  // "user", "token", "flow", "server", "nobody"
  std::uint64_t actor_id = 0;
  std::string door{};     // "console", "api", "cli", "flow", "server"
  std::string address{};  // of the peer
  std::string request{};  // its number; entries of one request belong together
  std::string before{};   // a JSON object of what changes, or ""
  std::string after{};
  std::string result{};  // "done", "refused", "failed"
};

struct AuditPage {
  std::vector<AuditEntry> entries;  // newest first
  std::uint64_t total = 0;
};

enum class AuditResult : std::uint8_t { kDone, kRefused, kFailed };

// What somebody does. Never put a secret into it. Too long texts are cut.
struct AuditEvent {
  std::string action{};
  std::string object{};
  std::string detail{};
  std::string before{};
  std::string after{};
  AuditResult result = AuditResult::kDone;
};

// "" and 0: any. Texts are looked for inside, without regard to the case of ASCII letters; an
// action also stands for those below it: "user" finds "user.create".
struct AuditFilter {
  std::optional<Timestamp> from{};
  std::optional<Timestamp> to{};  // not included
  std::string actor{};
  std::string action{};
  std::string object{};
  std::string result{};
  std::string text{};  // in any of the texts
};

inline constexpr std::uint64_t kAuditPageMax = 1'000;
inline constexpr std::uint32_t kAuditMonthsMin = 6;  // MLPS 2.0 and the Cybersecurity Law
inline constexpr std::uint32_t kAuditMonthsDefault = 12;

struct AuditStatus {
  std::uint64_t entries = 0;          // the number of the last one, over all organisations
  std::uint64_t verified = 0;         // up to this one since the start
  std::uint64_t removed_through = 0;  // too old; their hashes stay
  std::uint32_t keep_months = kAuditMonthsDefault;
  std::string trouble;  // the first bad entry, in words; "" if none was found
  std::string key;      // that signs, as text
};

// A place outside to which entries go (docs/how-to/audit-trail.md).
struct AuditFeed {
  std::uint64_t id = 0;
  std::string kind{};  // "syslog-tls", "syslog-tcp", "https"
  std::string host{};
  std::uint16_t port = 0;
  std::string path{};         // https: "/collect"
  std::string trusted_pem{};  // authorities; or a fingerprint; neither: those of the machine
  std::string fingerprint{};
  std::uint64_t position = 0;  // the last entry that went
};
inline constexpr std::size_t kAuditFeedsMax = 8;

// Pieces of a long text; "" ends it.
using AuditPieces = std::function<Result<std::string>()>;

// Threads: any. Every call blocks. Errors of all besides those named: kDenied (audit.read;
// user.manage for what changes something), and the general ones of identity.h.
class AuditTrail {
 public:
  virtual ~AuditTrail() = default;

  // Success: it is on the disk. An error: do not do it.
  virtual Status append(const Principal& actor, const AuditEvent& event) = 0;
  // Something that is refused either way: within a number a minute, beyond which entries are
  // counted in the next; waits in memory while the disk is full.
  virtual Status append_refusal(const Principal& actor, const AuditEvent& event) = 0;

  // At most `limit` entries below `before` (0: the newest), the newest first.
  // Errors: kInvalidArgument (limit above kAuditPageMax).
  virtual Result<std::vector<AuditEntry>> search(const Principal& actor, const AuditFilter& filter,
                                                 std::uint64_t before, std::uint64_t limit) = 0;
  // The same from the oldest on: entries behind `after`.
  virtual Result<std::vector<AuditEntry>> read_on(const Principal& actor, const AuditFilter& filter,
                                                  std::uint64_t after, std::uint64_t limit) = 0;

  // The entries that pass, and what it takes to prove them to somebody without a server.
  virtual Result<AuditPieces> signed_export(const Principal& actor, const AuditFilter& filter) = 0;

  virtual Result<AuditStatus> status(const Principal& actor) = 0;
  // Signed, with the signatures of witnesses who cosigned just this one.
  virtual Result<ledger::SignedNote> checkpoint() = 0;
  // Errors: kNotFound: the trail is shorter.
  virtual Result<ledger::Sha256> root_of(std::uint64_t size) = 0;
  virtual Result<ledger::Proof> consistency(std::uint64_t from, std::uint64_t to) = 0;
  virtual ledger::Witnesses& witnesses() = 0;
  // As ledger::Ledger::take_cosigned.
  virtual Result<std::vector<std::string>> take_cosigned(const ledger::SignedNote& note) = 0;

  // Errors: kInvalidArgument: below kAuditMonthsMin.
  virtual Status set_keep_months(const Principal& actor, std::uint32_t months) = 0;
  // Checks some more entries, keeps the checkpoint beside the records, removes what is too old.
  virtual Status maintain() = 0;

  // Errors: kInvalidArgument, kConflict (kAuditFeedsMax), kNotFound.
  virtual Result<AuditFeed> add_feed(const Principal& actor, AuditFeed feed) = 0;
  virtual Status remove_feed(const Principal& actor, std::uint64_t id) = 0;
  virtual Result<std::vector<AuditFeed>> list_feeds(const Principal& actor) = 0;
  // For who sends: all feeds with their organisations, and how far each got.
  virtual Result<std::vector<std::pair<TenantId, AuditFeed>>> all_feeds() = 0;
  virtual Result<std::vector<AuditEntry>> entries_to_send(TenantId tenant, std::uint64_t after,
                                                          std::uint64_t limit) = 0;
  virtual Status keep_position(std::uint64_t feed, std::uint64_t position) = 0;
};

}  // namespace lineshaft::identity
