// bench/ledger_bench.cpp: durable journals a second by size of the batch, beside SQLite that does
// the same without proofs; then proofs, export, verification and start with many journals.
//
//   ledger_bench DIRECTORY [ENTRIES]      ENTRIES: 10,000,000
//
// DIRECTORY is made, and should lie on the disk that is to be measured. Needs 5 GB for ten million.
#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "sys/clock.h"
#include "sys/file.h"

using namespace lineshaft;
using ledger::Journal;

namespace {

constexpr std::uint32_t kAccounts = 10'000;
constexpr int kSeconds = 5;

double seconds_since(Nanoseconds began) {
  return static_cast<double>((sys::real_clock().monotonic() - began).count()) / 1e9;
}

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

// Two different accounts and an amount.
struct Move {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::int64_t amount = 0;
};

class Moves {
 public:
  Move next() {
    Move move;
    move.from = static_cast<std::uint32_t>(1 + random_() % kAccounts);
    move.to = 1 + (move.from + static_cast<std::uint32_t>(random_() % (kAccounts - 1))) % kAccounts;
    move.amount = static_cast<std::int64_t>(1 + random_() % 100'000);
    return move;
  }
  std::string key() { return "run-2026-11/" + std::to_string(++keys_); }

 private:
  std::mt19937_64 random_{1};
  std::uint64_t keys_ = 0;
};

void print_rate(const char* who, std::size_t batch, std::uint64_t journals, double seconds) {
  std::printf("%-8s batches of %5zu  %10.0f journals/s durable\n", who, batch,
              static_cast<double>(journals) / seconds);
  std::fflush(stdout);
}

// --- ours ---

void open_accounts(ledger::Ledger& store) {
  std::vector<Journal> journals;
  for (std::uint32_t i = 0; i <= kAccounts; ++i) {
    Journal journal;
    journal.kind = ledger::JournalKind::kOpenAccount;
    journal.key = "open " + std::to_string(i);
    // Nobody may be overdrawn, but for the last, from which the others get something to move.
    const auto constraint =
        i < kAccounts ? ledger::Constraint::kCreditsWithinDebits : ledger::Constraint::kNone;
    journal.account = ledger::Account{"account " + std::to_string(i), "acme", Currency(),
                                      ledger::AccountKind::kAsset, constraint};
    journals.push_back(std::move(journal));
  }
  for (std::uint32_t i = 0; i < kAccounts; ++i) {
    Journal journal;
    journal.key = "fund " + std::to_string(i);
    journal.legs = {{{i + 1}, 1'000'000'000'000}, {{kAccounts + 1}, -1'000'000'000'000}};
    journals.push_back(std::move(journal));
  }
  for (const auto& answer : store.post_each(std::move(journals))) {
    if (!answer) fail(answer.error().text());
  }
}

Journal journal_of(Moves& moves) {
  const Move move = moves.next();
  Journal journal;
  journal.key = moves.key();
  journal.effective_day = 20'783;
  journal.legs = {{{move.to}, move.amount}, {{move.from}, -move.amount}};
  return journal;
}

// Until `entries` are in the ledger, or some seconds are over.
void post(ledger::Ledger& store, Moves& moves, std::size_t batch, std::uint64_t entries,
          double seconds_max) {
  std::uint64_t posted = 0;
  const Nanoseconds began = sys::real_clock().monotonic();
  while (store.last().value < entries && seconds_since(began) < seconds_max) {
    std::vector<Journal> journals;
    journals.reserve(batch);
    for (std::size_t i = 0; i < batch; ++i) journals.push_back(journal_of(moves));
    for (const auto& answer : store.post_each(std::move(journals))) {
      if (!answer) fail(answer.error().text());
    }
    posted += batch;
  }
  if (posted > 0) print_rate("ours", batch, posted, seconds_since(began));
}

void prove(ledger::Ledger& store) {
  constexpr std::size_t kProofs = 10'000;
  const std::uint64_t size = store.last().value;
  const ledger::Sha256 root = store.root();
  std::mt19937_64 random(2);
  std::vector<double> ms;
  for (std::size_t i = 0; i < kProofs; ++i) {
    const ledger::Sequence sequence{1 + random() % size};
    const Nanoseconds began = sys::real_clock().monotonic();
    const ledger::Proof proof = must(store.prove_inclusion(sequence, size));
    ms.push_back(seconds_since(began) * 1e3);
    if (i % 100 != 0) continue;
    const ledger::Sha256 leaf = must(store.journal(sequence, "")).leaf;
    if (!ledger::verify_inclusion(leaf, sequence.value - 1, size, proof, root)) {
      fail("a proof does not hold");
    }
  }
  std::sort(ms.begin(), ms.end());
  std::printf("inclusion proof among %lu: ms p50 %.3f p99 %.3f max %.3f\n", size, ms[kProofs / 2],
              ms[kProofs * 99 / 100], ms.back());
}

// --- the peer ---

class Sqlite {
 public:
  explicit Sqlite(const std::string& path) {
    if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) fail("sqlite does not open");
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK(balance >= "
        "0));"
        "CREATE TABLE journal(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, debit INTEGER NOT "
        "NULL,"
        " credit INTEGER NOT NULL, amount INTEGER NOT NULL, day INTEGER NOT NULL);");
    run("BEGIN");
    for (std::uint32_t i = 1; i <= kAccounts; ++i) {
      run("INSERT INTO account VALUES(" + std::to_string(i) + ", 1000000000000)");
    }
    run("COMMIT");
    insert_ = prepare("INSERT INTO journal(key, debit, credit, amount, day) VALUES(?, ?, ?, ?, ?)");
    update_ = prepare("UPDATE account SET balance = balance + ? WHERE id = ?");
  }
  ~Sqlite() {
    sqlite3_finalize(insert_);
    sqlite3_finalize(update_);
    sqlite3_close(database_);
  }

