#include "settlement/difference.h"

#include <map>

namespace lineshaft::settlement {

std::vector<PayeeChange> changes(const Statement& before, const Statement& after) {
  std::map<std::string, PayeeChange> by_payee;
  for (const Payout& payout : before.payouts) by_payee[payout.payee].before = payout.amount;
  for (const Payout& payout : after.payouts) by_payee[payout.payee].after = payout.amount;
  std::vector<PayeeChange> all;
  for (auto& [payee, change] : by_payee) {
    change.payee = payee;
    all.push_back(std::move(change));
  }
  return all;
}

}  // namespace lineshaft::settlement
