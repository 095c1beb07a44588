#include "base/assert.h"
#include "base/utf8.h"
#include "wire/mtconnect/xml.h"

namespace lineshaft::mtconnect {

namespace {

bool is_allowed(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 || c == '\t' || c == '\n' || c == '\r';
}

void append_escaped(std::string_view text, std::string& out) {
  // U+FFFE and U+FFFF are UTF-8 and yet no characters of XML.
  const bool sound = is_utf8(text) && text.find("\xEF\xBF\xBE") == text.npos &&
                     text.find("\xEF\xBF\xBF") == text.npos;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#13;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        out += is_allowed(c) && (sound || static_cast<unsigned char>(c) < 0x80) ? c : '?';
    }
  }
}

void append(const XmlElement& element, XmlWriter& writer) {
  writer.open(element.name);
  for (const auto& [name, value] : element.attributes) writer.attribute(name, value);
  if (!element.text.empty()) writer.text(element.text);
  for (const XmlElement& child : element.children) append(child, writer);
  writer.close();
}

}  // namespace

void XmlWriter::end_of_tag() {
  if (in_tag_) out_ += '>';
  in_tag_ = false;
}

XmlWriter& XmlWriter::open(std::string_view element) {
  end_of_tag();
  out_ += '<';
  out_ += element;
  open_.emplace_back(element);
  in_tag_ = true;
  return *this;
}

XmlWriter& XmlWriter::attribute(std::string_view name, std::string_view value) {
  LS_ASSERT(in_tag_);
  out_ += ' ';
  out_ += name;
  out_ += "=\"";
  append_escaped(value, out_);
  out_ += '"';
  return *this;
}

XmlWriter& XmlWriter::attribute(std::string_view name, std::uint64_t value) {
  return attribute(name, std::string_view(std::to_string(value)));
}

XmlWriter& XmlWriter::optional(std::string_view name, std::string_view value) {
  return value.empty() ? *this : attribute(name, value);
}

XmlWriter& XmlWriter::text(std::string_view text) {
  end_of_tag();
  append_escaped(text, out_);
  return *this;
}

XmlWriter& XmlWriter::raw(std::string_view xml) {
  end_of_tag();
  out_ += xml;
  return *this;
}

XmlWriter& XmlWriter::close() {
  LS_ASSERT(!open_.empty());
  if (in_tag_) {
    out_ += "/>";
    in_tag_ = false;
  } else {
    out_ += "</" + open_.back() + ">";
  }
  open_.pop_back();
  return *this;
}

std::string XmlWriter::take() {
  LS_ASSERT(open_.empty() && !in_tag_);
  return std::move(out_);
}

std::string to_xml(const XmlElement& element) {
  XmlWriter writer;
  append(element, writer);
  const std::string whole = writer.take();
  return whole.substr(whole.find('\n') + 1);
}

}  // namespace lineshaft::mtconnect
