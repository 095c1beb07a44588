// wire/mtconnect/xml.h: an XML document as a tree within bounds, and text of XML. Expat stays
// inside xml.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lineshaft::mtconnect {

struct XmlLimits {
  std::size_t bytes_max = 16 * 1024 * 1024;
  std::size_t depth_max = 64;
  std::size_t elements_max = 300'000;
  std::size_t attributes_max = 64;           // of one element
  std::size_t text_bytes_max = 1024 * 1024;  // of one element, its attributes too
};

struct XmlElement {
  std::string name;                                             // without its namespace
  std::vector<std::pair<std::string, std::string>> attributes;  // names without namespaces
  std::string text;  // all text directly inside, blanks at both ends removed
  std::vector<XmlElement> children;

  // The first child of that name; nothing if there is none.
  const XmlElement* child(std::string_view wanted) const;
  // "" if there is none.
  std::string_view attribute(std::string_view wanted) const;
};

// The root of the document. A document type is refused, so there are no entities to expand; so is
// what is not UTF-8, UTF-16 or ISO 8859-1.
// Errors: kBadAnswer with the line. Cost: linear; memory: a few times the bytes.
Result<XmlElement> read_xml(std::string_view bytes, const XmlLimits& limits = {});

// Elements one inside the other, as text. What XML cannot carry (control characters, broken UTF-8)
// becomes '?'.
class XmlWriter {
 public:
  XmlWriter& open(std::string_view element);
  // Requires: nothing was written into the element yet.
  XmlWriter& attribute(std::string_view name, std::string_view value);
  XmlWriter& attribute(std::string_view name, std::uint64_t value);
  // Left out if empty.
  XmlWriter& optional(std::string_view name, std::string_view value);
  XmlWriter& text(std::string_view text);
  // XML that is well formed.
  XmlWriter& raw(std::string_view xml);
  XmlWriter& close();

  // Requires: everything is closed.
  std::string take();

 private:
  void end_of_tag();

  std::string out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  std::vector<std::string> open_;
  bool in_tag_ = false;
};

// An element as XML without a declaration, its names as they stand in the tree.
std::string to_xml(const XmlElement& element);

}  // namespace lineshaft::mtconnect
