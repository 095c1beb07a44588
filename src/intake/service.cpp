#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "intake/change.h"
#include "intake/commit.h"
#include "intake/dry_run.h"
#include "intake/import.h"
#include "intake/spool.h"
#include "intake/state.h"
#include "intake/survey.h"
#include "sys/time_zone.h"
#include "sys/worker_pool.h"

namespace lineshaft::intake {
namespace {

constexpr std::size_t kQueuedMax = 1'000;
constexpr std::size_t kNameBytesMax = 255;

// The last part of a name, whichever system wrote it, fit for showing.
std::string shown_name(std::string_view name) {
  if (const std::size_t slash = name.find_last_of("/\\"); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  const std::string_view part = utf8_prefix(name, kNameBytesMax);
  if (part.empty() || !is_utf8(part) || has_control(part)) return "upload.csv";
  return std::string(part);
}

// Proposed paths have two levels more.
Status check_prefix(const std::string& prefix) {
  TagSpec spec;
  spec.path = prefix + "/file/column";
  Status good = check_tag_spec(spec);
  if (good) return good;
  return Error{ErrorId::kInvalidArgument,
               "prefix: must be 1 to 10 levels like organisation/site: " + good.error().what};
}

class Service final : public ImportService {
 public:
  Service(ImportServiceOptions options, Spool spool)
      : options_(std::move(options)), spool_(std::move(spool)) {}

  ~Service() override {
    stop_ = true;
    worker_.reset();
  }

  Status recover();

  std::string new_upload_path() override {
    const std::lock_guard lock(mutex_);
    return spool_.upload_path(++uploads_);
  }
  Result<Import> create(Upload upload) override;
  Result<Import> get(TenantId tenant, std::uint64_t id) const override;
  std::vector<Import> list(TenantId tenant) const override;
  Result<Import> change(TenantId tenant, std::uint64_t id, const PlanChange& change) override;
  Result<Import> commit(TenantId tenant, std::uint64_t id) override;
  Status forget(TenantId tenant, std::uint64_t id) override;
  void wait_idle() override {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  struct Entry {
    StoredImport stored;
    bool analysing = false;  // outside the lock; nobody else may touch the import meanwhile
  };

  // --- with the lock held ---
  Result<Entry*> find(TenantId tenant, std::uint64_t id);
  Result<Entry*> find_idle(TenantId tenant, std::uint64_t id);
  void forget_old();

  // --- without ---
  SurveyTask survey_task(const Import& import, const std::string& path, SurveyHints hints) const;
  Status analyse(StoredImport& stored, const std::string& path) const;
  Result<StoredImport> changed(StoredImport stored, const PlanChange& change) const;
  void run(std::uint64_t id);
  Status write_samples(const Import& import);
  void finish(std::uint64_t id, Status outcome);

  ImportServiceOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  Spool spool_;                             // guarded by mutex_, save for data_path
  std::map<std::uint64_t, Entry> imports_;  // guarded by mutex_
  std::uint64_t uploads_ = 0;               // guarded by mutex_
  std::size_t running_ = 0;                 // guarded by mutex_
  std::atomic<bool> stop_ = false;
  std::unique_ptr<sys::WorkerPool> worker_ = sys::make_worker_pool(1, kQueuedMax);
};

// --- the spool at the start ---

Status Service::recover() {
  Result<std::map<std::uint64_t, StoredImport>> found = spool_.load();
  if (!found.ok()) return std::move(found).error();
  for (auto& [id, stored] : *found) {
    if (stored.import.state == ImportState::kRunning) {
      stored.import.state = ImportState::kInterrupted;
      if (Status saved = spool_.save(stored); !saved) return saved;
    }
    imports_[id].stored = std::move(stored);
  }
  forget_old();
  return {};
}

void Service::forget_old() {
  const Timestamp now = options_.clock.now();
  for (auto entry = imports_.begin(); entry != imports_.end();) {
    const Import& import = entry->second.stored.import;
    const bool busy = entry->second.analysing || import.state == ImportState::kRunning;
    if (!busy && now - import.created > kUploadKept) {
      spool_.remove(import.id);
      entry = imports_.erase(entry);
    } else {
      ++entry;
    }
  }
}

// --- looking ---

SurveyTask Service::survey_task(const Import& import, const std::string& path,
                                SurveyHints hints) const {
  SurveyTask task{options_.files, path, import.name, import.prefix, std::move(hints), {}};
  if (options_.type_of_tag) {
    task.type_of_tag = [this, tenant = import.tenant](std::string_view tag) {
      return options_.type_of_tag(tenant, tag);
    };
  }
  return task;
}

// Under the plan as it stands.
Status Service::analyse(StoredImport& stored, const std::string& path) const {
  Import& import = stored.import;
  const Result<sys::TimeZone> zone =
      sys::load_time_zone(options_.files, options_.zoneinfo, import.plan.time.zone);
  if (!zone.ok()) return Error{zone.error().id, "time.zone: " + zone.error().what};
  Result<Report> report = dry_run(options_.files, path, import.plan, *zone);
  if (!report.ok()) return std::move(report).error();
  import.report = std::move(report).value();
  import.report.notes.insert(import.report.notes.begin(), stored.survey_notes.begin(),
                             stored.survey_notes.end());
  return {};
}

Result<Import> Service::create(Upload upload) {
  StoredImport stored;
  Import& import = stored.import;
  import.tenant = upload.tenant;
  import.name = shown_name(upload.name);
  import.prefix = std::move(upload.prefix);
  import.created = options_.clock.now();
  const auto look = [&]() -> Status {
    if (Status good = check_prefix(import.prefix); !good) return good;
    Result<Survey> found = survey(survey_task(import, upload.path, {}));
    if (!found.ok()) return std::move(found).error();
    import.plan = std::move(found->plan);
    stored.survey_notes = std::move(found->notes);
    return analyse(stored, upload.path);
  };
  if (Status looked = look(); !looked) {
    static_cast<void>(options_.files.remove(upload.path));
    return std::move(looked).error();
  }
  const std::lock_guard lock(mutex_);
  forget_old();
  const auto keep = [&]() -> Status {
    const Result<std::uint64_t> id = spool_.take_id();
    if (!id.ok()) return id.error();
    import.id = *id;
    if (Status adopted = spool_.adopt(upload.path, *id); !adopted) return adopted;
    return spool_.save(stored);
  };
  if (Status kept = keep(); !kept) {
    static_cast<void>(options_.files.remove(upload.path));
    if (import.id != 0) spool_.remove(import.id);
    return std::move(kept).error();
  }
  return (imports_[import.id] = {stored}).stored.import;
}

// --- correcting ---

Result<Service::Entry*> Service::find(TenantId tenant, std::uint64_t id) {
  const auto found = imports_.find(id);
  if (found == imports_.end() || found->second.stored.import.tenant != tenant) {
    return Error{ErrorId::kNotFound, "import " + std::to_string(id)};
  }
  return &found->second;
}

Result<Service::Entry*> Service::find_idle(TenantId tenant, std::uint64_t id) {
  Result<Entry*> entry = find(tenant, id);
  if (!entry.ok()) return entry;
  const std::string name = "import " + std::to_string(id);
  if ((*entry)->analysing) return Error{ErrorId::kConflict, name + " is being analysed"};
  const ImportState state = (*entry)->stored.import.state;
  if (state == ImportState::kRunning) return Error{ErrorId::kConflict, name + " is running"};
  return entry;
}

Result<StoredImport> Service::changed(StoredImport stored, const PlanChange& change) const {
  Import& import = stored.import;
  const std::string path = spool_.data_path(import.id);
  const PlanChange news = only_what_differs(import.plan, change);
  Plan proposed = import.plan;
  if (std::optional<SurveyHints> hints = hints_for(import.plan, news)) {
    Result<Survey> found = survey(survey_task(import, path, *std::move(hints)));
    if (!found.ok()) return std::move(found).error();
    proposed = std::move(found->plan);
    stored.survey_notes = std::move(found->notes);
  }
  Result<Plan> plan = changed_plan(import.plan, std::move(proposed), news);
  if (!plan.ok()) return std::move(plan).error();
  import.plan = std::move(plan).value();
  if (Status analysed = analyse(stored, path); !analysed) return std::move(analysed).error();
  return stored;
}

Result<Import> Service::change(TenantId tenant, std::uint64_t id, const PlanChange& change) {
  StoredImport before;
  {
    const std::lock_guard lock(mutex_);
    const Result<Entry*> entry = find_idle(tenant, id);
    if (!entry.ok()) return entry.error();
    if ((*entry)->stored.import.state == ImportState::kDone) {
      return Error{ErrorId::kConflict, "import " + std::to_string(id) + " is done"};
    }
    (*entry)->analysing = true;
    before = (*entry)->stored;
  }
  Result<StoredImport> after = changed(std::move(before), change);
  const std::lock_guard lock(mutex_);
  Entry& entry = imports_.at(id);
  entry.analysing = false;
  if (!after.ok()) return std::move(after).error();
  if (Status saved = spool_.save(*after); !saved) return std::move(saved).error();
  entry.stored = std::move(after).value();
  return entry.stored.import;
}

// --- taking ---

Result<Import> Service::commit(TenantId tenant, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const Result<Entry*> entry = find_idle(tenant, id);
  if (!entry.ok()) return entry.error();
  const Import& import = (*entry)->stored.import;
  if (import.state == ImportState::kDone) {
    return Error{ErrorId::kConflict, "import " + std::to_string(id) + " is done"};
  }
  if (!import.report.needs.empty()) {
    return Error{ErrorId::kImportIncomplete, "the plan needs " + import.report.needs.front()};
  }
  if (import.report.rows_refused > 0 && !import.plan.skip_refused) {
    return Error{ErrorId::kImportHasRefused, std::to_string(import.report.rows_refused) + " of " +
                                                 std::to_string(import.report.rows) +
                                                 " rows are refused"};
  }
  StoredImport running = (*entry)->stored;
  running.import.state = ImportState::kRunning;
  running.import.error.reset();
  if (Status saved = spool_.save(running); !saved) return std::move(saved).error();
  if (!worker_->try_run([this, id] { run(id); })) {
    static_cast<void>(spool_.save((*entry)->stored));
    return Error{ErrorId::kQueueFull, "too many imports wait; commit again later"};
  }
  ++running_;
  running.import.progress.emplace();
  (*entry)->stored = std::move(running);
  return (*entry)->stored.import;
}

void Service::run(std::uint64_t id) {
  Import import;
  {
    const std::lock_guard lock(mutex_);
    import = imports_.at(id).stored.import;
  }
  finish(id, write_samples(import));
}

Status Service::write_samples(const Import& import) {
  if (stop_) return Error{ErrorId::kCancelled, "the server stops"};
  Result<sys::TimeZone> zone =
      sys::load_time_zone(options_.files, options_.zoneinfo, import.plan.time.zone);
  if (!zone.ok()) return std::move(zone).error();
  const auto progress = [this, id = import.id](const Progress& now) {
    const std::lock_guard lock(mutex_);
    imports_.at(id).stored.import.progress = now;
  };
  return commit_file({options_, import.tenant, spool_.data_path(import.id), import.plan,
                      std::move(zone).value(), stop_, progress});
}

void Service::finish(std::uint64_t id, Status outcome) {
  const std::lock_guard lock(mutex_);
  StoredImport& stored = imports_.at(id).stored;
  Import& import = stored.import;
  const bool stopped = !outcome && outcome.error().id == ErrorId::kCancelled;
  if (!stopped) {  // else it stays "running" in the spool, which the next start reads as
                   // interrupted
    import.state = outcome ? ImportState::kDone : ImportState::kFailed;
    if (!outcome) import.error = outcome.error();
    // When this is lost in a crash, the import is interrupted; taking it again changes nothing.
    if (Status saved = spool_.save(stored); !saved) {
      log_warn("intake", "import " + std::to_string(id) + ": " + saved.error().text());
    } else if (outcome) {
      spool_.remove_data(id);
    }
    const std::string what = outcome
                                 ? "done, " + std::to_string(import.progress->samples) + " samples"
                                 : "failed: " + outcome.error().text();
    log(outcome ? LogLevel::kInfo : LogLevel::kError, "intake",
        "import " + std::to_string(id) + " " + what);
  }
  --running_;
  idle_.notify_all();
}

// --- the rest ---

Result<Import> Service::get(TenantId tenant, std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = imports_.find(id);
  if (found == imports_.end() || found->second.stored.import.tenant != tenant) {
    return Error{ErrorId::kNotFound, "import " + std::to_string(id)};
  }
  return found->second.stored.import;
}

std::vector<Import> Service::list(TenantId tenant) const {
  const std::lock_guard lock(mutex_);
  std::vector<Import> imports;
  for (auto entry = imports_.rbegin(); entry != imports_.rend(); ++entry) {
    const Import& import = entry->second.stored.import;
    if (import.tenant == tenant) imports.push_back(import);
  }
  return imports;
}

Status Service::forget(TenantId tenant, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const Result<Entry*> entry = find_idle(tenant, id);
  if (!entry.ok()) return entry.error();
  spool_.remove(id);
  imports_.erase(id);
  return {};
}

}  // namespace

Result<std::unique_ptr<ImportService>> ImportService::open(ImportServiceOptions options) {
  Result<Spool> spool = Spool::open(options.files, options.directory);
  if (!spool.ok()) return std::move(spool).error();
  auto service = std::make_unique<Service>(std::move(options), std::move(spool).value());
  if (Status recovered = service->recover(); !recovered) return std::move(recovered).error();
  return std::unique_ptr<ImportService>(std::move(service));
}

}  // namespace lineshaft::intake
