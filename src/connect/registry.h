// connect/registry.h: the connections of every organisation, kept across restarts: makes their
// tags, stores them, and hands them to the manager that runs them.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "connect/manager.h"
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

// Threads: any but the loop's, once the loop runs; calls wait for the disk and for the loop.
// Errors of every change besides those named: of the store and the historian (kDiskFull, kIoError,
// kStorePoisoned); nothing is changed then.
class Registry {
 public:
  // Loads the connections of `tenants` and starts them. Before the loop runs, on its thread. A
  // stored connection that this version cannot read is left out and named in the log, not lost.
  // Everything borrowed must outlive the registry.
  static Result<std::unique_ptr<Registry>> open(sys::EventLoop& loop, ConnectionManager& manager,
                                                records::Documents& documents, TagDirectory& tags,
                                                std::span<const TenantId> tenants);

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

  Result<WriteOutcome> write(TenantId tenant, TagId tag, Value value);
  TestReport test(TestRequest request);
  Result<std::vector<ScanHit>> scan(ScanRequest request);

 private:
  struct Entry {
    ConnectionId runtime;  // the manager's
    std::int64_t version = 0;
    ConnectionConfig config;
    std::vector<TagId> tags;
  };
  using Key = std::pair<TenantId, std::uint32_t>;

  Registry(sys::EventLoop& loop, ConnectionManager& manager, records::Documents& documents,
           TagDirectory& tags)
      : loop_(loop), manager_(manager), documents_(documents), tags_(tags) {}
  Status load(TenantId tenant);
  Status check_name(TenantId tenant, const std::string& name, std::uint32_t except) const;
  Status put(TenantId tenant, const Entry& entry);
  RegisteredConnection view(std::uint32_t id, const Entry& entry,
                            const std::optional<ConnectionStatus>& status) const;

  sys::EventLoop& loop_;
  ConnectionManager& manager_;
  records::Documents& documents_;
  TagDirectory& tags_;
  mutable std::mutex mutex_;  // guards what follows, and orders changes
  std::map<Key, Entry> entries_;
  std::uint32_t next_runtime_ = 1;
  std::atomic<std::uint64_t> changes_ = 0;
};

}  // namespace lineshaft::connect