  void run(const std::string& sql) {
    if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      fail(sqlite3_errmsg(database_));
    }
  }
  void post(const std::string& key, const Move& move) {
    sqlite3_bind_text(insert_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert_, 2, move.to);
    sqlite3_bind_int64(insert_, 3, move.from);
    sqlite3_bind_int64(insert_, 4, move.amount);
    sqlite3_bind_int64(insert_, 5, 20'783);
    step(insert_);
    change(move.from, -move.amount);
    change(move.to, move.amount);
  }

 private:
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) {
      fail(sqlite3_errmsg(database_));
    }
    return statement;
  }
  void change(std::uint32_t account, std::int64_t amount) {
    sqlite3_bind_int64(update_, 1, amount);
    sqlite3_bind_int64(update_, 2, account);
    step(update_);
  }
  void step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_errmsg(database_));
    sqlite3_reset(statement);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_stmt* update_ = nullptr;
};

void post(Sqlite& database, Moves& moves, std::size_t batch) {
  std::uint64_t posted = 0;
  const Nanoseconds began = sys::real_clock().monotonic();
  while (seconds_since(began) < kSeconds) {
    database.run("BEGIN");
    for (std::size_t i = 0; i < batch; ++i) database.post(moves.key(), moves.next());
    database.run("COMMIT");
    posted += batch;
  }
  print_rate("sqlite", batch, posted, seconds_since(began));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) fail("ledger_bench DIRECTORY [ENTRIES]");
  const std::string directory = argv[1];
  const std::uint64_t entries = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000'000;
  sys::FileSystem& files = sys::real_file_system();
  must(files.create_directories(directory));
  ledger::LedgerOptions options;
  options.directory = directory + "/ledger";
  const auto open = [&] {
    return must(ledger::Ledger::open(files, sys::real_random(), sys::real_clock(), options));
  };
  auto store = open();
  open_accounts(*store);
  Moves moves;
  {
    Sqlite database(directory + "/sqlite.db");
    Moves sqlite_moves;
    for (const std::size_t batch : {1U, 64U, 8'000U}) {
      post(*store, moves, batch, entries, kSeconds);
      post(database, sqlite_moves, batch);
    }
  }
  post(*store, moves, 8'000, entries, 1e9);
  prove(*store);

  const std::string exported = directory + "/export";
  Nanoseconds began = sys::real_clock().monotonic();
  must(store->export_to(exported));
  std::printf("export of %lu entries: %.1f s\n", store->last().value, seconds_since(began));
  began = sys::real_clock().monotonic();
  const ledger::Verified verified = must(ledger::verify_export(files, exported, {}));
  std::printf("verify of %lu entries: %.1f s\n", verified.entries, seconds_since(began));

  began = sys::real_clock().monotonic();
  must(store->save_snapshot());
  std::printf("snapshot: %.2f s\n", seconds_since(began));
  const ledger::Sha256 root = store->root();
  store.reset();
  began = sys::real_clock().monotonic();
  store = open();
  std::printf("start from the snapshot: %.2f s\n", seconds_since(began));
  if (store->root() != root) fail("the ledger came back as another");
  store.reset();
  must(files.remove(options.directory + "/snapshot"));
  began = sys::real_clock().monotonic();
  store = open();
  std::printf("start from the log alone: %.1f s\n", seconds_since(began));
  if (store->root() != root) fail("the ledger came back as another");
  return 0;
}
