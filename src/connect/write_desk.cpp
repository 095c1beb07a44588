#include "connect/write_desk.h"

#include <array>
#include <utility>

#include "base/hex.h"

namespace lineshaft::connect {

namespace {

Error void_now(std::string why) {
  return {ErrorId::kConflict, std::move(why) + "; nothing is sent: ask for it anew"};
}

}  // namespace

Result<PendingWrite> WriteDesk::ask(TenantId tenant, const WriteTarget& target, PendingWrite ask,
                                    Timestamp now) {
  std::array<std::uint8_t, 8> lot{};
  random_.fill(lot);
  ask.token = hex_text(lot);
  ask.expires = now + (ask.second_person ? kSecondPersonWithin : kConfirmWithin);
  const std::lock_guard lock(mutex_);
  std::erase_if(pending_, [&](const auto& entry) { return entry.second.expires <= now; });
  if (pending_.size() >= kPendingWritesMax && !pending_.contains({tenant, target.key})) {
    return Error{ErrorId::kBusy, "too much waits to be confirmed"};
  }
  pending_[{tenant, target.key}] = ask;
  return ask;
}

Result<PendingWrite> WriteDesk::confirm(TenantId tenant, const WriteTarget& target,
                                        const std::string& token, const Value& value,
                                        const std::string& machine, const std::string& who,
                                        Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = pending_.find({tenant, target.key});
  if (found == pending_.end() || found->second.token != token) {
    return void_now(std::string("token: nothing of this ") + target.noun + " waits under it");
  }
  if (found->second.second_person && found->second.asked_by == who) {
    return Error{ErrorId::kDenied,
                 "this takes two people: somebody else has to confirm what " + who + " asked for"};
  }
  PendingWrite asked = std::move(found->second);
  pending_.erase(found);
  if (asked.expires <= now) return void_now("token: the time to confirm is over");
  if (asked.value != value) {
    return void_now("value: the first step asked for " + to_text(asked.value) + ", not for " +
                    to_text(value));
  }
  if (asked.machine != machine) {
    return void_now("machine: the first step was for '" + asked.machine + "'");
  }
  return asked;
}

std::optional<PendingWrite> WriteDesk::waiting(TenantId tenant, const WriteTarget& target,
                                               Timestamp now) const {
  const std::lock_guard lock(mutex_);
  const auto found = pending_.find({tenant, target.key});
  if (found == pending_.end() || found->second.expires <= now) return std::nullopt;
  return found->second;
}

Status WriteDesk::drop(TenantId tenant, const WriteTarget& target) {
  const std::lock_guard lock(mutex_);
  if (pending_.erase({tenant, target.key}) > 0) return {};
  return Error{ErrorId::kNotFound,
               std::string("nothing of this ") + target.noun + " waits to be confirmed"};
}

}  // namespace lineshaft::connect
