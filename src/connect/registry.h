// connect/registry.h: the connections of every organisation, kept across restarts: makes their
// tags, stores them, and hands them to the manager that runs them.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "connect/manager.h"
#include "connect/table.h"
#include "connect/write_desk.h"
#include "model/json.h"
#include "model/tag.h"
#include "records/documents.h"
#include "sys/loop.h"

namespace lineshaft::connect {

struct RegisteredConnection {
  std::uint32_t id = 0;  // unique in its tenant, never used again
  ConnectionConfig config;
  std::vector<TagId> tags;  // of config.signals, in their order
  ConnectionStatus status;
};

struct ImportOptions {
  bool remove_missing = false;  // as TableOptions
  bool dry_run = false;
  std::string who;  // for those who think of undoing it
  Timestamp now;
};

struct LastImport {
  Timestamp time;
  std::string who;
  std::vector<std::string> added, changed, removed;  // names of connections
};

struct WriteOrder {
  TenantId tenant;
  TagId tag;
  Value value;
  std::string who;      // as the audit trail names people
  std::string token;    // of the first step; "" in the first step
  std::string machine;  // repeated in the second step
  Timestamp now;
};

struct CallOrder {
  TenantId tenant;
  std::uint32_t connection = 0;
  MethodCall call;
  std::string who;      // as the audit trail names people
  std::string token;    // of the first step; "" in the first step
  std::string machine;  // repeated in the second step
  Timestamp now;
};

struct WriteView {
  std::string machine;
  bool enabled = false;  // by the connection and the signal
  std::optional<double> low;
  std::optional<double> high;
  std::uint32_t interval_ms = 0;
  Confirm confirm = Confirm::kNone;
  std::optional<PendingWrite> pending;
};

// Threads: any but the loop's, once the loop runs; calls wait for the disk and for the loop.
// Errors of every change besides those named: of the store and the historian (kDiskFull, kIoError,
// kStorePoisoned); nothing is changed then.
class Registry {
 public:
  // The newest samples of tags: what a restart left out is fetched from where they end. May block.
  using Newest =
      std::function<std::vector<std::optional<Sample>>(TenantId, std::span<const TagId>)>;
  // Loads the connections of `tenants` and starts them. Before the loop runs, on its thread. A
  // stored connection that this version cannot read is left out and named in the log, not lost.
  // Everything borrowed must outlive the registry.
  static Result<std::unique_ptr<Registry>> open(sys::EventLoop& loop, ConnectionManager& manager,
                                                records::Documents& documents, TagDirectory& tags,
                                                sys::Random& random,
                                                std::span<const TenantId> tenants,
                                                const Newest& newest = {});

  // Asked before there are more connections than before, with how many there would be; an error
  // refuses them. Set before the object is shared.
  using Room = std::function<Status(TenantId tenant, std::size_t connections)>;
  void ask_for_room(Room room) { room_ = std::move(room); }

  // While the loop runs: takes the connections of a tenant out of service, keeping them stored; and
  // loads and starts them again. For a tenant without any neither is needed.
  void stop(TenantId tenant);
  Status start(TenantId tenant);

  // In order of id.
  std::vector<RegisteredConnection> list(TenantId tenant) const;
  // The same without states, and without waiting for the loop.
  std::vector<ConnectionConfig> configs(TenantId tenant) const;
  // Has grown after every change of a connection.
  std::uint64_t changes() const { return changes_; }
  // Errors: kNotFound.
  Result<RegisteredConnection> get(TenantId tenant, std::uint32_t id) const;
  Result<std::vector<ConnectionEvent>> events(TenantId tenant, std::uint32_t id) const;

  // Errors: kInvalidArgument, kTypeMismatch (a path has another type), kConflict (the name is
  // taken).
  Result<RegisteredConnection> add(TenantId tenant, ConnectionConfig config);
  // Replaces all of it. Errors: as add, and kNotFound.
  Result<RegisteredConnection> replace(TenantId tenant, std::uint32_t id, ConnectionConfig config);
  Status remove(TenantId tenant, std::uint32_t id);

  // Every connection and signal as a table, see connect/table.h.
  std::string table(TenantId tenant) const;
  // Does what the table says, all of it or, if anything is wrong with it, nothing: then the plan
  // has errors. `dry_run`: never anything. What was before is kept for undo, until the next import.
  Result<TablePlan> import_table(TenantId tenant, std::string_view text,
                                 const ImportOptions& options);
  // Of the last import that can be undone.
  Result<std::optional<LastImport>> last_import(TenantId tenant) const;
  // Puts back what was before the last import; tags that it made and their history stay.
  // Errors: kNotFound (nothing to undo), kConflict naming a connection that has changed since.
  Result<LastImport> undo_import(TenantId tenant);

