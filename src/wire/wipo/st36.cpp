// Bibliographic data of WIPO ST.36, as the European, the American and the Chinese office and others
// write it: the names of their elements may begin with the office's code and a hyphen.
#include <algorithm>
#include <utility>

#include "wire/wipo/decode.h"

namespace lineshaft::wipo {
namespace {

// "applicants" and "us-applicants".
bool is_named(std::string_view name, std::string_view wanted) {
  if (name == wanted) return true;
  return name.size() == wanted.size() + 3 && name[2] == '-' && name.ends_with(wanted);
}

const XmlNode* child(const XmlNode& node, std::string_view wanted) {
  const auto found = std::ranges::find_if(
      node.children, [&](const XmlNode& other) { return is_named(other.name, wanted); });
  return found == node.children.end() ? nullptr : &*found;
}

// Of the forms of one number that a service gives side by side, that of the exchange of data.
const XmlNode* document_id(const XmlNode* reference) {
  if (reference == nullptr) return nullptr;
  const std::vector<const XmlNode*> ids = reference->all("document-id");
  for (const XmlNode* id : ids) {
    if (id->attribute("document-id-type") == "docdb") return id;
  }
  return ids.empty() ? nullptr : ids.front();
}

struct DocumentId {
  std::string office, number, kind;
  std::optional<Day> day;
};

DocumentId read_id(RecordReader& reader, const XmlNode& node) {
  DocumentId id;
  reader.text(node.child("country"), id.office);
  reader.text(node.child("doc-number"), id.number);
  reader.text(node.child("kind"), id.kind);
  reader.day(node.child("date"), id.day);
  return id;
}

void read_numbers(RecordReader& reader, const XmlNode& part) {
  RegisterRecord& record = reader.record();
  if (const XmlNode* id = document_id(part.child("publication-reference"))) {
    DocumentId read = read_id(reader, *id);
    record.office = std::move(read.office);
    record.publication_number = std::move(read.number);
    record.publication_kind = std::move(read.kind);
    record.published = read.day;
  }
  if (const XmlNode* id = document_id(part.child("application-reference"))) {
    DocumentId read = read_id(reader, *id);
    if (record.office.empty()) record.office = std::move(read.office);
    record.application_number = std::move(read.number);
    record.filed = read.day;
  }
}

void read_priorities(RecordReader& reader, const XmlNode& part) {
  const XmlNode* claims = part.child("priority-claims");
  if (claims == nullptr) return;
  for (const XmlNode* claim : claims->all("priority-claim")) {
    // Older editions have the number in the claim itself.
    const XmlNode* inner = document_id(claim);
    DocumentId id = read_id(reader, inner == nullptr ? *claim : *inner);
    reader.add_priority(*claim, {std::move(id.office), std::move(id.number), id.day});
  }
}

std::string name_in(RecordReader& reader, const XmlNode& book) {
  std::string name;
  for (const char* element : {"orgname", "name"}) {
    reader.text(book.child(element), name);
    if (!name.empty()) return name;
  }
  std::string last;
  std::string first;
  std::string middle;
  reader.text(book.child("last-name"), last);
  reader.text(book.child("first-name"), first);
  reader.text(book.child("middle-name"), middle);
  return person_name(last, first, middle);
}

// The names of one party: in its addressbook, or beside it as the exchange format has them. The
// same name may stand there in two scripts.
void read_party(RecordReader& reader, const XmlNode& party, std::string_view role,
                std::vector<std::string>& to) {
  const std::string wrapped = std::string(role) + "-name";
  for (const XmlNode& inner : party.children) {
    if (inner.name == "addressbook" || is_named(inner.name, wrapped)) {
      reader.add_text(inner, name_in(reader, inner), to);
    }
  }
}

// A service gives the same names in several formats; those of the original are whole.
void read_parties(RecordReader& reader, const XmlNode& part, std::string_view role,
                  std::vector<std::string>& to) {
  const XmlNode* parties = child(part, "parties");
  const std::string group = std::string(role) + "s";
  const XmlNode* list = parties == nullptr ? child(part, group) : child(*parties, group);
  if (list == nullptr) return;
  std::vector<const XmlNode*> found;
  for (const XmlNode& party : list->children) {
    if (is_named(party.name, role)) found.push_back(&party);
  }
  if (found.empty()) return;
  const auto is_original = [](const XmlNode* party) {
    return party->attribute("data-format") == "original";
  };
  const bool has_original = std::ranges::any_of(found, is_original);
  const std::string_view format =
      has_original ? "original" : found.front()->attribute("data-format");
  for (const XmlNode* party : found) {
    if (party->attribute("data-format") == format) read_party(reader, *party, role, to);
  }
}

void add_ipc(RecordReader& reader, const XmlNode* from) {
  if (from != nullptr) reader.add_text(*from, ipc_symbol(from->content()), reader.record().classes);
}

void read_classes(RecordReader& reader, const XmlNode& part) {
  if (const XmlNode* list = part.child("classifications-ipcr")) {
    for (const XmlNode* one : list->all("classification-ipcr")) {
      if (one->child("text") != nullptr) {
        add_ipc(reader, one->child("text"));
        continue;
      }
      std::string symbol;
      for (const char* level : {"section", "class", "subclass", "main-group", "subgroup"}) {
        std::string value;
        reader.text(one->child(level), value);
        if (std::string_view(level) == "subgroup" && !value.empty()) symbol += '/';
        symbol += value;
      }
      reader.add_text(*one, ipc_symbol(symbol), reader.record().classes);
    }
  }
  for (const XmlNode* one : part.all("classification-ipc")) {
    for (const XmlNode& symbol : one->children) {
      if (symbol.name == "main-classification" || symbol.name == "further-classification" ||
          symbol.name == "text") {
        add_ipc(reader, &symbol);
      }
    }
  }
  for (const XmlNode* one : part.all("classification-locarno")) {
    reader.add(one->child("main-classification"), reader.record().classes);
  }
}

// The last word on the record, as far as the document has one.
void read_status(RecordReader& reader, const XmlNode& part) {
  constexpr std::pair<const char*, const char*> kEnds[] = {
      {"date-application-withdrawn-by-applicant", "withdrawn"},
      {"date-application-deemed-withdrawn", "deemed withdrawn"},
      {"date-of-revocation", "revoked"}};
  for (const auto& [element, status] : kEnds) {
    if (part.child(element) != nullptr) reader.record().status = status;
  }
}

}  // namespace

bool is_st36_part(std::string_view name) {
  return is_named(name, "bibliographic-data") || is_named(name, "bibliographic-data-grant") ||
         is_named(name, "bibliographic-data-application");
}

Result<FoundRecord> read_st36(const XmlNode& part) {
  RecordReader reader(part);
  RegisterRecord& record = reader.record();
  read_numbers(reader, part);
  settle_patent(record);
  read_priorities(reader, part);
  for (const XmlNode* title : part.all("invention-title")) {
    reader.add_title(*title, title->attribute("lang"));
  }
  read_parties(reader, part, "applicant", record.applicants);
  read_parties(reader, part, "inventor", record.inventors);
  read_classes(reader, part);
  read_status(reader, part);
  return reader.done();
}

}  // namespace lineshaft::wipo
