// Bad days: full disks, killed processes, crowds; and that nothing is told to who guesses.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "identity/hash_gate.h"
#include "identity/identity_fixture.h"

namespace {
std::atomic<bool> disk_is_full = false;
std::atomic<int> verifications = 0;
std::atomic<int> verifying = 0;
std::atomic<int> verifying_max = 0;
std::atomic<bool> hold_verifications = false;
std::string verified_parameters;
}  // namespace

// The program's own symbol comes before the library's: counts, then does the same.
extern "C" int crypto_pwhash_str_verify(const char* hash, const char* password,
                                        unsigned long long bytes) {
  using Verify = int (*)(const char*, const char*, unsigned long long);
  static const auto real = reinterpret_cast<Verify>(dlsym(RTLD_NEXT, "crypto_pwhash_str_verify"));
  ++verifications;
  const int now = ++verifying;
  int most = verifying_max;
  while (now > most && !verifying_max.compare_exchange_weak(most, now)) {
  }
  if (verified_parameters.empty()) verified_parameters = std::string(hash).substr(0, 30);
  while (hold_verifications) std::this_thread::yield();
  const int result = real(hash, password, bytes);
  --verifying;
  return result;
}

namespace lineshaft::identity {
namespace {

ssize_t full_disk_write(int file, const void* data, size_t bytes, off_t offset) {
  if (disk_is_full) {
    errno = ENOSPC;
    return -1;
  }
  return pwrite(file, data, bytes, offset);
}

class Trouble : public IdentityFixture {
 protected:
  Trouble() {
    sqlite3_vfs* files = sqlite3_vfs_find(nullptr);
    for (const char* call : {"pwrite", "pwrite64"}) {
      files->xSetSystemCall(files, call, reinterpret_cast<sqlite3_syscall_ptr>(full_disk_write));
    }
  }
  ~Trouble() override {
    disk_is_full = false;
    identity_.reset();
    sqlite3_vfs* files = sqlite3_vfs_find(nullptr);
    files->xSetSystemCall(files, nullptr, nullptr);
  }
};

TEST_F(Trouble, AFullDiskDoesNotKeepPeopleFromLooking) {
  const NewSession ann = claim();
  const Principal admin = ann.session.principal;
  disk_is_full = true;
  EXPECT_TRUE(signed_in(ann.cookie));
  const Result<NewSession> during = sign_in(kAnn, kAnnPassword);
  ASSERT_TRUE(during.ok()) << during.error().text();
  EXPECT_TRUE(signed_in(during->cookie));
  EXPECT_FALSE(sign_in(kAnn, "wrong copper window").ok());
  EXPECT_EQ(identity_->append_audit(admin, "tag.write", "a/b", "1 -> 2").error().id,
            ErrorId::kDiskFull)
      << "what was asked for must not be done unseen";
  EXPECT_EQ(
      identity_->create_token(admin, {.name = "feed", .access = {}, .expires = {}}).error().id,
      ErrorId::kDiskFull);
  EXPECT_TRUE(identity_->list_tokens(admin)->empty());
  EXPECT_FALSE(identity_->sign_out(ann.cookie).ok());
  EXPECT_FALSE(signed_in(ann.cookie)) << "signing out works all the same";

  disk_is_full = false;
  ASSERT_TRUE(identity_->maintain().ok());
  EXPECT_THAT(audited_actions(admin),
              testing::ElementsAre("session.refuse", "session.begin", "server.claim"));
  reopen();
  EXPECT_TRUE(signed_in(during->cookie)) << "it was written when there was room";
  EXPECT_FALSE(signed_in(ann.cookie)) << "the sign-out was written when there was room";
}

TEST_F(Trouble, AFullDiskLetsNothingBeDoneThatCannotBeEntered) {
  const Principal admin = claim().session.principal;
  AuditTrail& trail = identity_->trail();
  disk_is_full = true;
  EXPECT_EQ(trail.append(admin, {.action = "tag.create", .object = "a"}).error().id,
            ErrorId::kDiskFull);
  EXPECT_EQ(trail.set_keep_months(admin, 24).error().id, ErrorId::kDiskFull);
  const AuditFeed feed{.kind = "syslog-tls", .host = "log.example", .port = 6514};
  EXPECT_EQ(trail.add_feed(admin, feed).error().id, ErrorId::kDiskFull);
  // What is refused either way is refused all the same, and entered when there is room.
  EXPECT_TRUE(trail.append_refusal(
      admin, {.action = "access.denied", .object = "a", .result = AuditResult::kRefused}));
  EXPECT_EQ(trail.search(admin, {}, 0, 10)->size(), 1U) << "reading goes on";
  EXPECT_TRUE(trail.checkpoint().ok());

  disk_is_full = false;
  EXPECT_EQ(trail.status(admin)->keep_months, kAuditMonthsDefault);
  EXPECT_TRUE(trail.list_feeds(admin)->empty());
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(identity_->maintain().ok());
    EXPECT_THAT(audited_actions(admin), testing::ElementsAre("access.denied", "server.claim"));
    EXPECT_EQ(identity_->trail().status(admin)->verified, 2U);
    EXPECT_EQ(identity_->trail().status(admin)->trouble, "") << "nothing of the failures is left";
    reopen();
  }
}

TEST_F(Trouble, OfRefusalsThatFindNoRoomForHoursTheLastAreCounted) {
  const Principal admin = claim().session.principal;
  const AuditEvent refused{.action = "access.denied", .result = AuditResult::kRefused};
  disk_is_full = true;
  for (int i = 0; i < 1'005; ++i) {
    clock_.pass(std::chrono::seconds(1));  // 60 a minute are entered
    EXPECT_TRUE(identity_->trail().append_refusal(admin, refused));
  }
  disk_is_full = false;
  ASSERT_TRUE(identity_->maintain().ok());
  const auto entries = identity_->trail().search(admin, {}, 0, 1'000).value();
  EXPECT_EQ(entries.front().id, 1U + 1'000U + 1U);
  EXPECT_EQ(entries.front().action, "audit.lose");
  EXPECT_EQ(entries.front().detail, "5 entries found no room on the disk");
  EXPECT_EQ(identity_->trail().status(admin)->trouble, "");
}

TEST_F(Trouble, AFullDiskLeavesAServerUnclaimedAndTheCodeGood) {
  const std::string code = identity_->issue_claim_code().value();
  disk_is_full = true;
  EXPECT_EQ(identity_->claim(claim_request(code)).error().id, ErrorId::kDiskFull);
  EXPECT_FALSE(identity_->claimed());
  disk_is_full = false;
  EXPECT_TRUE(identity_->claim(claim_request(code)).ok());
}

TEST_F(Trouble, AnUnknownAccountCostsTheSameHashAsAKnownOne) {
  claim();
  const auto hashes_of = [&](const std::string& email) {
    verifications = 0;
    verified_parameters.clear();
    EXPECT_EQ(sign_in(email, "wrong copper window").error().id, ErrorId::kSignInFailed);
    return std::to_string(verifications) + " x " + verified_parameters;
  };
  const std::string known = hashes_of(kAnn);
  EXPECT_EQ(known, "1 x $argon2id$v=19$m=19456,t=2,p=1");
  EXPECT_EQ(hashes_of("nobody@example.com"), known);
  EXPECT_EQ(hashes_of("not an address"), known);
}

TEST_F(Trouble, ACrowdAtTheDoorHashesTwoAtATimeAndTheRestIsToldToWait) {
  claim();
  verifying_max = 0;
  std::atomic<int> served = 0;
  std::atomic<int> busy = 0;
  std::vector<std::thread> crowd;
  for (int i = 0; i < 40; ++i) {
    crowd.emplace_back([&, i] {
      const auto number = std::to_string(i);
      const Error error =
          sign_in("user" + number + "@example.com", "wrong copper window", "10.0.0." + number)
              .error();
      (error.id == ErrorId::kSignInBusy ? busy : served) += 1;
    });
  }
  for (std::thread& each : crowd) each.join();
  EXPECT_LE(verifying_max, 2);
  EXPECT_GE(served, 34) << "two hash, 32 wait";
  EXPECT_EQ(served + busy, 40);
}

TEST_F(Trouble, BeingTurnedAwayByACrowdDoesNotCountAsAFailure) {
  claim();
  identity_.reset();
  identity_ = Identity::open(records::Database::open(sys::real_file_system(),
                                                     {.path = directory_.file("records.db")})
                                 .value(),
                             clock_, random_, {.hashes_at_once_max = 1, .hashes_waiting_max = 0})
                  .value();
  hold_verifications = true;
  verifying = 0;
  std::thread crowd([&] { EXPECT_FALSE(sign_in("user@example.com", "x", kElsewhere).ok()); });
  while (verifying == 0) std::this_thread::yield();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(sign_in(kAnn, kAnnPassword).error().id, ErrorId::kSignInBusy);
  }
  hold_verifications = false;
  crowd.join();
  EXPECT_TRUE(sign_in(kAnn, kAnnPassword).ok());
}

TEST(HashGate, TurnsAwayAtOnceWhenTooManyWait) {
  HashGate gate(1, 0);
  {
    const Result<HashGate::Pass> pass = gate.enter();
    ASSERT_TRUE(pass.ok());
    EXPECT_EQ(gate.enter().error().id, ErrorId::kSignInBusy);
  }
  EXPECT_TRUE(gate.enter().ok());
}

// For ThreadSanitizer, and for what must hold afterwards.
TEST_F(Trouble, ManyThreadsAtTheSameTimeLeaveAConsistentState) {
  const NewSession ann = claim();
  const Principal admin = ann.session.principal;
  const User bob = add_bob(admin);
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    // Six hours at most: a session that is not used ends after twelve, however long the rest takes.
    for (int i = 0; !done; ++i) {
      EXPECT_TRUE(identity_->find_session(ann.cookie).ok());
      if (i < 6 * 3600) clock_.pass(std::chrono::seconds(1));
    }
  });
  threads.emplace_back([&] {
    while (!done) {
      EXPECT_TRUE(identity_->maintain().ok());
      EXPECT_EQ(identity_->list_users(admin)->size(), 2U);
      EXPECT_TRUE(identity_->list_audit(admin, 0, 10).ok());
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 10; ++i) {
      const Result<NewSession> session = sign_in(kBob, kBobPassword);
      ASSERT_TRUE(session.ok()) << session.error().text();
      EXPECT_TRUE(identity_->sign_out(session->cookie).ok());
      EXPECT_FALSE(signed_in(session->cookie));
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 30; ++i) {
      const NewToken token =
          identity_->create_token(admin, {.name = "feed", .access = {}, .expires = {}}).value();
      EXPECT_TRUE(identity_->find_token(token.secret).ok());
      if (i % 2 == 0) {
        EXPECT_TRUE(identity_->revoke_token(admin, token.token.id).ok());
      }
      EXPECT_EQ(identity_->find_token(token.secret).ok(), i % 2 != 0);
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 20; ++i) {
      const Role role = i % 2 == 0 ? Role::kViewer : Role::kEngineer;
      EXPECT_TRUE(identity_->update_user(admin, bob.id, {.name = {}, .access = role}).ok());
    }
  });
  for (std::size_t i = 2; i < threads.size(); ++i) threads[i].join();
  done = true;
  for (std::size_t i = 0; i < 2; ++i) threads[i].join();
  reopen();
  EXPECT_EQ(identity_->list_tokens(admin)->size(), 15U);
  EXPECT_EQ(identity_->list_users(admin)->at(1).access, Role::kEngineer);
}