  // Carries a write out, or keeps it for its second step where the signal wants one.
  // Errors: as ConnectionManager::write and WriteDesk::confirm.
  using WriteAnswer = std::variant<WriteOutcome, PendingWrite>;
  Result<WriteAnswer> write(WriteOrder order);
  // The parts of it. The first step alone; kUnsupported where a single step is enough.
  Result<PendingWrite> ask_write(WriteOrder order);
  // The check of the second step; whoever passes goes on with carry_out.
  Status confirm_write(const WriteOrder& order);
  Result<WriteOutcome> carry_out(WriteOrder order);
  // What a person has to know before a write. Errors: kNotFound: no connection has this tag.
  Result<WriteView> write_view(TenantId tenant, TagId tag, Timestamp now) const;
  // The methods of a connection, and which of them wait for their second step.
  struct MethodsView {
    std::string machine;
    bool enabled = false;
    std::vector<MethodView> methods;
    std::map<std::string, PendingWrite> pending;  // by method
  };
  Result<MethodsView> methods(TenantId tenant, std::uint32_t id, Timestamp now);
  // As write. Errors: as ConnectionManager::call and WriteDesk::confirm.
  using CallAnswer = std::variant<MethodOutcome, PendingWrite>;
  Result<CallAnswer> call(CallOrder order);
  // Gives up a write that waits. Errors: kNotFound.
  Status drop_write(TenantId tenant, const WriteTarget& target) {
    return desk_.drop(tenant, target);
  }
  TestReport test(TestRequest request);
  Result<ScanReport> scan(ScanRequest request);
  // As the manager's. Errors: kNotFound.
  Status backfill(TenantId tenant, std::uint32_t id, const BackfillRequest& request);
  Result<std::optional<BackfillStatus>> backfill_status(TenantId tenant, std::uint32_t id) const;
  Status cancel_backfill(TenantId tenant, std::uint32_t id);
  Result<BrowseReport> browse(BrowseRequest request);

 private:
  struct Entry {
    ConnectionId runtime;  // the manager's
    std::int64_t version = 0;
    ConnectionConfig config;
    std::vector<TagId> tags;
  };
  using Key = std::pair<TenantId, std::uint32_t>;

  Registry(sys::EventLoop& loop, ConnectionManager& manager, records::Documents& documents,
           TagDirectory& tags, sys::Random& random)
      : loop_(loop), manager_(manager), documents_(documents), tags_(tags), desk_(random) {}
  enum class Loop : std::uint8_t { kStandsStill, kRuns };
  Status load(TenantId tenant, Loop loop);
  // Nothing is named twice. Errors: kConflict, saying who has the name.
  Status check_names(TenantId tenant, const ConnectionConfig& config,
                     const std::set<std::uint32_t>& except) const;
  Result<ConnectionId> runtime_of(TenantId tenant, std::uint32_t id) const;
  // By id. mutex_ held.
  std::map<std::uint32_t, ConnectionConfig> configs_of(TenantId tenant) const;
  Status apply(TenantId tenant, std::span<const TableChange> changes, const ImportOptions& options);
  std::string import_note(std::span<const TableChange> changes, const ImportOptions& options) const;
  Result<std::uint32_t> untouched(TenantId tenant, const Json& one) const;
  Result<std::vector<TableChange>> changes_back(TenantId tenant, const Json& note) const;
  std::int64_t version_of(TenantId tenant, std::uint32_t id) const;
  // Brings memory and the manager to what was stored; without a config: it was removed.
  struct Settled {
    std::uint32_t id = 0;
    std::int64_t version = 0;
    std::optional<ConnectionConfig> config;
    std::vector<TagId> tags;
  };
  Status settle(TenantId tenant, std::vector<Settled> all);
  Status settle_one(TenantId tenant, Settled one);
  Status put(TenantId tenant, const Entry& entry);
  Status check_room(TenantId tenant, std::size_t more) const;
  RegisteredConnection view(std::uint32_t id, const Entry& entry,
                            const std::optional<ConnectionStatus>& status) const;

  sys::EventLoop& loop_;
  ConnectionManager& manager_;
  records::Documents& documents_;
  TagDirectory& tags_;
  WriteDesk desk_;
  Room room_;
  Newest newest_;
  mutable std::mutex mutex_;  // guards what follows, and orders changes
  std::map<Key, Entry> entries_;
  std::uint32_t next_runtime_ = 1;
  std::atomic<std::uint64_t> changes_ = 0;
};

}  // namespace lineshaft::connect
