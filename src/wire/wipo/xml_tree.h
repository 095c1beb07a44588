// wire/wipo/xml_tree.h: parts of an XML document as small trees, within bounds. Expat stays inside
// the .cpp file.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lineshaft::wipo {

struct XmlLimits {
  std::size_t bytes_max = 64 * 1024 * 1024;
  std::size_t depth_max = 100;
  std::size_t attributes_max = 100;              // of one element
  std::size_t attribute_bytes_max = 64 * 1024;   // of one element
  std::size_t part_nodes_max = 500'000;          // elements and texts of one part
  std::size_t part_bytes_max = 8 * 1024 * 1024;  // names and texts of one part
  std::size_t parts_max = 100'000;
};

struct XmlAttribute {
  std::string name;  // without its namespace
  std::string value;
};

// An element, or a piece of text between elements (then `name` is empty).
struct XmlNode {
  std::string name;  // without its namespace
  std::string text;
  std::size_t line = 0;  // of the document, from 1
  std::vector<XmlAttribute> attributes;
  std::vector<XmlNode> children;

  // The first child element of that name; nothing if there is none.
  const XmlNode* child(std::string_view wanted) const;
  // One child after the other.
  const XmlNode* path(std::initializer_list<std::string_view> names) const;
  std::vector<const XmlNode*> all(std::string_view wanted) const;
  // "" if there is none.
  std::string_view attribute(std::string_view wanted) const;
  // All text inside, in order; blanks at the ends removed, runs of them and of control characters
  // made one.
  std::string content() const;
};

// Reads a document and hands over each outermost element whose name `is_part` takes. A document
// type is passed over, its file never read; whatever defines or uses an entity of its own, and what
// is not UTF-8, UTF-16 or ISO 8859-1, is refused. Stops at the first error of `take`.
//
// Errors: kBadRegisterDocument with line and element.
// Cost: linear in the bytes; memory: the largest part.
Status read_xml(std::string_view bytes, const std::function<bool(std::string_view)>& is_part,
                const std::function<Status(const XmlNode&)>& take, const XmlLimits& limits = {});

// An error at a place of the document: "line 12: <country>: ...".
Error error_at(const XmlNode& node, const std::string& what);

}  // namespace lineshaft::wipo
