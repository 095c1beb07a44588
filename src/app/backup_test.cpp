// A whole data directory is copied while the server's stores are open, and made anew of the copy.
#include "app/backup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "app/one_signal_fixture.h"
#include "records/documents.h"

namespace lineshaft::app {
namespace {

const historian::BackupProgress kGoOn = [](std::uint64_t, std::uint64_t) { return true; };

struct Folder {
  Folder() : path(testing::TempDir() + "lineshaft-backup-XXXXXX") {
    LS_ASSERT(mkdtemp(path.data()) != nullptr);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

// The stores of a server in a data directory.
struct Stores {
  explicit Stores(const std::string& data) : directory(data) {
    std::filesystem::create_directories(data);
    historian::HistorianOptions options;
    options.directory = data + "/history";
    options.wal_segment_bytes = 64 * 1024;
    historian =
        historian::Historian::open(files, sys::real_clock(), sys::real_random(), options).value();
    ledger::LedgerOptions books;
    books.directory = data + "/ledger";
    books.segment_bytes = 64 * 1024;
    ledger = ledger::Ledger::open(files, sys::real_random(), sys::real_clock(), books).value();
    documents = records::Documents::open(
                    records::Database::open(files, {.path = data + "/records.db"}).value())
                    .value();
  }
  void put(std::int64_t time) { ASSERT_TRUE(put_sample(*historian, time).ok()); }
  std::size_t samples() { return count_samples(*historian); }
  std::size_t connections() { return documents->list(kTenant, "connection").value().size(); }
  // The number under which the ledger took it.
  std::uint64_t open_account(const std::string& name) {
    ledger::Journal journal;
    journal.kind = ledger::JournalKind::kOpenAccount;
    journal.key = name;
    journal.account = ledger::Account{name, "acme", Currency::parse("CNY").value()};
    return ledger->post(std::move(journal)).value().sequence.value;
  }
  BackupSource source() { return {files, sys::real_random(), *historian, *ledger, directory}; }

  sys::FileSystem& files = sys::real_file_system();
  std::string directory;
  std::unique_ptr<historian::Historian> historian;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<records::Documents> documents;
};

class BackupOfServer : public testing::Test {
 protected:
  BackupOfServer() {
    stores_->put(10);
    EXPECT_TRUE(stores_->documents->create(kTenant, "connection", "{}").ok());
    std::filesystem::create_directories(data_ + "/tls");
    std::ofstream(data_ + "/tls/key.pem") << "a key";
  }
  static std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // What restoring the copy says of its ledger; "" if nothing.
  std::string said_of_ledger() {
    std::filesystem::remove_all(fresh_);
    const auto report = restore(stores_->files, copy_, fresh_, kGoOn);
    EXPECT_TRUE(report.ok()) << report.error().text();
    EXPECT_LE(report->damages.size(), 1u);
    return report->damages.empty() ? "" : report->damages[0];
  }
  Status back_up_now(const std::string& to) {
    const auto report = back_up(stores_->source(), to, kGoOn);
    return report ? Status() : Status(report.error());
  }

  Folder folder_;
  const std::string data_ = folder_.path + "/data";
  const std::string copy_ = folder_.path + "/copy";
  const std::string fresh_ = folder_.path + "/fresh";
  std::unique_ptr<Stores> stores_ = std::make_unique<Stores>(data_);
};

TEST_F(BackupOfServer, MakesADataDirectoryOfTheCopy) {
  ASSERT_TRUE(back_up_now(copy_).ok());
  stores_->put(20);
  ASSERT_TRUE(back_up_now(copy_).ok());
  stores_->put(30);  // after it
  ASSERT_TRUE(restore(stores_->files, copy_, fresh_ + "/", kGoOn).ok());
  EXPECT_FALSE(std::filesystem::exists(fresh_ + ".restoring"));
  Stores restored(fresh_);
  EXPECT_EQ(restored.samples(), 2u);
  EXPECT_EQ(restored.connections(), 1u);
  EXPECT_EQ(text_of(fresh_ + "/tls/key.pem"), "a key");
  EXPECT_TRUE(restored.historian->recovery().damages.empty());
}

TEST_F(BackupOfServer, RestoresTheLedgerWithItsKey) {
  stores_->open_account("cash");
  ASSERT_TRUE(back_up_now(copy_).ok());
  stores_->open_account("bank");
  ASSERT_TRUE(back_up_now(copy_).ok());
  EXPECT_EQ(said_of_ledger(), "");
  Stores restored(fresh_);
  EXPECT_EQ(restored.ledger->root(), stores_->ledger->root());
  EXPECT_EQ(restored.ledger->key(), stores_->ledger->key());
  EXPECT_EQ(restored.ledger->read_only(), std::nullopt);
  EXPECT_EQ(restored.open_account("more"), 3u);
  const auto mode = std::filesystem::status(fresh_ + "/ledger/signing.key").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

// A settlement is posted first, and then kept with the number of its journal.
TEST_F(BackupOfServer, HoldsEveryJournalThatItsRecordsName) {
  std::atomic<bool> stop = false;
  std::thread worker([&] {
    for (int i = 0; !stop; ++i) {
      const std::uint64_t sequence = stores_->open_account("a" + std::to_string(i));
      EXPECT_TRUE(stores_->documents->create(kTenant, "run", std::to_string(sequence)).ok());
    }
  });
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(back_up_now(copy_).ok());
    EXPECT_EQ(said_of_ledger(), "");
    Stores restored(fresh_);
    for (const auto& run : restored.documents->list(kTenant, "run").value()) {
      EXPECT_LE(std::stoull(run.json), restored.ledger->last().value);
    }
  }
  stop = true;
  worker.join();
}

TEST_F(BackupOfServer, NamesALedgerThatIsNotWhatWasSigned) {
  for (const char* name : {"cash", "bank", "stock"}) stores_->open_account(name);
  ASSERT_TRUE(back_up_now(copy_).ok());
  Stores forged(folder_.path + "/forged");
  for (const char* name : {"cash", "bank", "mine"}) forged.open_account(name);
  const std::string segment = "/ledger/log/0000000000000001.wal";
  const auto overwrite = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy(forged.directory + segment, copy_ + segment, overwrite);
  EXPECT_NE(said_of_ledger().find("is another than the one that was signed"), std::string::npos);
  EXPECT_TRUE(Stores(fresh_).ledger->read_only().has_value()) << "nothing is posted on it";
  std::filesystem::remove(copy_ + segment);
  EXPECT_NE(said_of_ledger().find("entry 1 is missing"), std::string::npos);
  std::filesystem::copy(stores_->directory + segment, copy_ + segment);
  EXPECT_EQ(said_of_ledger(), "");
  std::filesystem::remove(copy_ + "/ledger/checkpoint");
  EXPECT_NE(said_of_ledger().find("entry 1 and what follows is not signed"), std::string::npos);
  std::filesystem::remove_all(copy_ + "/ledger");
  EXPECT_NE(said_of_ledger().find("ledger is missing"), std::string::npos);
}

TEST_F(BackupOfServer, RefusesPlacesThatAreNotForIt) {
  const auto refusal = [&](const std::string& to) { return back_up_now(to).error().id; };
  EXPECT_EQ(refusal("copy"), ErrorId::kInvalidArgument) << "relative to what?";
  EXPECT_EQ(refusal(data_), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(data_ + "/history/copy"), ErrorId::kInvalidArgument);
  EXPECT_EQ(refusal(folder_.path + "/none/../data/copy"), ErrorId::kInvalidArgument);
  std::filesystem::create_directories(copy_);
  std::ofstream(copy_ + "/letter.txt") << "mine";
  EXPECT_EQ(refusal(copy_), ErrorId::kConflict);
  EXPECT_EQ(text_of(copy_ + "/letter.txt"), "mine");
}

TEST_F(BackupOfServer, DoesNotOverwriteTheCopyOfAnotherServer) {
  Stores other(folder_.path + "/other");
  other.put(1);
  ASSERT_TRUE(back_up(other.source(), copy_, kGoOn).ok());
  for (int i = 0; i < 5; ++i) stores_->put(i);
  EXPECT_EQ(back_up_now(copy_).error().id, ErrorId::kConflict);
  ASSERT_TRUE(restore(stores_->files, copy_, fresh_, kGoOn).ok());
  EXPECT_EQ(Stores(fresh_).samples(), 1u);
}

TEST_F(BackupOfServer, RestoresOnlyIntoNothingAndOnlyABackup) {
  EXPECT_EQ(restore(stores_->files, data_, fresh_, kGoOn).error().id, ErrorId::kFileMissing);
  EXPECT_FALSE(std::filesystem::exists(fresh_));
  ASSERT_TRUE(back_up_now(copy_).ok());
  EXPECT_EQ(restore(stores_->files, copy_, data_, kGoOn).error().id, ErrorId::kConflict);
}

TEST_F(BackupOfServer, ARestoreThatWasStoppedLeavesNoDataDirectoryAndGoesOn) {
  ASSERT_TRUE(back_up_now(copy_).ok());
  const auto stopped = restore(stores_->files, copy_, fresh_,
                               [](std::uint64_t done, std::uint64_t) { return done == 0; });
  EXPECT_EQ(stopped.error().id, ErrorId::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(fresh_));
  ASSERT_TRUE(restore(stores_->files, copy_, fresh_, kGoOn).ok());
  EXPECT_EQ(Stores(fresh_).samples(), 1u);
}

TEST_F(BackupOfServer, RefusesDamagedRecords) {
  ASSERT_TRUE(back_up_now(copy_).ok());
  std::fstream(copy_ + "/records.db", std::ios::in | std::ios::out | std::ios::binary)
      << std::string(600, '\xff');
  EXPECT_EQ(restore(stores_->files, copy_, fresh_, kGoOn).error().code(), ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(fresh_));
}

TEST_F(BackupOfServer, RunsOneAtATimeAndTellsHowItWent) {
  BackupService service(stores_->source(), sys::real_clock());
  EXPECT_EQ(service.status().state, api::BackupState::kNone);
  EXPECT_EQ(service.start("copy").error().id, ErrorId::kInvalidArgument);
  const auto run = [&](const std::string& to) {
    EXPECT_TRUE(service.start(to).ok());
    while (service.status().state == api::BackupState::kRunning) std::this_thread::yield();
    return service.status();
  };
  const api::BackupStatus done = run(copy_);
  EXPECT_EQ(done.state, api::BackupState::kDone);
  EXPECT_EQ(done.files, 1u);
  EXPECT_EQ(done.files_copied, 1u);
  EXPECT_EQ(done.bytes_done, done.bytes_total);
  EXPECT_EQ(done.last_success, done.finished);
  std::ofstream(folder_.path + "/a file") << "x";
  const api::BackupStatus failed = run(folder_.path + "/a file");
  EXPECT_EQ(failed.state, api::BackupState::kFailed);
  EXPECT_TRUE(failed.error.has_value());
  EXPECT_EQ(failed.last_success, done.finished);
  const BackupService after_a_restart(stores_->source(), sys::real_clock());
  EXPECT_EQ(after_a_restart.status().last_success, done.finished);
  EXPECT_EQ(after_a_restart.status().state, api::BackupState::kNone);
  EXPECT_EQ(run(copy_).state, api::BackupState::kDone);
}

}  // namespace
}  // namespace lineshaft::app
