#include "tenancy/signups.h"

#include <array>
#include <utility>

namespace lineshaft::tenancy {
namespace {

constexpr std::array<std::string_view, 1> kSteps{
    // 1: the numbers of SignupState; times are nanoseconds since 1970.
    R"(CREATE TABLE signups (
         id INTEGER PRIMARY KEY AUTOINCREMENT, organisation TEXT NOT NULL, email TEXT NOT NULL,
         person TEXT NOT NULL, note TEXT NOT NULL, address TEXT NOT NULL, asked INTEGER NOT NULL,
         state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3), reason TEXT NOT NULL,
         decided_by TEXT NOT NULL, decided INTEGER) STRICT;
       CREATE UNIQUE INDEX signups_waiting ON signups (email) WHERE state = 1;)",
};

constexpr std::int64_t kWaiting = static_cast<std::int64_t>(SignupState::kWaiting);

}  // namespace

Result<std::unique_ptr<Signups>> Signups::open(std::unique_ptr<records::Database> database,
                                               sys::Clock& clock) {
  if (Status ready = database->migrate("tenancy.signups", kSteps); !ready) return ready.error();
  return std::unique_ptr<Signups>(new Signups(std::move(database), clock));
}

Status Signups::admit(const std::string& address) {
  const Nanoseconds now = clock_.monotonic();
  std::erase_if(asked_,
                [&](const auto& each) { return now - each.second.since >= kSignupsPeriod; });
  if (asked_.size() >= kSignupAddressesMax && !asked_.contains(address)) {
    return Error{ErrorId::kBusy, "too many sign up at this moment"};
  }
  Asked& asked = asked_.try_emplace(address, Asked{0, now}).first->second;
  if (asked.times < kSignupsPerAddress) {
    asked.times += 1;
    return {};
  }
  const auto wait = std::chrono::ceil<std::chrono::minutes>(asked.since + kSignupsPeriod - now);
  return Error{ErrorId::kTooManyAttempts,
               "try again in " + std::to_string(wait.count()) + " minutes"};
}

Result<std::size_t> Signups::count_waiting() {
  auto select = database_->prepare("SELECT count(*) FROM signups WHERE state = 1");
  if (!select) return std::move(select).error();
  const Result<bool> row = select->step();
  if (!row) return row.error();
  const auto count = static_cast<std::size_t>(select->int64(0));
  if (Status read = select->finish(); !read) return read.error();
  return count;
}

Status Signups::ask(Signup signup) {
  if (signup.note.size() > kSignupNoteBytesMax) {
    return Error{ErrorId::kInvalidArgument,
                 "note: at most " + std::to_string(kSignupNoteBytesMax) + " bytes"};
  }
  const std::lock_guard lock(mutex_);
  if (Status may = admit(signup.address); !may) return may;
  const Result<std::size_t> waiting = count_waiting();
  if (!waiting) return waiting.error();
  if (*waiting >= kSignupsWaitingMax) {
    return Error{ErrorId::kBusy, "as many sign-ups wait as are taken; try again in some days"};
  }
  return database_->run(
      "INSERT INTO signups (organisation, email, person, note, address, asked, state, reason, "
      "decided_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, '', '') "
      "ON CONFLICT (email) WHERE state = 1 DO UPDATE SET organisation = excluded.organisation, "
      "person = excluded.person, note = excluded.note, address = excluded.address, "
      "asked = excluded.asked",
      signup.organisation, signup.email, signup.person, signup.note, signup.address, clock_.now());
}

Result<std::vector<Signup>> Signups::list() {
  const std::lock_guard lock(mutex_);
  auto select = database_->prepare(
      "SELECT id, organisation, email, person, note, address, asked, state, reason, decided_by "
      "FROM signups ORDER BY state <> 1, id DESC");
  if (!select) return std::move(select).error();
  std::vector<Signup> all;
  for (;;) {
    const Result<bool> row = select->step();
    if (!row) return row.error();
    if (!*row) return all;
    const auto text = [&](int column) { return std::string(select->text(column)); };
    all.push_back({select->int64(0), text(1), text(2), text(3), text(4), text(5),
                   Timestamp{select->int64(6)}, static_cast<SignupState>(select->int64(7)), text(8),
                   text(9)});
  }
}

Result<Signup> Signups::waiting(std::int64_t id) {
  const auto all = list();
  if (!all) return all.error();
  for (const Signup& one : *all) {
    if (one.id != id) continue;
    if (one.state == SignupState::kWaiting) return one;
    return Error{ErrorId::kConflict, "it was decided already, by " + one.decided_by};
  }
  return Error{ErrorId::kNotFound, "there is no sign-up " + std::to_string(id)};
}

Status Signups::decide(std::int64_t id, SignupState state, const std::string& reason,
                       const std::string& by) {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.now();
  Status decided = database_->run(
      "UPDATE signups SET state = ?2, reason = ?3, decided_by = ?4, decided = ?5 "
      "WHERE id = ?1 AND state = ?6",
      id, static_cast<std::int64_t>(state), reason, by, now, kWaiting);
  if (!decided) return decided;
  if (database_->changed_rows() == 0) {
    return Error{ErrorId::kConflict, "sign-up " + std::to_string(id) + " does not wait any more"};
  }
  // Who was refused is not remembered for ever.
  return database_->run("DELETE FROM signups WHERE decided < ?1", now + -kSignupsKept);
}

}  // namespace lineshaft::tenancy
