// A rule pack that is taken gives deadlines within the calendar and fees that are not negative, for
// a case that has all of its events.
#include <cstdint>

#include "base/assert.h"
#include "docket/fees.h"

using namespace lineshaft;

namespace {

docket::Case case_of(const docket::RulePack& pack) {
  docket::Case item;
  item.office = pack.office;
  item.kind = pack.kinds.front();
  Day day = Day{std::chrono::year{2020} / 2 / 29};
  for (const auto& event : pack.events) {
    item.events.push_back({event.id, day, 3});
    day += std::chrono::days(1);
  }
  for (const auto& reduction : pack.reductions) item.reductions.push_back(reduction.id);
  item.counts = {{"claims", docket::kCountMax}};
  return item;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(docket::read_calendar("calendar", text));
  const docket::PackFile files[] = {
      {"pack", text},
      {"calendar-weekends", "id = \"weekends\"\ntitle = \"Weekends\"\n"},
      {"calendar-cn", "id = \"cn\"\ntitle = \"Weekends\"\n"}};
  const Result<docket::RuleBook> book = docket::RuleBook::read(files);
  if (!book) return 0;
  const docket::Case item = case_of(book->packs().front());
  const auto deadlines = docket::deadlines_of(*book, item, Day{std::chrono::year{2300} / 1 / 1});
  LS_ASSERT(deadlines.ok());
  for (const docket::Deadline& deadline : *deadlines) {
    LS_ASSERT(deadline.due >= kDayMin && deadline.due <= kDayMax);
    LS_ASSERT(deadline.rule->kind != docket::RuleKind::kTask || deadline.due >= deadline.legal);
    for (const int days : {0, 45, 400}) {
      const auto payment =
          docket::payment_on(item, deadline, deadline.due + std::chrono::days(days));
      LS_ASSERT(payment.surcharge.minor_units >= 0);
      for (const docket::FeeItem& fee : payment.items) {
        LS_ASSERT(fee.amount.minor_units >= 0 && fee.amount.minor_units <= fee.full.minor_units);
      }
    }
  }
  return 0;
}
