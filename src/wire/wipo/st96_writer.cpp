// Records to documents of WIPO ST.96: the elements that st96.cpp reads, in the order of the schema.
#include <algorithm>
#include <utility>

#include "wire/wipo/document.h"

namespace lineshaft::wipo {
namespace {

// What XML 1.0 cannot hold becomes a blank; the rest is escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_noncharacter =
        text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF";
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20)
      out += ' ';
    else if (is_noncharacter)
      i += 2;
    else
      out += c;
  }
  return out;
}

class Writer {
 public:
  void open(std::string_view name, std::string_view attributes = {}) {
    indent();
    out_ += "<" + std::string(name) + std::string(attributes) + ">\n";
    open_.emplace_back(name);
  }
  void close() {
    const std::string name = std::move(open_.back());
    open_.pop_back();
    indent();
    out_ += "</" + name + ">\n";
  }
  // Nothing for an empty text.
  void leaf(std::string_view name, std::string_view text, std::string_view attributes = {}) {
    if (text.empty()) return;
    indent();
    out_ += "<" + std::string(name) + std::string(attributes) + ">" + escaped(text) + "</" +
            std::string(name) + ">\n";
  }
  void leaf(std::string_view name, const std::optional<Day>& day) {
    if (day) leaf(name, day_text(*day));
  }
  std::string done() && { return std::move(out_); }

 private:
  void indent() { out_.append(open_.size() * 2, ' '); }

  std::string out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  std::vector<std::string> open_;
};

constexpr std::string_view kRoot =
    " xmlns:com=\"http://www.wipo.int/standards/XMLSchema/ST96/Common\" xmlns:";
constexpr std::string_view kVersion = " com:st96Version=\"V6_0\"";

std::string root_attributes(std::string_view prefix, std::string_view schema) {
  return std::string(kRoot) + std::string(prefix) +
         "=\"http://www.wipo.int/standards/XMLSchema/ST96/" + std::string(schema) + "\"" +
         std::string(kVersion);
}

std::string language(const Title& title) {
  return title.language.empty() ? "" : " com:languageCode=\"" + escaped(title.language) + "\"";
}

std::string sequence(std::size_t index) {
  return " com:sequenceNumber=\"" + std::to_string(index + 1) + "\"";
}

void write_application_number(Writer& xml, const RegisterRecord& record, bool has_office) {
  if (record.application_number.empty()) return;
  xml.open("com:ApplicationNumber");
  if (has_office) xml.leaf("com:IPOfficeCode", record.office);
  xml.leaf("com:ApplicationNumberText", record.application_number);
  xml.close();
}

void write_parties(Writer& xml, std::string_view prefix, std::string_view element,
                   const std::vector<std::string>& names) {
  if (names.empty()) return;
  const std::string name = std::string(prefix) + ":" + std::string(element);
  xml.open(name + "Bag");
  for (std::size_t i = 0; i < names.size(); ++i) {
    xml.open(name, sequence(i));
    xml.open("com:Contact");
    xml.open("com:Name");
    xml.leaf("com:EntityName", names[i]);
    xml.close();
    xml.close();
    xml.close();
  }
  xml.close();
}

// --- patents ---

void write_numbers(Writer& xml, const RegisterRecord& record) {
  if (!record.publication_number.empty() || !record.publication_kind.empty() || record.published) {
    xml.open("pat:PatentPublicationIdentification");
    xml.leaf("com:IPOfficeCode", record.office);
    xml.leaf("pat:PublicationNumber", record.publication_number);
    xml.leaf("com:PatentDocumentKindCode", record.publication_kind);
    xml.leaf("com:PublicationDate", record.published);
    xml.close();
  }
  xml.open("pat:ApplicationIdentification");
  xml.leaf("com:IPOfficeCode", record.office);
  write_application_number(xml, record, false);
  xml.leaf("pat:FilingDate", record.filed);
  xml.close();
  if (!record.grant_number.empty()) {
    xml.open("pat:PatentGrantIdentification");
    xml.leaf("com:IPOfficeCode", record.office);
    xml.leaf("pat:PatentNumber", record.grant_number);
    xml.leaf("pat:GrantDate", record.granted);
    xml.close();
  }
}

void write_patent_priorities(Writer& xml, const RegisterRecord& record) {
  if (record.priorities.empty()) return;
  xml.open("pat:PriorityClaimBag");
  for (std::size_t i = 0; i < record.priorities.size(); ++i) {
    const PriorityClaim& claim = record.priorities[i];
    xml.open("pat:PriorityClaim", sequence(i));
    xml.leaf("com:IPOfficeCode", claim.office);
    xml.open("com:ApplicationNumber");
    xml.leaf("com:ApplicationNumberText", claim.number);
    xml.close();
    xml.leaf("pat:FilingDate", claim.day);
    xml.close();
  }
  xml.close();
}

void write_patent_classes(Writer& xml, const RegisterRecord& record) {
  if (record.classes.empty()) return;
  xml.open("pat:PatentClassificationBag");
  xml.open("pat:IPCRClassificationBag");
  for (std::size_t i = 0; i < record.classes.size(); ++i) {
    xml.open("pat:IPCRClassification", sequence(i));
    xml.leaf("pat:PatentClassificationText", record.classes[i]);
    xml.close();
  }
  xml.close();
  xml.close();
}

