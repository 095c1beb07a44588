// wire/wipo/decode.h: from an element to a record; shared by the two standards. Internal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/wipo/document.h"
#include "wire/wipo/xml_tree.h"

namespace lineshaft::wipo {

// Fills one record from the elements of a document; the first problem is kept.
class RecordReader {
 public:
  explicit RecordReader(const XmlNode& part) : part_(part) { found_.line = part.line; }

  RegisterRecord& record() { return found_.record; }
  const Status& problem() const { return problem_; }
  // The record, checked. Errors: the first problem; neither application nor publication number.
  Result<FoundRecord> done();

  void fail(const XmlNode& at, const std::string& what);

  // Each does nothing when the element is not there.
  void text(const XmlNode* from, std::string& to);
  void day(const XmlNode* from, std::optional<Day>& to);
  void add(const XmlNode* from, std::vector<std::string>& to);  // unless it is in it
  void add_text(const XmlNode& at, std::string value, std::vector<std::string>& to);
  void add_title(const XmlNode& from, std::string_view language);
  void add_priority(const XmlNode& at, PriorityClaim claim);

 private:
  bool fits(const XmlNode& at, std::string_view value, std::size_t count);

  const XmlNode& part_;
  FoundRecord found_;
  Status problem_;
};

// "H01L 21/30" of "H01L  21/30    20060101AFI20150120BHUS" and of "H01L21/30"; a text of another
// form stays as it is.
std::string ipc_symbol(const std::string& text);

// "Last, First Middle", leaving out what is missing.
std::string person_name(const std::string& last, const std::string& first,
                        const std::string& middle);

// The right that a patent document of this office and kind (WIPO ST.16) is about, and whether the
// document publishes its grant.
RightKind right_of(std::string_view publication_kind);
bool is_grant(std::string_view office, std::string_view publication_kind);
// Takes the publication for the grant when it is one and the document names no grant.
void settle_patent(RegisterRecord& record);

bool is_st36_part(std::string_view name);
Result<FoundRecord> read_st36(const XmlNode& part);
bool is_st96_part(std::string_view name);
// A design application may hold several designs.
Status read_st96(const XmlNode& part, std::vector<FoundRecord>& out);

}  // namespace lineshaft::wipo
