// intake/import_fixture.h: for tests: a historian and an import service in a directory of their
// own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "historian/historian.h"
#include "intake/import.h"

namespace lineshaft::intake {

inline constexpr TenantId kTenant{7};

class SettableClock final : public sys::Clock {
 public:
  Timestamp now() override { return now_; }
  Nanoseconds monotonic() override { return now_ - Timestamp{0}; }
  void advance(Nanoseconds time) { now_ = now_ + time; }

 private:
  Timestamp now_ = parse_timestamp("2026-11-24T08:00:00Z").value();
};

class ImportFixture : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "lineshaft-intake-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    start();
  }
  void TearDown() override {
    service_.reset();
    historian_.reset();
    std::filesystem::remove_all(root_);
  }

  // Also starts again what has been stopped.
  void start() {
    service_.reset();
    historian_.reset();
    historian::HistorianOptions options;
    options.directory = sys::join_path(root_, "historian");
    auto historian = historian::Historian::open(sys::real_file_system(), sys::real_clock(),
                                                sys::real_random(), options);
    ASSERT_TRUE(historian.ok()) << historian.error().text();
    historian_ = *std::move(historian);
    start_service(*historian_);
  }

  void start_service(SampleSink& sink) {
    service_.reset();
    ImportServiceOptions options{sys::real_file_system(), clock_, sink, *historian_, {}, spool()};
    options.type_of_tag = [this](TenantId tenant,
                                 std::string_view path) -> std::optional<ValueType> {
      const std::optional<Tag> tag = historian_->find_tag(tenant, path);
      return tag ? std::optional(tag->spec.type) : std::nullopt;
    };
    auto service = ImportService::open(std::move(options));
    ASSERT_TRUE(service.ok()) << service.error().text();
    service_ = *std::move(service);
  }

  std::string spool() const { return sys::join_path(root_, "imports"); }
  std::vector<std::string> spooled() const { return sys::real_file_system().list(spool()).value(); }

  Result<Import> upload(std::string_view content, const std::string& name = "line 1.csv",
                        const std::string& prefix = "mill/north") {
    const std::string path = service_->new_upload_path();
    std::ofstream(path, std::ios::binary) << content;
    return service_->create({kTenant, name, prefix, path});
  }
  Import uploaded(std::string_view content, const std::string& name = "line 1.csv") {
    Result<Import> import = upload(content, name);
    EXPECT_TRUE(import.ok()) << import.error().text();
    return import.ok() ? *import : Import{};
  }
  Import changed(const Import& import, const PlanChange& change) {
    Result<Import> after = service_->change(kTenant, import.id, change);
    EXPECT_TRUE(after.ok()) << after.error().text();
    return after.ok() ? *after : Import{};
  }
  // Commits, waits and answers how it ended.
  Import taken(const Import& import) {
    const Result<Import> running = service_->commit(kTenant, import.id);
    EXPECT_TRUE(running.ok()) << running.error().text();
    service_->wait_idle();
    return service_->get(kTenant, import.id).value();
  }

  // All samples of a tag as "time value quality", in order of time.
  std::vector<std::string> samples(const std::string& path) const {
    const std::optional<Tag> tag = historian_->find_tag(kTenant, path);
    if (!tag) return {"no tag " + path};
    std::vector<std::string> found;
    const Status read =
        historian_->scan(kTenant, tag->id, TimeRange{}, [&](std::span<const Sample> run) {
          for (const Sample& sample : run) {
            found.push_back(format_rfc3339(sample.time) + " " + to_text(sample.value) + " " +
                            quality_name(sample.quality));
          }
          return true;
        });
    EXPECT_TRUE(read.ok()) << read.error().text();
    return found;
  }
  ValueType type_of(const std::string& path) const {
    return historian_->find_tag(kTenant, path).value().spec.type;
  }

  std::string root_;
  SettableClock clock_;
  std::unique_ptr<historian::Historian> historian_;
  std::unique_ptr<ImportService> service_;
};

}  // namespace lineshaft::intake
