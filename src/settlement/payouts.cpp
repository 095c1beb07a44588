#include "settlement/payouts.h"

#include "base/assert.h"

namespace lineshaft::settlement {

Payouts::Payouts(std::vector<const Hold*> holds, Balances& closing)
    : holds_(std::move(holds)), closing_(closing) {}

void Payouts::keep(const std::string& hold, const std::string& licence, Int128 amount) {
  to_escrow(hold, licence, {}, amount);
}

void Payouts::pay(PartKind kind, const std::string& source, const std::string& payee,
                  Int128 amount) {
  if (amount != 0) parts_[payee][{kind, source}] += amount;
}

Escrow Payouts::release(const std::string& hold) {
  const auto found = closing_.escrow.find(hold);
  LS_ASSERT(found != closing_.escrow.end());
  Escrow escrow = std::move(found->second);
  closing_.escrow.erase(found);
  leg(Account::kEscrow, hold, escrow.amount);
  return escrow;
}

void Payouts::leg(Account account, const std::string& party, Int128 amount) {
  legs_[{account, party}] += amount;
}

void Payouts::to_escrow(const std::string& hold, const std::string& licence,
                        const std::string& payee, Int128 amount) {
  Escrow& escrow = closing_.escrow[hold];
  escrow.licence = licence;
  escrow.payee = payee;
  escrow.amount += amount;
  leg(Account::kEscrow, hold, -amount);
}

// What is released is no longer in dispute, and pools get back what they have paid.
void Payouts::apply_holds(const std::string& payee, Part& part) {
  if (part.kind != PartKind::kShare && part.kind != PartKind::kInventor) return;
  Int128 left = part.amount;
  for (const Hold* hold : holds_) {
    if (hold->payee != payee) continue;
    const Int128 held = hold->fraction.of(left, Rounding::kFloor).value_or(0);
    if (held == 0) continue;
    part.held.push_back({hold->id, held});
    to_escrow(hold->id, {}, payee, held);
    left -= held;
  }
}

std::vector<Payout> Payouts::take_payouts() {
  std::vector<Payout> payouts;
  for (const auto& [payee, parts] : parts_) {
    Payout payout{payee, 0, {}};
    for (const auto& [key, amount] : parts) {
      Part part{key.first, key.second, amount, {}};
      apply_holds(payee, part);
      payout.amount += amount;
      for (const HeldPart& held : part.held) payout.amount -= held.amount;
      payout.parts.push_back(std::move(part));
    }
    leg(Account::kPayable, payee, -payout.amount);
    payouts.push_back(std::move(payout));
  }
  parts_.clear();
  return payouts;
}

std::vector<Leg> Payouts::take_journal() {
  std::vector<Leg> journal;
  Int128 sum = 0;
  for (const auto& [key, amount] : legs_) {
    sum += amount;
    if (amount != 0) journal.push_back({key.first, key.second, amount});
  }
  LS_ASSERT(sum == 0);
  return journal;
}

}  // namespace lineshaft::settlement
