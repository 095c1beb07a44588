// An uploaded file, from the survey to the samples. A plan that a survey proposes must be a plan
// that works: it analyses without an error, every row is either good or refused, and as JSON it
// comes back equal and unchanged.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "intake/change.h"
#include "intake/dry_run.h"
#include "intake/import_json.h"
#include "intake/survey.h"
#include "sys/file.h"

namespace {

using namespace lineshaft;

Error read_only() { return {ErrorId::kUnsupported, "read only"}; }

class MemoryFile final : public sys::File {
 public:
  explicit MemoryFile(ByteSpan content) : content_(content) {}
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) override {
    if (offset >= content_.size()) return std::size_t{0};
    const std::size_t count = std::min(out.size(), content_.size() - std::size_t{offset});
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
    return count;
  }
  Result<std::uint64_t> size() override { return std::uint64_t{content_.size()}; }
  Status write_at(std::uint64_t, ByteSpan) override { return read_only(); }
  Status sync() override { return read_only(); }
  Status truncate(std::uint64_t) override { return read_only(); }
  Status allocate(std::uint64_t) override { return read_only(); }

 private:
  ByteSpan content_;
};

// One file, whatever its name.
class MemoryFiles final : public sys::FileSystem {
 public:
  explicit MemoryFiles(ByteSpan content) : content_(content) {}
  Result<std::unique_ptr<sys::File>> open(const std::string&, sys::OpenMode) override {
    return std::unique_ptr<sys::File>(std::make_unique<MemoryFile>(content_));
  }
  Status rename(const std::string&, const std::string&) override { return read_only(); }
  Status remove(const std::string&) override { return read_only(); }
  Status create_directories(const std::string&) override { return read_only(); }
  Status sync_directory(const std::string&) override { return read_only(); }
  Result<std::vector<std::string>> list(const std::string&) override { return read_only(); }
  bool exists(const std::string&) override { return true; }
  Result<std::uint64_t> free_bytes(const std::string&) override { return read_only(); }
  Result<std::uint64_t> total_bytes(const std::string&) override { return read_only(); }
  Result<std::unique_ptr<sys::DirectoryLock>> lock_directory(const std::string&) override {
    return read_only();
  }

 private:
  ByteSpan content_;
};

void check_json(const intake::Plan& plan) {
  const std::string text = intake::plan_to_json(plan);
  const Result<intake::Plan> back = intake::json_to_plan(text);
  LS_ASSERT(back.ok());
  LS_ASSERT(*back == plan);
  const auto change = intake::json_to_plan_change("{\"plan\":" + text + "}");
  LS_ASSERT(change.ok());
  LS_ASSERT(!intake::hints_for(plan, intake::only_what_differs(plan, *change)));
}

void look_at(sys::FileSystem& files, intake::SurveyHints hints) {
  const auto survey =
      intake::survey({files, "upload", "upload 2020.csv", "mill/north", std::move(hints), {}});
  if (!survey.ok()) return;
  check_json(survey->plan);
  const auto report = intake::dry_run(files, "upload", survey->plan, sys::TimeZone::fixed(3600));
  if (!report.ok()) {  // a table in which no column holds a value
    LS_ASSERT(report.error().id == ErrorId::kInvalidArgument);
    LS_ASSERT(report.error().what == "columns: none has the use value");
    return;
  }
  LS_ASSERT(report->rows == report->rows_good + report->rows_refused);
  LS_ASSERT(report->duplicates <= report->samples);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  MemoryFiles files({data + 1, size - 1});
  intake::SurveyHints hints;
  // The first byte asks for a layout and a decimal comma, as a person might.
  if (const unsigned layout = data[0] % 4; layout < 3) {
    hints.layout = static_cast<intake::Layout>(layout);
  }
  if ((data[0] & 4) != 0) hints.decimal = ',';
  look_at(files, std::move(hints));
  return 0;
}
