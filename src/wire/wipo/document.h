// wire/wipo/document.h: register documents of WIPO ST.36 and ST.96 to plain records, and records to
// a subset of ST.96. docs/reference/wipo.md lists the elements that are read and written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/wipo/record.h"

namespace lineshaft::wipo {

inline constexpr std::size_t kDocumentBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kRecordsMax = 100'000;   // of one document
inline constexpr std::size_t kValueBytesMax = 2'000;  // of one text of a record
inline constexpr std::size_t kValuesMax = 1'000;      // names, titles, classes... of one record

struct FoundRecord {
  RegisterRecord record;
  std::size_t line = 0;  // of the document, from 1
};

// Every record of the document, which may hold one or many of either standard, inside any wrapper
// (an answer of a web service, a gazette).
//
// Errors: kBadRegisterDocument with line and element: no XML, entities, a bound exceeded, a day
// that is none, a record without office and number, no record at all. Nothing is returned then.
// Cost: linear in the bytes.
Result<std::vector<FoundRecord>> read_document(std::string_view bytes);

// One document of ST.96: PatentPublication, TrademarkApplication or DesignApplication. What a
// reader of this file takes from it is the record again, except what has no element there: the
// status of patents, inventors of marks, publication number and kind of marks and designs. That a
// patent document is about a utility model follows from its publication kind. Requires: texts of
// the record are UTF-8.
std::string write_st96(const RegisterRecord& record);

}  // namespace lineshaft::wipo
