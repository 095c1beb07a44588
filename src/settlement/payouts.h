// settlement/payouts.h: who is paid what, what of it is held, and the legs of the journal (steps 8
// and 9 of the reference page). Only settle() uses it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settlement/statement.h"

namespace lineshaft::settlement {

class Payouts {
 public:
  // `holds`: of payees; ordered by id. Both outlive this object.
  Payouts(std::vector<const Hold*> holds, Balances& closing);

  // Of licences: moves to escrow at once.
  void keep(const std::string& hold, const std::string& licence, Int128 amount);

  // Adds to what the payee gets from this source; a hold on him takes its part.
  void pay(PartKind kind, const std::string& source, const std::string& payee, Int128 amount);

  // Takes what is held out of escrow. Requires: it is there.
  Escrow release(const std::string& hold);

  void leg(Account account, const std::string& party, Int128 amount);

  // Ordered by payee, and by kind and source in each; applies the holds.
  std::vector<Payout> take_payouts();
  // Asserts that all legs add up to 0.
  std::vector<Leg> take_journal();

 private:
  void to_escrow(const std::string& hold, const std::string& licence, const std::string& payee,
                 Int128 amount);
  void apply_holds(const std::string& payee, Part& part);

  std::vector<const Hold*> holds_;
  Balances& closing_;
  std::map<std::string, std::map<std::pair<PartKind, std::string>, Int128>> parts_;  // by payee
  std::map<std::pair<Account, std::string>, Int128> legs_;
};

}  // namespace lineshaft::settlement