std::string write_patent(const RegisterRecord& record) {
  Writer xml;
  xml.open("pat:PatentPublication", root_attributes("pat", "Patent"));
  xml.leaf("com:IPOfficeCode", record.office);
  xml.open("pat:BibliographicData", kVersion);
  write_numbers(xml, record);
  write_patent_priorities(xml, record);
  write_patent_classes(xml, record);
  if (!record.titles.empty()) {
    xml.open("pat:InventionTitleBag");
    for (const Title& title : record.titles)
      xml.leaf("pat:InventionTitle", title.text, language(title));
    xml.close();
  }
  if (record.grant_number.empty()) xml.leaf("pat:GrantPublicationDate", record.granted);
  if (!record.applicants.empty() || !record.inventors.empty()) {
    xml.open("pat:PartyBag");
    write_parties(xml, "pat", "Applicant", record.applicants);
    write_parties(xml, "pat", "Inventor", record.inventors);
    xml.close();
  }
  xml.close();
  xml.close();
  return std::move(xml).done();
}

// --- marks and designs ---

void write_priority_bag(Writer& xml, const std::string& prefix, const RegisterRecord& record) {
  if (record.priorities.empty()) return;
  xml.open(prefix + ":PriorityBag");
  for (const PriorityClaim& claim : record.priorities) {
    xml.open(prefix + ":Priority");
    xml.leaf("com:PriorityCountryCode", claim.office);
    xml.open("com:ApplicationNumber");
    xml.leaf("com:ApplicationNumberText", claim.number);
    xml.close();
    xml.leaf("com:PriorityApplicationFilingDate", claim.day);
    xml.close();
  }
  xml.close();
}

void write_publication(Writer& xml, const std::string& prefix, const RegisterRecord& record) {
  if (!record.published) return;
  xml.open(prefix + ":PublicationBag");
  xml.open(prefix + ":Publication");
  xml.leaf("com:PublicationDate", record.published);
  xml.close();
  xml.close();
}

std::string write_mark(const RegisterRecord& record) {
  Writer xml;
  xml.open("tmk:TrademarkApplication", root_attributes("tmk", "Trademark"));
  xml.open("tmk:TrademarkBag");
  xml.open("tmk:Trademark");
  xml.leaf("com:RegistrationOfficeCode", record.office);
  write_application_number(xml, record, true);
  xml.leaf("com:RegistrationNumber", record.grant_number);
  xml.leaf("com:ApplicationDate", record.filed);
  xml.leaf("com:RegistrationDate", record.granted);
  xml.leaf("tmk:MarkCurrentStatusCode", record.status);
  if (!record.titles.empty()) {
    xml.open("tmk:MarkRepresentation");
    xml.open("tmk:MarkReproduction");
    xml.open("tmk:WordMarkSpecification");
    for (const Title& title : record.titles) {
      xml.leaf("tmk:MarkVerbalElementText", title.text, language(title));
    }
    xml.close();
    xml.close();
    xml.close();
  }
  if (!record.classes.empty()) {
    xml.open("tmk:GoodsServicesBag");
    xml.open("tmk:GoodsServices");
    xml.open("tmk:GoodsServicesClassificationBag");
    for (const std::string& number : record.classes) {
      xml.open("tmk:GoodsServicesClassification");
      xml.leaf("tmk:ClassificationKindCode", "Nice");
      xml.leaf("tmk:ClassNumber", number);
      xml.close();
    }
    xml.close();
    xml.close();
    xml.close();
  }
  write_priority_bag(xml, "tmk", record);
  write_publication(xml, "tmk", record);
  write_parties(xml, "tmk", "Applicant", record.applicants);
  xml.close();
  xml.close();
  xml.close();
  return std::move(xml).done();
}

std::string write_design(const RegisterRecord& record) {
  Writer xml;
  xml.open("dgn:DesignApplication", root_attributes("dgn", "Design"));
  xml.leaf("com:RegistrationOfficeCode", record.office);
  write_application_number(xml, record, true);
  xml.leaf("dgn:DesignApplicationDate", record.filed);
  xml.open("dgn:DesignBag");
  xml.open("dgn:Design");
  xml.leaf("com:RegistrationNumber", record.grant_number);
  xml.leaf("com:RegistrationDate", record.granted);
  for (const Title& title : record.titles)
    xml.leaf("dgn:DesignTitleText", title.text, language(title));
  xml.leaf("dgn:DesignCurrentStatusCategory", record.status);
  if (!record.classes.empty()) {
    xml.open("com:DesignClassificationBag");
    xml.open("com:LocarnoClassificationBag");
    for (const std::string& text : record.classes) xml.leaf("com:LocarnoClassificationText", text);
    xml.close();
    xml.close();
  }
  write_priority_bag(xml, "dgn", record);
  write_publication(xml, "dgn", record);
  write_parties(xml, "dgn", "Applicant", record.applicants);
  write_parties(xml, "dgn", "Designer", record.inventors);
  xml.close();
  xml.close();
  xml.close();
  return std::move(xml).done();
}

}  // namespace

std::string write_st96(const RegisterRecord& record) {
  if (record.kind == RightKind::kTradeMark) return write_mark(record);
  return record.kind == RightKind::kDesign ? write_design(record) : write_patent(record);
}

}  // namespace lineshaft::wipo