TEST_F(Trouble, TwoClaimsWithTheSameCodeMakeOneOrganisation) {
  const std::string code = identity_->issue_claim_code().value();
  std::atomic<int> made = 0;
  std::vector<std::thread> claims;
  for (int i = 0; i < 4; ++i) {
    claims.emplace_back([&, i] {
      ClaimRequest request = claim_request(code);
      request.email = "user" + std::to_string(i) + "@example.com";
      const Result<NewSession> session = identity_->claim(request);
      if (session) {
        ++made;
      } else {
        EXPECT_EQ(session.error().id, ErrorId::kAlreadyClaimed);
      }
    });
  }
  for (std::thread& each : claims) each.join();
  EXPECT_EQ(made, 1);
  reopen();
  EXPECT_TRUE(identity_->claimed());
}

// What a killed server had acknowledged: tokens made, and those of them revoked.
struct Acknowledged {
  std::array<char, 47> secret;  // "lsh_" and 43 characters
  char revoked;
};

[[noreturn]] void work_until_killed(Identity& identity, const Principal& admin, int out) {
  for (int i = 0;; ++i) {
    const NewToken token =
        identity.create_token(admin, {.name = "feed", .access = {}, .expires = {}}).value();
    Acknowledged news{.secret = {}, .revoked = 0};
    LS_ASSERT(token.secret.size() == news.secret.size());
    std::ranges::copy(token.secret, news.secret.begin());
    LS_ASSERT(write(out, &news, sizeof news) == sizeof news);
    if (i % 2 == 0) continue;
    LS_ASSERT(identity.revoke_token(admin, token.token.id).ok());
    news.revoked = 1;
    LS_ASSERT(write(out, &news, sizeof news) == sizeof news);
  }
}

TEST_F(Trouble, AKilledServerKeepsWhatItHadAcknowledged) {
  const Principal admin = claim().session.principal;
  for (int round = 0; round < 10; ++round) {
    identity_.reset();  // The database must be opened by the child alone.
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      // Other secrets in every round: the parent's generator does not move.
      for (int i = 0; i < round * 100; ++i) random_.next_u64();
      reopen();
      work_until_killed(*identity_, admin, ends[1]);
    }
    close(ends[1]);
    std::map<std::string, bool> revoked;
    Acknowledged news{};
    for (int i = 0; ::read(ends[0], &news, sizeof news) == sizeof news; ++i) {
      revoked[std::string(news.secret.begin(), news.secret.end())] = news.revoked != 0;
      if (i == round * 5 % 17 + 1) kill(child, SIGKILL);
    }
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    reopen();
    std::size_t wrong = 0;
    for (const auto& [secret, gone] : revoked) wrong += identity_->find_token(secret).ok() == gone;
    // The last one may have been revoked without a chance to say so.
    EXPECT_LE(wrong, 1U);
    EXPECT_GE(revoked.size(), 1U);
  }
}

}  // namespace
}  // namespace lineshaft::identity
