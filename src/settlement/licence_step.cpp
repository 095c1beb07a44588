#include "settlement/licence_step.h"

#include <algorithm>

#include "base/assert.h"
#include "settlement/exact.h"
#include "settlement/tax.h"

namespace lineshaft::settlement {
namespace {

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, why}; }

Int128 length(const TimeRange& range) { return Int128{range.to.ns} - range.from.ns; }

// What the contract's rule puts into a gap. Rounding point "estimate": to the nearest unit, ties to
// even.
std::optional<Int128> fill(const Gap& gap, GapRule rule, const LicenceBalance& opening) {
  if (rule == GapRule::kDeclared) return gap.declared;
  if (rule == GapRule::kHold || opening.measured_ns == 0) return std::nullopt;
  return multiply_divide(opening.measured, length(gap.range), opening.measured_ns,
                         Rounding::kHalfEven);
}

Status check_gaps(std::vector<const Gap*> gaps) {
  std::ranges::sort(gaps, {}, [](const Gap* gap) { return gap->range.from; });
  for (std::size_t i = 1; i < gaps.size(); ++i) {
    if (gaps[i]->range.from < gaps[i - 1]->range.to) {
      return refused("gaps " + gaps[i - 1]->id + " and " + gaps[i]->id + " overlap");
    }
  }
  return {};
}

class Step {
 public:
  Step(LicenceInput input, const LicenceBalance& opening, const TimeRange& period,
       std::span<const Stretch> stretches)
      : input_(std::move(input)),
        terms_(*input_.terms),
        opening_(opening),
        period_(period),
        stretches_(stretches),
        payment_by_stretch_(stretches.size()) {
    output_.closing = opening;
    LicenceResult& result = output_.result;
    result.licence = terms_.licence;
    result.version = terms_.version;
    result.asset = terms_.asset;
    result.payer = terms_.payer;
    result.lines = input_.lines;
    result.measured = input_.measured;
  }

  Result<LicenceOutput> settle() {
    for (const auto step : {&Step::fill_gaps, &Step::charge_royalty, &Step::charge_fees,
                            &Step::charge_milestones, &Step::charge_advances}) {
      if (Status done = (this->*step)(); !done) return done.error();
    }
    pay();
    return std::move(output_);
  }

 private:
  Status fill_gaps() {
    if (Status checked = check_gaps(input_.gaps); !checked) return checked;
    LicenceResult& result = output_.result;
    result.base = input_.measured;
    Int128 missing_ns = 0;
    for (const Gap* gap : input_.gaps) {
      missing_ns += length(gap->range);
      result.gaps.push_back({gap->id, fill(*gap, terms_.gaps, opening_)});
      if (!result.gaps.back().value) {
        held_gap_ = held_gap_ == nullptr ? gap : held_gap_;
        continue;
      }
      const Int128 value = *result.gaps.back().value;
      if (!is_amount(value)) return too_large("gap " + gap->id);
      result.base += value;
      add_to(input_.base_by_stretch, cut_by_time(value, gap->range, stretches_));
    }
    if (!is_amount(result.base)) return too_large("the base");
    const Int128 measured_ns = length(period_) - missing_ns;
    if (measured_ns > 0) {
      output_.closing.measured = input_.measured;
      output_.closing.measured_ns = measured_ns;
    }
    if (terms_.base_is_money()) result.vat = contained_vat(result.base, terms_.vat);
    result.base -= result.vat;
    return {};
  }

  Status charge_royalty() {
    LicenceResult& result = output_.result;
    const Result<Charge> charged =
        charge(terms_.tiers, terms_.limits, opening_.totals, result.base, period_.to);
    if (!charged) return charged.error();
    result.charge = *charged;
    output_.closing.totals = charged->closing;
    return {};
  }

  void add_at(Timestamp at, Int128 amount) {
    payment_by_stretch_[stretch_at(stretches_, at)] += amount;
  }

