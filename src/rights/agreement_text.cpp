// The sentences of the standard clauses, in both languages, and the models to start from.
#include <array>

#include "rights/agreement.h"

namespace lineshaft::rights {
namespace {

constexpr std::array<std::string_view, 9> kStandard{
    "parties", "term", "results", "background", "publication", "exit", "consent", "money", "law"};

// One of two texts.
struct Words {
  const char* english;
  const char* chinese;
};

// Writes in the language of one agreement.
class Writer {
 public:
  explicit Writer(const Agreement& agreement)
      : agreement_(agreement), terms_(agreement.terms), zh_(is_chinese(agreement)) {}

  std::vector<Clause> clauses() const {
    return {
        clause("parties", {"Parties", "当事人"}, parties()),
        clause("term", {"Term", "期限"}, term()),
        clause("results", {"Who owns the results", "成果归属"}, results()),
        clause("background", {"Access to background", "背景知识产权的使用"}, background()),
        clause("publication", {"Publication", "发表"}, publication()),
        clause("exit", {"Leaving the project", "退出"}, exit()),
        clause("consent", {"Changing shares", "份额变更"}, consent()),
        clause("money", {"Currency", "币种"}, money()),
        clause("law", {"Law", "适用法律"}, law()),
    };
  }

 private:
  static bool is_chinese(const Agreement& agreement) {
    return agreement.language == Language::kChinese;
  }
  const char* say(const Words& words) const { return zh_ ? words.chinese : words.english; }
  Clause clause(std::string_view id, const Words& title, std::string text) const {
    return {std::string(id), say(title), std::move(text)};
  }
  std::string name(std::string_view party) const {
    for (const Side& side : agreement_.sides) {
      if (side.party == party) return called(side);
    }
    return std::string(party);
  }
  std::string called(const Side& side) const {
    return side.name + (zh_ ? "（" : " (") + side.party + (zh_ ? "）" : ")");
  }
  std::string days(std::int64_t count) const {
    return std::to_string(count) + (zh_ ? " 天" : count == 1 ? " day" : " days");
  }
  std::string list(const std::vector<std::string>& entries) const {
    std::string text;
    for (const std::string& entry : entries)
      text += (text.empty() ? "" : say({", ", "、"})) + entry;
    return text;
  }

  std::string parties() const {
    std::vector<std::string> entries;
    for (const Side& side : agreement_.sides) {
      entries.push_back(called(side) + say({", weight ", "，权重 "}) + std::to_string(side.weight));
    }
    std::string text = say({"The parties are: ", "当事人为："});
    for (std::size_t i = 0; i < entries.size(); ++i) {
      text += (i == 0 ? "" : say({"; ", "；"})) + entries[i];
    }
    return text + say({".", "。"});
  }

  std::string term() const {
    const std::string from = day_text(agreement_.from);
    if (!agreement_.to) {
      return say({"The agreement runs from ", "本协议自 "}) + from +
             say({" on, without an end.", " 起有效，无固定期限。"});
    }
    const std::string last = day_text(*agreement_.to - std::chrono::days(1));
    return say({"The agreement runs from ", "本协议自 "}) + from + say({" to ", " 起至 "}) + last +
           say({", both included.", " 止（含首尾两日）有效。"});
  }

  std::string results() const {
    switch (terms_.owner) {
      case ResultsOwner::kContributor:
        return say(
            {"A result belongs to the party whose people made it. What people of several "
             "parties made together belongs to these parties in proportion to what each "
             "contributed, and is entered in the register in these shares.",
             "成果归其完成人所属的当事人所有。由多方人员共同完成的成果，"
             "按各方贡献的比例归各方共有，并按该份额登记。"});
      case ResultsOwner::kJoint:
        return say(
            {"Every result belongs to all parties jointly, in the proportion of the weights "
             "in the clause Parties.",
             "全部成果由各方按“当事人”条款所列权重的比例共有。"});
      case ResultsOwner::kCentre:
        break;
    }
    return say({"Every result belongs to ", "全部成果归 "}) + name(terms_.centre) +
           say({". ", " 所有。"}) + licence_back();
  }

  std::string licence_back() const {
    if (terms_.licence_back == LicenceBack::kNone) {
      return say({"The other parties have no licence unless one is agreed.",
                  "除另有约定外，其他各方不享有许可。"});
    }
    const bool exclusive = terms_.licence_back == LicenceBack::kExclusive;
    if (terms_.fields.empty()) {
      return exclusive ? say({"The other parties have an exclusive licence in every field of use.",
                              "其他各方在所有使用领域享有独占许可。"})
                       : say({"The other parties have an ordinary licence in every field of use.",
                              "其他各方在所有使用领域享有普通许可。"});
    }
    return (exclusive ? say({"The other parties have an exclusive licence in these fields of use: ",
                             "其他各方在下列使用领域享有独占许可："})
                      : say({"The other parties have an ordinary licence in these fields of use: ",
                             "其他各方在下列使用领域享有普通许可："})) +
           list(terms_.fields) +
           say({". Outside of them the owner is free.", "。在此之外，所有人可自由使用。"});
  }

