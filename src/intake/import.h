// intake/import.h: takes tables of measurements from files: look first, correct the plan, commit.
//
// An uploaded file lies in a spool directory. Analysis reads all of it and keeps nothing; commit
// makes the tags and hands the samples to the sink. Formats and rules: docs/reference/csv.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intake/plan.h"
#include "model/sample.h"
#include "model/tag.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::intake {

inline constexpr std::size_t kRefusedListed = 1'000;
inline constexpr std::size_t kPreviewRows = 20;
// An upload that nobody committed is forgotten after this time.
inline constexpr Nanoseconds kUploadKept = std::chrono::hours(24);

struct RefusedRow {
  std::uint64_t line = 0;  // from 1, as editors count
  std::string column;      // name, or empty when the row as a whole is wrong
  std::string problem;     // a sentence without a full stop
  friend bool operator==(const RefusedRow&, const RefusedRow&) = default;
};

// What an analysis found: a full pass over the file under one plan.
struct Report {
  std::uint64_t rows = 0;  // of data: without header and blank lines; transposed: lines
  std::uint64_t rows_good = 0;
  std::uint64_t rows_refused = 0;
  std::vector<RefusedRow> refused;  // the first kRefusedListed
  std::uint64_t samples = 0;        // in the good rows; empty cells are not samples
  // Samples of `samples` at a time that an earlier row already gave to the same tag (wide: to the
  // table). The later row wins.
  std::uint64_t duplicates = 0;
  std::optional<Timestamp> first_time;
  std::optional<Timestamp> last_time;
  // First the column names with "time" in front, then rows as understood.
  std::vector<std::vector<std::string>> preview;
  std::vector<std::string> notes;  // what was guessed or decided, and why: sentences
  std::vector<std::string> needs;  // plan fields to give before commit: "time.start"
};

enum class ImportState : std::uint8_t {
  kAnalysed,
  kRunning,
  kDone,
  kFailed,       // see error; may be committed again
  kInterrupted,  // the server stopped meanwhile; may be committed again
};
std::string_view state_name(ImportState state);  // "analysed", ...

struct Progress {
  std::uint64_t rows = 0;
  std::uint64_t samples = 0;  // durable
  std::uint64_t rows_per_second = 0;
};

struct Import {
  std::uint64_t id = 0;
  TenantId tenant;
  std::string name;    // of the file, as the person knows it
  std::string prefix;  // of the proposed tag paths: "organisation/site"
  Timestamp created;
  ImportState state = ImportState::kAnalysed;
  Plan plan;
  Report report;
  std::optional<Progress> progress;  // since the commit
  std::optional<Error> error;
};

// Ports and places. `files`, `clock`, `sink`, `tags` must outlive the service.
struct ImportServiceOptions {
  sys::FileSystem& files;
  sys::Clock& clock;
  SampleSink& sink;
  TagDirectory& tags;
  // The type of an existing tag, so that a file proposes what the tag has. May be empty.
  std::function<std::optional<ValueType>(TenantId, std::string_view path)> type_of_tag;
  std::string directory;  // the spool; its own, made if missing
  std::string zoneinfo = "/usr/share/zoneinfo";
};

class ImportService {
 public:
  // Reads the spool: an import that was running becomes kInterrupted, uploads without a finished
  // analysis and imports older than kUploadKept are removed. Errors: kIoError, kDiskFull.
  static Result<std::unique_ptr<ImportService>> open(ImportServiceOptions options);
  // Stops a running commit after the batches under way; it can be committed again after a restart.
  virtual ~ImportService() = default;

  // A path inside the spool where a server may write an upload. Cost: none; no file is made.
  virtual std::string new_upload_path() = 0;

  struct Upload {
    TenantId tenant;
    std::string name;    // file name; only its last part counts
    std::string prefix;  // 1 to 10 levels; proposed paths are prefix/file/column
    std::string path;    // where the content lies; inside the spool; the service owns it from here
  };
  // Analyses an upload and answers the import in state kAnalysed. After an error nothing is kept.
  // Blocks for the length of the file (see bench): call it from a worker thread. Errors:
  // kImportUnreadable: not a table at all; kInvalidArgument: prefix; kIoError, kDiskFull.
  virtual Result<Import> create(Upload upload) = 0;

  // Errors of the rest: kNotFound for an id that is not there or belongs to another tenant.
  virtual Result<Import> get(TenantId tenant, std::uint64_t id) const = 0;
  virtual std::vector<Import> list(TenantId tenant) const = 0;  // newest first

  // Changes the plan and analyses again (blocks, as create). Changing how the file is read
  // (encoding, delimiter, header, layout, time column...) proposes the columns anew before the
  // changes to columns apply. Errors: kInvalidArgument naming the field; kConflict while running or
  // done; kImportUnreadable, and then the plan is as before.
  virtual Result<Import> change(TenantId tenant, std::uint64_t id, const PlanChange& change) = 0;

  // Starts writing on the service's thread and answers state kRunning; get() shows the rest. After
  // a stop or a failure it may be called again: the same samples overwrite themselves. Errors:
  // kImportHasRefused: rows are refused and plan.skip_refused is not set; kImportIncomplete:
  // report.needs is not empty; kConflict: running or done.
  virtual Result<Import> commit(TenantId tenant, std::uint64_t id) = 0;

  // Errors: kConflict while running.
  virtual Status forget(TenantId tenant, std::uint64_t id) = 0;

  // Blocks until nothing runs. For the command line's end and tests.
  virtual void wait_idle() = 0;
};

}  // namespace lineshaft::intake