  Status charge_fees() {
    for (const Fee& fee : terms_.fees) {
      if (!period_.contains(fee.due)) continue;
      output_.result.fees += fee.amount;
      add_at(fee.due, fee.amount);
    }
    return {};
  }

  Status charge_milestones() {
    std::vector<std::string>& charged = output_.closing.milestones;
    for (const Reached* reached : input_.reached) {
      const auto milestone =
          std::ranges::find(terms_.milestones, reached->milestone, &Milestone::id);
      LS_ASSERT(milestone != terms_.milestones.end());
      const auto place = std::ranges::lower_bound(charged, milestone->id);
      if (place != charged.end() && *place == milestone->id) {
        return refused("milestone " + milestone->id + " was charged before");
      }
      charged.insert(place, milestone->id);
      output_.result.milestones += milestone->amount;
      add_at(reached->at, milestone->amount);
    }
    return {};
  }

  // An advance that is due now already counts against the royalty of this period.
  Status charge_advances() {
    LicenceResult& result = output_.result;
    for (const Advance& advance : terms_.advances) {
      if (!period_.contains(advance.due)) continue;
      result.advances += advance.amount;
      add_at(advance.due, advance.amount);
      if (advance.recoupable) output_.closing.advance += advance.amount;
    }
    result.advance_recouped = std::min(result.charge.due, output_.closing.advance);
    output_.closing.advance -= result.advance_recouped;
    const Int128 royalty = result.charge.due - result.advance_recouped;
    add_to(payment_by_stretch_, cut_by_weight(royalty, input_.base_by_stretch, stretches_));
    result.payment = royalty + result.fees + result.milestones + result.advances;
    if (!is_amount(result.payment) || !is_amount(output_.closing.advance)) {
      return too_large("the payment");
    }
    return {};
  }

  void pay() {
    LicenceResult& result = output_.result;
    result.withheld = withheld(result.payment, terms_.withholding);
    const Int128 net = result.payment - result.withheld;
    result.receipts = net;
    for (const Hold* hold : input_.holds) {
      keep(hold->id, hold->fraction.of(result.receipts, Rounding::kFloor).value_or(0));
    }
    if (held_gap_ != nullptr) keep(held_gap_->id, result.receipts);
    if (net > 0) {
      output_.gross =
          multiply_divide(result.payment, result.receipts, net, Rounding::kFloor).value_or(0);
    }
    output_.receipts_by_stretch = cut_by_weight(result.receipts, payment_by_stretch_, stretches_);
  }

  void keep(const std::string& hold, Int128 amount) {
    if (amount == 0) return;
    output_.result.held.push_back({hold, amount});
    output_.result.receipts -= amount;
  }

  LicenceInput input_;
  const Terms& terms_;
  const LicenceBalance& opening_;
  const TimeRange period_;
  std::span<const Stretch> stretches_;
  std::vector<Int128> payment_by_stretch_;
  const Gap* held_gap_ = nullptr;  // the first that nothing fills
  LicenceOutput output_;
};

}  // namespace

Result<Int128> value_of(const UsageLine& line, const Terms& terms) {
  if (!is_amount(line.value)) {
    return refused("line " + line.id + ": the value is negative (post a reversal), or too large");
  }
  if (!terms.unit_price) return line.value;
  const std::optional<Int128> value = terms.unit_price->of(line.value, Rounding::kHalfEven);
  if (!value || !is_amount(*value)) return too_large("line " + line.id);
  return *value;
}

Result<LicenceOutput> settle_licence(LicenceInput input, const LicenceBalance& opening,
                                     const TimeRange& period, std::span<const Stretch> stretches) {
  const std::string licence = input.terms->licence;
  Result<LicenceOutput> output = Step(std::move(input), opening, period, stretches).settle();
  if (output) return output;
  return Error{output.error().id, "licence " + licence + ": " + output.error().what};
}

}  // namespace lineshaft::settlement