  std::string background() const {
    const auto access = [this](BackgroundAccess how) {
      switch (how) {
        case BackgroundAccess::kNone:
          return say({"not open to the other parties", "不向其他各方开放"});
        case BackgroundAccess::kFair:
          return say({"open to the other parties on fair and reasonable terms",
                      "按公平合理的条件向其他各方开放"});
        case BackgroundAccess::kRoyaltyFree:
          break;
      }
      return say({"open to the other parties free of charge", "免费向其他各方开放"});
    };
    return say({"Background stays with who brought it. What a party has declared for the project "
                "is, within the restrictions declared with it: for the work of the project ",
                "背景知识产权仍归提供方所有。当事人为项目申报的背景知识产权，"
                "在其申报的限制范围内：为开展项目工作，"}) +
           std::string(access(terms_.for_project)) +
           say({"; where it is needed to use the results ", "；为使用成果所必需的，"}) +
           access(terms_.for_use) + say({".", "。"});
  }

  std::string publication() const {
    if (terms_.publication_days == 0) {
      return say({"A party may publish its results without asking.", "各方可自行发表其成果。"});
    }
    return say({"Who wants to publish results shows the text to the other parties ",
                "拟发表成果的一方应提前 "}) +
           days(terms_.publication_days) +
           say({" before. In this time a party may ask that what is to be protected be filed "
                "first, "
                "or that its confidential knowledge be left out.",
                "将文本交其他各方审阅。在此期间，任何一方可要求先就需要保护的内容提出申请，"
                "或者删去其保密信息。"});
  }

  std::string exit() const {
    return say({"A party leaves by telling all others ", "当事人可提前 "}) +
           days(terms_.exit_days) + say({" before. ", "通知其他各方后退出。"}) +
           (terms_.exit_keeps_access
                ? say({"The access rights that it gave and got until then stay.",
                       "退出前已授予和取得的使用权继续有效。"})
                : say({"The access rights that it got end with that day; those that it gave stay.",
                       "其已取得的使用权自退出之日起终止；其已授予的使用权继续有效。"}));
  }

  std::string consent() const {
    if (terms_.consent == ConsentRule::kAll) {
      return say({"The shares in a result are changed with the consent of all parties only.",
                  "成果份额的变更须经全体当事人同意。"});
    }
    return say({"The shares in a result are changed with the consent of parties that together have "
                "more than ",
                "成果份额的变更须经合计权重超过全部权重 "}) +
           terms_.more_than.text() +
           say({" of all weights in the clause Parties.", " 的当事人同意（权重见“当事人”条款）。"});
  }

  std::string money() const {
    return say({"Amounts under this agreement are in ", "本协议项下的金额以 "}) + terms_.currency +
           say({".", " 计。"});
  }

  std::string law() const {
    std::string text = say({"The law of ", "适用 "}) + terms_.law +
                       say({" (ISO 3166-1) applies.", "（ISO 3166-1）法律。"});
    if (!terms_.forum.empty()) {
      text += say({" Disputes go to: ", "争议提交："}) + terms_.forum + say({".", "。"});
    }
    return text;
  }

  const Agreement& agreement_;
  const AgreementTerms& terms_;
  bool zh_;
};

}  // namespace

std::span<const std::string_view> standard_clauses() { return kStandard; }

void write_standard_clauses(Agreement& agreement) {
  std::vector<Clause> clauses = Writer(agreement).clauses();
  clauses.insert(clauses.end(), agreement.clauses.begin(), agreement.clauses.end());
  agreement.clauses = std::move(clauses);
}

std::vector<AgreementModel> agreement_models() {
  // The client has the field it paid for, the institute everything else, as Fraunhofer's contracts.
  AgreementTerms centre;
  centre.owner = ResultsOwner::kCentre;
  centre.licence_back = LicenceBack::kExclusive;
  centre.publication_days = 60;
  centre.exit_days = 90;
  // Everybody who took part owns by weight; changes need most of the weights.
  AgreementTerms joint;
  joint.owner = ResultsOwner::kJoint;
  joint.for_use = BackgroundAccess::kRoyaltyFree;
  joint.publication_days = 45;
  joint.exit_days = 180;
  joint.consent = ConsentRule::kMajority;
  joint.more_than = Ratio::make(2, 3).value();
  // Results belong to who made them, background free for the work and fair for use; 45 days to
  // object to a publication: the words of Horizon Europe and DESCA.
  AgreementTerms horizon;
  horizon.publication_days = 45;
  horizon.exit_days = 30;
  horizon.currency = "EUR";
  horizon.law = "BE";
  return {
      {"centre-owns", "The centre owns, the firm has its field", "中心所有，企业享有本领域许可",
       centre},
      {"joint", "Jointly owned, by weight", "按权重共有", joint},
      {"contributor", "Each owns what it made (as Horizon Europe and DESCA)",
       "谁完成归谁所有（参照欧盟 Horizon 与 DESCA）", horizon},
  };
}

}  // namespace lineshaft::rights
