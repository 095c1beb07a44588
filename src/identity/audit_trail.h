// identity/audit_trail.h: the implementation of AuditTrail. Reads go over a connection of their
// own, so that a long search keeps nobody from signing in.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "identity/audit.h"
#include "identity/audit_log.h"
#include "identity/audit_rows.h"
#include "identity/audit_verify.h"
#include "ledger/witnesses.h"

namespace lineshaft::identity {

class Trail final : public AuditTrail {
 public:
  // What writes belongs to Service: its mutex, its connection, its log.
  struct Writer {
    std::mutex& mutex;
    records::Database& database;
    AuditLog& log;
  };
  // `reading`: another connection to the same records. The log is open.
  Trail(Writer writer, std::unique_ptr<records::Database> reading, sys::FileSystem& files,
        sys::Clock& clock);

  Status append(const Principal& actor, const AuditEvent& event) override;
  Status append_refusal(const Principal& actor, const AuditEvent& event) override;
  Result<std::vector<AuditEntry>> search(const Principal& actor, const AuditFilter& filter,
                                         std::uint64_t before, std::uint64_t limit) override;
  Result<std::vector<AuditEntry>> read_on(const Principal& actor, const AuditFilter& filter,
                                          std::uint64_t after, std::uint64_t limit) override;
  Result<AuditPieces> signed_export(const Principal& actor, const AuditFilter& filter) override;
  Result<AuditStatus> status(const Principal& actor) override;
  Result<ledger::SignedNote> checkpoint() override;
  Result<ledger::Sha256> root_of(std::uint64_t size) override;
  Result<ledger::Proof> consistency(std::uint64_t from, std::uint64_t to) override;
  ledger::Witnesses& witnesses() override { return witnesses_; }
  Result<std::vector<std::string>> take_cosigned(const ledger::SignedNote& note) override;
  Status set_keep_months(const Principal& actor, std::uint32_t months) override;
  Status maintain() override;

  // audit_feeds.cpp
  Result<AuditFeed> add_feed(const Principal& actor, AuditFeed feed) override;
  Status remove_feed(const Principal& actor, std::uint64_t id) override;
  Result<std::vector<AuditFeed>> list_feeds(const Principal& actor) override;
  Result<std::vector<std::pair<TenantId, AuditFeed>>> all_feeds() override;
  Result<std::vector<AuditEntry>> entries_to_send(TenantId tenant, std::uint64_t after,
                                                  std::uint64_t limit) override;
  Status keep_position(std::uint64_t feed, std::uint64_t position) override;

 private:
  // Locks the connection for reading.
  Result<std::vector<AuditEntry>> find(TenantId tenant, const AuditFilter& filter,
                                       const AuditSpan& span);
  Result<std::string> export_piece(struct Export& state);
  Result<std::pair<ledger::Checkpoint, ledger::SignedNote>> newest();  // reading_mutex_ held
  Status verify_some();
  Status keep_checkpoint();
  Status remove_old();
  Result<std::uint32_t> keep_months(records::Database& database);

  Writer writer_;
  sys::FileSystem& files_;
  sys::Clock& clock_;
  ledger::Witnesses witnesses_;

  // Taken before writer_.mutex where both are.
  std::mutex reading_mutex_;
  std::unique_ptr<records::Database> reading_;  // guarded by reading_mutex_, as all below
  std::optional<AuditVerifier> verifier_;
  Nanoseconds verifying_since_{};
  std::uint64_t verified_ = 0;
  std::string kept_checkpoint_;
};

}  // namespace lineshaft::identity
