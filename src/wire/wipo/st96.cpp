// Patents, marks and designs of WIPO ST.96.
#include <algorithm>
#include <utility>

#include "wire/wipo/decode.h"

namespace lineshaft::wipo {
namespace {

// The name of a party: of an organisation, of a person, or just a name.
std::string name_in(RecordReader& reader, const XmlNode& name) {
  std::string found;
  for (const XmlNode* at :
       {name.path({"OrganizationName", "OrganizationStandardName"}),
        name.path({"PersonName", "PersonFullName"}), name.child("EntityName")}) {
    reader.text(at, found);
    if (!found.empty()) return found;
  }
  std::string last;
  std::string first;
  std::string middle;
  if (const XmlNode* person = name.path({"PersonName", "PersonStructuredName"})) {
    reader.text(person->child("LastName"), last);
    reader.text(person->child("FirstName"), first);
    reader.text(person->child("MiddleName"), middle);
  }
  return person_name(last, first, middle);
}

void read_bag(RecordReader& reader, const XmlNode* bag, std::string_view element,
              std::vector<std::string>& to) {
  if (bag == nullptr) return;
  for (const XmlNode* party : bag->all(element)) {
    const std::size_t before = to.size();
    for (const char* contact : {"PublicationContact", "Contact"}) {
      for (const XmlNode* one : party->all(contact)) {
        for (const XmlNode* name : one->all("Name")) {
          reader.add_text(*name, name_in(reader, *name), to);
        }
        // Some editions have the parts of the name in the contact itself.
        reader.add_text(*one, name_in(reader, *one), to);
      }
      if (to.size() > before) break;
    }
    if (to.size() == before) reader.add(party->child("LegalEntityName"), to);
  }
}

void read_application(RecordReader& reader, const XmlNode& part) {
  const XmlNode* number = part.child("ApplicationNumber");
  if (number == nullptr) return;
  RegisterRecord& record = reader.record();
  reader.text(number->child("ST13ApplicationNumber"), record.application_number);
  reader.text(number->child("ApplicationNumberText"), record.application_number);
  if (record.office.empty()) reader.text(number->child("IPOfficeCode"), record.office);
}

// --- patents ---

void read_patent_numbers(RecordReader& reader, const XmlNode& part) {
  RegisterRecord& record = reader.record();
  if (const XmlNode* id = part.child("ApplicationIdentification")) {
    reader.text(id->child("IPOfficeCode"), record.office);
    read_application(reader, *id);
    reader.day(id->child("FilingDate"), record.filed);
  }
  if (const XmlNode* id = part.child("PatentPublicationIdentification")) {
    reader.text(id->child("IPOfficeCode"), record.office);
    reader.text(id->child("PublicationNumber"), record.publication_number);
    reader.text(id->child("PatentDocumentKindCode"), record.publication_kind);
    reader.day(id->child("PublicationDate"), record.published);
  }
  if (const XmlNode* id = part.child("PatentGrantIdentification")) {
    if (record.office.empty()) reader.text(id->child("IPOfficeCode"), record.office);
    reader.text(id->child("PatentNumber"), record.grant_number);
    reader.day(id->child("GrantDate"), record.granted);
  }
  if (!record.granted) reader.day(part.child("GrantPublicationDate"), record.granted);
}

void read_patent_priorities(RecordReader& reader, const XmlNode& part) {
  const XmlNode* bag = part.child("PriorityClaimBag");
  if (bag == nullptr) return;
  for (const XmlNode* one : bag->all("PriorityClaim")) {
    PriorityClaim claim;
    reader.text(one->child("IPOfficeCode"), claim.office);
    reader.text(one->path({"ApplicationNumber", "ApplicationNumberText"}), claim.number);
    reader.day(one->child("FilingDate"), claim.day);
    reader.add_priority(*one, std::move(claim));
  }
}

void add_ipc(RecordReader& reader, const XmlNode& one) {
  std::vector<std::string>& to = reader.record().classes;
  for (const char* whole : {"PatentClassificationText", "PatentClassificationSymbolText"}) {
    if (const XmlNode* text = one.child(whole)) {
      reader.add_text(*text, ipc_symbol(text->content()), to);
      return;
    }
  }
  std::string symbol;
  for (const char* level : {"Section", "Class", "Subclass", "MainGroup", "Subgroup"}) {
    std::string value;
    reader.text(one.child(level), value);
    if (std::string_view(level) == "Subgroup" && !value.empty()) symbol += '/';
    symbol += value;
  }
  reader.add_text(one, ipc_symbol(symbol), to);
}

void read_patent_classes(RecordReader& reader, const XmlNode& part) {
  const XmlNode* bag = part.child("PatentClassificationBag");
  if (bag == nullptr) return;
  if (const XmlNode* list = bag->child("IPCRClassificationBag")) {
    for (const XmlNode* one : list->all("IPCRClassification")) add_ipc(reader, *one);
  }
  for (const XmlNode* one : bag->all("IPCClassification")) {
    for (const XmlNode& symbol : one->children) {
      if (symbol.name == "MainClassification" || symbol.name == "FurtherClassification") {
        reader.add_text(symbol, ipc_symbol(symbol.content()), reader.record().classes);
      }
    }
  }
}

Result<FoundRecord> read_patent(const XmlNode& part) {
  RecordReader reader(part);
  RegisterRecord& record = reader.record();
  read_patent_numbers(reader, part);
  settle_patent(record);
  read_patent_priorities(reader, part);
  if (const XmlNode* bag = part.child("InventionTitleBag")) {
    for (const XmlNode* title : bag->all("InventionTitle")) {
      reader.add_title(*title, title->attribute("languageCode"));
    }
  }
  if (const XmlNode* parties = part.child("PartyBag")) {
    read_bag(reader, parties->child("ApplicantBag"), "Applicant", record.applicants);
    read_bag(reader, parties->child("InventorBag"), "Inventor", record.inventors);
  }
  read_patent_classes(reader, part);
  constexpr std::pair<const char*, const char*> kEnds[] = {
      {"ApplicationWithdrawnDate", "withdrawn"},
      {"ApplicationDeemedWithdrawnDate", "deemed withdrawn"},
      {"PatentRevocationDate", "revoked"}};
  for (const auto& [element, status] : kEnds) {
    if (part.child(element) != nullptr) record.status = status;
  }
  return reader.done();
}

// --- marks and designs ---

void read_priority_bag(RecordReader& reader, const XmlNode& part) {
  const XmlNode* bag = part.child("PriorityBag");
  if (bag == nullptr) return;
  for (const XmlNode* one : bag->all("Priority")) {
    PriorityClaim claim;
    reader.text(one->child("PriorityCountryCode"), claim.office);
    reader.text(one->path({"ApplicationNumber", "ApplicationNumberText"}), claim.number);
    reader.day(one->child("PriorityApplicationFilingDate"), claim.day);
    reader.add_priority(*one, std::move(claim));
  }
}

// Number and day of the registration, and the day of the first publication.
void read_registration(RecordReader& reader, const XmlNode& part) {
  RegisterRecord& record = reader.record();
  reader.text(part.child("RegistrationNumber"), record.grant_number);
  reader.day(part.child("RegistrationDate"), record.granted);
  if (const XmlNode* one = part.path({"PublicationBag", "Publication"})) {
    reader.day(one->child("PublicationDate"), record.published);
  }
}

void read_nice_classes(RecordReader& reader, const XmlNode& part) {
  const XmlNode* bag = part.child("GoodsServicesBag");
  if (bag == nullptr) return;
  const auto add = [&](const XmlNode* number) {
    if (number == nullptr) return;
    std::string value = number->content();
    value.erase(0, std::min(value.find_first_not_of('0'), value.size()));  // "009" is class 9
    reader.add_text(*number, std::move(value), reader.record().classes);
  };
  for (const XmlNode* goods : bag->all("GoodsServices")) {
    if (const XmlNode* list = goods->child("GoodsServicesClassificationBag")) {
      for (const XmlNode* one : list->all("GoodsServicesClassification")) {
        const XmlNode* kind = one->child("ClassificationKindCode");
        if (kind == nullptr || kind->content() == "Nice") add(one->child("ClassNumber"));
      }
    }
    if (const XmlNode* list = goods->child("ClassDescriptionBag")) {
      for (const XmlNode* one : list->all("ClassDescription")) add(one->child("ClassNumber"));
    }
  }
}

Result<FoundRecord> read_mark(const XmlNode& part) {
  RecordReader reader(part);
  RegisterRecord& record = reader.record();
  record.kind = RightKind::kTradeMark;
  reader.text(part.child("RegistrationOfficeCode"), record.office);
  read_application(reader, part);
  reader.day(part.child("ApplicationDate"), record.filed);
  read_registration(reader, part);
  read_priority_bag(reader, part);
  if (const XmlNode* words =
          part.path({"MarkRepresentation", "MarkReproduction", "WordMarkSpecification"})) {
    for (const XmlNode* text : words->all("MarkVerbalElementText")) {
      reader.add_title(*text, text->attribute("languageCode"));
    }
  }
  read_bag(reader, part.child("ApplicantBag"), "Applicant", record.applicants);
  read_nice_classes(reader, part);
  reader.text(part.child("MarkCurrentStatusCode"), record.status);
  return reader.done();
}

Result<FoundRecord> read_design(const XmlNode& application, const XmlNode& part) {
  RecordReader reader(part);
  RegisterRecord& record = reader.record();
  record.kind = RightKind::kDesign;
  reader.text(application.child("RegistrationOfficeCode"), record.office);
  read_application(reader, application);
  reader.day(application.child("ApplicationDate"), record.filed);
  reader.day(application.child("DesignApplicationDate"), record.filed);
  read_registration(reader, part);
  read_priority_bag(reader, part);
  for (const XmlNode* title : part.all("DesignTitleText")) {
    reader.add_title(*title, title->attribute("languageCode"));
  }
  read_bag(reader, part.child("ApplicantBag"), "Applicant", record.applicants);
  if (record.applicants.empty()) {
    read_bag(reader, application.child("ApplicantBag"), "Applicant", record.applicants);
  }
  read_bag(reader, part.child("DesignerBag"), "Designer", record.inventors);
  if (const XmlNode* classes = part.child("DesignClassificationBag")) {
    for (const XmlNode* bag : classes->all("LocarnoClassificationBag")) {
      for (const XmlNode* text : bag->all("LocarnoClassificationText"))
        reader.add(text, record.classes);
      for (const XmlNode* one : bag->all("LocarnoClassification")) {
        reader.add(one->child("LocarnoClass"), record.classes);
      }
    }
  }
  reader.text(part.child("DesignCurrentStatusCategory"), record.status);
  return reader.done();
}

Status keep(Result<FoundRecord> record, std::vector<FoundRecord>& out) {
  if (!record) return std::move(record).error();
  out.push_back(*std::move(record));
  return {};
}

}  // namespace

bool is_st96_part(std::string_view name) {
  return name == "BibliographicData" || name == "Trademark" || name == "DesignApplication";
}

Status read_st96(const XmlNode& part, std::vector<FoundRecord>& out) {
  if (part.name == "BibliographicData") return keep(read_patent(part), out);
  if (part.name == "Trademark") return keep(read_mark(part), out);
  const XmlNode* bag = part.child("DesignBag");
  if (bag == nullptr) return error_at(part, "it holds no DesignBag");
  for (const XmlNode* design : bag->all("Design")) {
    if (Status kept = keep(read_design(part, *design), out); !kept.ok()) return kept;
  }
  return {};
}

}  // namespace lineshaft::wipo
