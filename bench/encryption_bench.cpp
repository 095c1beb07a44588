// bench/encryption_bench.cpp: what encryption at rest costs: the history filled, merged and read
// whole, and journals posted to a ledger, each with files in the clear and enciphered, in turn.
//
//   encryption_bench DIRECTORY [--samples 20000000] [--rounds 3] [--seconds 3]
//
// DIRECTORY is made, and should lie on the disk that is to be measured. `samples` go into each
// history, `seconds` is how long journals are posted in batches of one size. Every answer is
// compared with what was sent. Prints the medians of the rounds, and a line of JSON.
#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "historian/historian.h"
#include "ledger/ledger.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "vault/sealed_files.h"
#include "vault/vault.h"

using namespace lineshaft;

namespace {

constexpr TenantId kTenant{1};
constexpr std::size_t kTags = 1'000;
constexpr std::size_t kOfEachTag = 10;  // in a batch
constexpr std::size_t kInFlight = 4;
constexpr std::uint32_t kAccounts = 1'000;
constexpr std::int64_t kStartNs = 1'700'000'000'000'000'000;

[[noreturn]] void fail(const std::string& what) {
  std::cerr << what << "\n";
  std::exit(1);
}
template <typename T>
T must(Result<T> result) {
  if (!result) fail(result.error().text());
  return *std::move(result);
}
void must(const Status& status) {
  if (!status) fail(status.error().text());
}

double now_s() { return static_cast<double>(sys::real_clock().monotonic().count()) / 1e9; }
double cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// The value of a tag at a time: a slow wave with two decimals, the same for everybody who asks.
double value_of(std::size_t tag, std::size_t at) {
  const std::size_t phase = (at + tag * 37) % 4'000;
  const std::size_t height = phase < 2'000 ? phase : 4'000 - phase;
  return static_cast<double>(height + (at * 2'654'435'761U >> 7U) % 8) / 100;
}

using Figures = std::map<std::string, double>;

// --- the history ---

class Filler {
 public:
  Filler(historian::Historian& historian, std::vector<TagId> tags)
      : historian_(historian), tags_(std::move(tags)) {}

  // Durable, and in files, when it returns.
  void fill(std::size_t samples) {
    for (std::size_t at = 0; at * kTags < samples; at += kOfEachTag) {
      send(at);
      send_again();
    }
    for (bool is_done = false; !is_done; send_again()) {
      std::unique_lock lock(mutex_);
      acknowledged_.wait(lock, [&] { return waiting_ == 0; });
      is_done = refused_.empty();
    }
    must(failed_);
    must(historian_.flush());
  }

 private:
  void send(std::size_t at) {
    SampleBatch batch{kTenant, sys::real_clock().now(), {}};
    batch.samples.reserve(kTags * kOfEachTag);
    for (std::size_t tag = 0; tag < kTags; ++tag) {
      for (std::size_t i = at; i < at + kOfEachTag; ++i) {
        const Timestamp time{kStartNs + static_cast<std::int64_t>(i) * 1'000'000'000};
        batch.samples.push_back({tags_[tag], time, quality::kGood, value_of(tag, i)});
      }
    }
    {
      std::unique_lock lock(mutex_);
      acknowledged_.wait(lock, [&] { return waiting_ < kInFlight; });
      ++waiting_;
    }
    historian_.append(std::move(batch), [this, at](Status status) {
      const std::lock_guard lock(mutex_);
      --waiting_;
      if (!status && status.error().id == ErrorId::kQueueFull) {
        refused_.push_back(at);
      } else if (!status) {
        failed_ = std::move(status);
      }
      acknowledged_.notify_one();
    });
  }
  // Files are written more slowly than samples come: repeated, as the contract asks.
  void send_again() {
    std::vector<std::size_t> again;
    {
      const std::lock_guard lock(mutex_);
      again.swap(refused_);
    }
    if (again.empty()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (const std::size_t at : again) send(at);
  }

  historian::Historian& historian_;
  const std::vector<TagId> tags_;
  std::mutex mutex_;
  std::condition_variable acknowledged_;
  std::size_t waiting_ = 0;
  std::vector<std::size_t> refused_;
  Status failed_;
};

std::unique_ptr<historian::Historian> open_history(sys::FileSystem& files,
                                                   const std::string& directory) {
  historian::HistorianOptions options;
  options.directory = directory;
  options.seal_after = Nanoseconds::max();  // when it is asked for
  return must(
      historian::Historian::open(files, sys::real_clock(), sys::real_random(), std::move(options)));
}

std::vector<TagId> tags_of(historian::Historian& historian) {
  std::vector<TagSpec> specs(kTags);
  for (std::size_t i = 0; i < kTags; ++i) specs[i].path = "bench/tag" + std::to_string(i);
  return must(historian.ensure_tags(kTenant, std::move(specs)));
}

// Every value of every tag, compared with what was sent.
void read_all(const historian::Historian& historian, const std::vector<TagId>& tags,
              std::size_t samples) {
  for (std::size_t tag = 0; tag < kTags; ++tag) {
    std::size_t at = 0;
    bool is_right = true;
    must(historian.scan_columns(kTenant, tags[tag], {}, [&](const historian::Columns& columns) {
      for (std::size_t i = 0; i < columns.size(); ++i, ++at) {
        is_right = is_right && same_bits(columns.value(i), Value(value_of(tag, at)));
      }
      return true;
    }));
    if (!is_right || at != samples / kTags) fail("tag " + std::to_string(tag) + " is not as sent");
  }
}

void measure_history(sys::FileSystem& files, const std::string& directory, std::size_t samples,
                     Figures& figures) {
  const auto count = static_cast<double>(samples);
  auto historian = open_history(files, directory);
  const std::vector<TagId> tags = tags_of(*historian);
  double began = now_s();
  double cpu = cpu_s();
  Filler(*historian, tags).fill(samples);
  figures["ingest, M samples/s"] = count / (now_s() - began) / 1e6;
  figures["ingest, ns of CPU a sample"] = (cpu_s() - cpu) / count * 1e9;
  began = now_s();
  must(historian->compact());
  figures["merge all, M samples/s"] = count / (now_s() - began) / 1e6;
  historian.reset();
  historian = open_history(files, directory);  // nothing is remembered of what was written
  began = now_s();
  cpu = cpu_s();
  read_all(*historian, tags, samples);
  figures["read all, M samples/s"] = count / (now_s() - began) / 1e6;
  figures["read all, ns of CPU a sample"] = (cpu_s() - cpu) / count * 1e9;
}

// --- the ledger ---

void must_all(const std::vector<Result<ledger::Receipt>>& answers) {
  for (const auto& answer : answers) {
    if (!answer) fail(answer.error().text());
  }
}

void measure_ledger(sys::FileSystem& files, const std::string& directory, double seconds,
                    Figures& figures) {
  ledger::LedgerOptions options;
  options.directory = directory;
  const auto open = [&] {
    return must(ledger::Ledger::open(files, sys::real_random(), sys::real_clock(), options));
  };
  auto books = open();
  std::vector<ledger::Journal> accounts;
  for (std::uint32_t i = 0; i < kAccounts; ++i) {
    ledger::Journal journal;
    journal.kind = ledger::JournalKind::kOpenAccount;
    journal.key = "open " + std::to_string(i);
    journal.account = ledger::Account{"account " + std::to_string(i), "acme", Currency(),
                                      ledger::AccountKind::kAsset, ledger::Constraint::kNone};
    accounts.push_back(std::move(journal));
  }
  must_all(books->post_each(std::move(accounts)));
  std::uint32_t next = 0;
  for (const std::size_t batch : {1U, 64U, 8'000U}) {
    std::uint64_t posted = 0;
    const double began = now_s();
    while (now_s() - began < seconds) {
      std::vector<ledger::Journal> journals(batch);
      for (ledger::Journal& journal : journals) {
        journal.key = "run/" + std::to_string(++next);
        journal.effective_day = 20'783;
        journal.legs = {{{1 + next % kAccounts}, 100}, {{1 + (next + 1) % kAccounts}, -100}};
      }
      must_all(books->post_each(std::move(journals)));
      posted += batch;
    }
    figures["journals/s, batches of " + std::to_string(batch)] =
        static_cast<double>(posted) / (now_s() - began);
  }
  const ledger::Sha256 root = books->root();
  const auto entries = static_cast<double>(books->last().value);
  books.reset();
  const double began = now_s();
  books = open();
  figures["start from the log, M journals/s"] = entries / (now_s() - began) / 1e6;
  if (books->root() != root) fail("the ledger came back as another");
}

// --- both ways ---

struct Options {
  std::string directory;
  std::size_t samples = 20'000'000;
  std::size_t rounds = 3;
  std::size_t seconds = 3;
};

bool parse(int argc, char** argv, Options& options) {
  if (argc < 2) return false;
  options.directory = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    const std::string_view text = argv[i + 1];
    std::size_t* const out = word == "--samples"   ? &options.samples
                             : word == "--rounds"  ? &options.rounds
                             : word == "--seconds" ? &options.seconds
                                                   : nullptr;
    const auto end = text.data() + text.size();
    if (out == nullptr || std::from_chars(text.data(), end, *out).ptr != end) return false;
  }
  options.samples -= options.samples % (kTags * kOfEachTag);
  return argc % 2 == 0 && options.samples > 0 && options.rounds > 0;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void print(const std::vector<Figures>& clear, const std::vector<Figures>& sealed) {
  std::printf("%-34s %12s %12s %9s\n", "median of the rounds", "in the clear", "enciphered",
              "changed");
  std::string json = "{\"encryption\": {";
  for (const auto& [name, unused] : clear.front()) {
    std::vector<double> before;
    std::vector<double> after;
    for (const Figures& figures : clear) before.push_back(figures.at(name));
    for (const Figures& figures : sealed) after.push_back(figures.at(name));
    const double change = 100 * (median(after) / median(before) - 1);
    std::printf("%-34s %12.2f %12.2f %+8.1f%%\n", name.c_str(), median(before), median(after),
                change);
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, "[%.3f, %.3f]", median(before), median(after));
    json += (json.ends_with('{') ? "\"" : ", \"") + name + "\": " + numbers;
  }
  std::printf("%s}}\n", json.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::cerr << "encryption_bench DIRECTORY [--samples 20000000] [--rounds 3] [--seconds 3]\n";
    return 2;
  }
  sys::FileSystem& files = sys::real_file_system();
  must(files.create_directories(options.directory));
  vault::MasterSettings master;
  master.file = options.directory + "/master.key";
  const auto keys = must(vault::Vault::open(
      {files, sys::real_clock(), sys::real_random(), options.directory}, master));
  vault::SealedFiles sealed(files, *keys, sys::real_random(), TenantId{},
                            vault::Cover::kEverything);
  std::vector<Figures> figures[2];
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (const bool is_sealed : {false, true}) {
      const std::string directory = options.directory + "/store";
      sys::FileSystem& below = is_sealed ? static_cast<sys::FileSystem&>(sealed) : files;
      must(below.create_directories(directory));
      Figures& found = figures[is_sealed ? 1 : 0].emplace_back();
      measure_history(below, directory + "/history", options.samples, found);
      measure_ledger(below, directory + "/ledger", static_cast<double>(options.seconds), found);
      if (must(vault::any_sealed(files, directory)) != is_sealed)
        fail("the files are not as meant");
      std::filesystem::remove_all(directory);
    }
  }
  print(figures[0], figures[1]);
  return 0;
}
