// Tags that get new paths together: one record of the log, so that all of them move or none.
#include <future>
#include <utility>

#include "historian/store.h"

namespace lineshaft::historian {
namespace {

bool is_at_or_below(std::string_view path, std::string_view level) {
  return path.starts_with(level) && (path.size() == level.size() || path[level.size()] == '/');
}

}  // namespace

Result<std::uint64_t> Store::move_tags(TenantId tenant, const std::string& from,
                                       const std::string& to) {
  const std::lock_guard one_at_a_time(tags_mutex_);
  Result<PathList> paths = paths_after_move(tenant, from, to);
  if (!paths) return paths.error();
  const std::uint64_t count = paths->size();
  if (from == to) return count;
  if (Status kept = commit_paths(*std::move(paths)); !kept) return kept.error();
  return count;
}

// Requires: tags_mutex_ is held.
Result<PathList> Store::paths_after_move(TenantId tenant, const std::string& from,
                                         const std::string& to) const {
  if (from.empty() || from.ends_with('/')) {
    return Error{ErrorId::kInvalidArgument, "from: must be the path of a tag or a level"};
  }
  PathList paths(tenant);
  Status allowed;
  const std::shared_lock lock(mutex_);
  catalogue_.visit_below(tenant, from, [&](TagId id, const std::string& path) {
    if (!allowed) return;
    const std::string moved = to + path.substr(from.size());
    allowed = check_tag_path(moved);
    const bool is_taken =
        catalogue_.id_of(tenant, moved) != TagId{} && !is_at_or_below(moved, from);
    if (is_taken) allowed = Error{ErrorId::kConflict, "to: " + moved + " is taken"};
    paths.add(id, moved);
  });
  if (!allowed) return allowed.error();
  if (paths.size() == 0) return Error{ErrorId::kNotFound, "no tag is at or below " + from};
  return paths;
}

Status Store::commit_paths(PathList paths) {
  Bytes record = paths.record();
  if (record.size() > record_bytes_max()) {
    return Error{ErrorId::kInvalidArgument, "from: has too many tags for one step; move parts"};
  }
  const auto kept = std::make_shared<PathList>(std::move(paths));
  return commit_to_catalogue(kPathsRecord, std::move(record), [this, kept] {
    catalogue_.rename(*kept);
    ++path_changes_;
  });
}

// Durable first, then visible: `change` is made under the lock.
Status Store::commit_to_catalogue(std::uint8_t type, Bytes record, std::function<void()> change) {
  if (poisoned_) return Error{ErrorId::kStorePoisoned, "a sync failed before"};
  const auto outcome = std::make_shared<std::promise<Status>>();
  log_->append(type, std::move(record),
               [this, outcome, change = std::move(change)](const Result<wal::Lsn>& lsn, Bytes) {
                 if (lsn) {
                   const std::unique_lock lock(mutex_);
                   change();
                   catalogue_changed_ = true;
                   applied_ = *lsn;
                 }
                 const Status status = lsn ? Status() : Status(lsn.error());
                 note_outcome(status, log_full_);
                 outcome->set_value(status);
               });
  return outcome->get_future().get();
}

}  // namespace lineshaft::historian
