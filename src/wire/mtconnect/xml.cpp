#include "wire/mtconnect/xml.h"

#include <expat.h>

#include <algorithm>
#include <memory>

namespace lineshaft::mtconnect {

namespace {

constexpr char kSeparator = '\x1f';  // between namespace and name; no document can hold it

std::string_view local_name(const char* name) {
  const std::string_view whole(name);
  const std::size_t at = whole.rfind(kSeparator);
  return at == whole.npos ? whole : whole.substr(at + 1);
}

void trim(std::string& text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.erase(0, std::min(text.find_first_not_of(kBlank), text.size()));
  const std::size_t end = text.find_last_not_of(kBlank);
  if (end != text.npos) text.resize(end + 1);
}

class Reader {
 public:
  Reader(std::string_view bytes, const XmlLimits& limits)
      : bytes_(bytes),
        limits_(limits),
        parser_(XML_ParserCreateNS(nullptr, kSeparator), &XML_ParserFree) {}

  Result<XmlElement> read() {
    if (parser_ == nullptr) return fail("no memory to read it");
    if (bytes_.size() > limits_.bytes_max) {
      return fail("the document has more than " + std::to_string(limits_.bytes_max) + " bytes");
    }
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), &Reader::on_start, &Reader::on_end);
    XML_SetCharacterDataHandler(parser_.get(), &Reader::on_text);
    XML_SetStartDoctypeDeclHandler(parser_.get(), &Reader::on_doctype);
    const XML_Status parsed =
        XML_Parse(parser_.get(), bytes_.data(), static_cast<int>(bytes_.size()), 1);
    if (!problem_.empty()) return fail(problem_);
    if (parsed != XML_STATUS_OK) return fail(XML_ErrorString(XML_GetErrorCode(parser_.get())));
    return std::move(root_);
  }

 private:
  static Reader& self(void* data) { return *static_cast<Reader*>(data); }
  static void XMLCALL on_start(void* data, const XML_Char* name, const XML_Char** attributes) {
    self(data).start(local_name(name), attributes);
  }
  static void XMLCALL on_end(void* data, const XML_Char*) { self(data).end(); }
  static void XMLCALL on_text(void* data, const XML_Char* text, int size) {
    self(data).add_text({text, static_cast<std::size_t>(size)});
  }
  static void XMLCALL on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*,
                                 int) {
    self(data).stop("it has a document type, which is not read");
  }

  Error fail(const std::string& what) const {
    const std::size_t line = parser_ == nullptr ? 1 : XML_GetCurrentLineNumber(parser_.get());
    return {ErrorId::kBadAnswer, "line " + std::to_string(line) + " of the document: " + what};
  }

  // Expat calls on for a while after it was told to stop.
  void stop(std::string what) {
    if (!problem_.empty()) return;
    problem_ = std::move(what);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  void start(std::string_view name, const XML_Char** attributes) {
    if (!problem_.empty()) return;
    if (open_.size() == limits_.depth_max) return stop("elements are nested too deep");
    if (++elements_ > limits_.elements_max) return stop("there are too many elements");
    XmlElement element;
    element.name = name;
    std::size_t bytes = 0;
    for (const XML_Char** at = attributes; *at != nullptr; at += 2) {
      bytes += std::string_view(at[0]).size() + std::string_view(at[1]).size();
      if (element.attributes.size() == limits_.attributes_max || bytes > limits_.text_bytes_max) {
        return stop("an element has too many or too long attributes");
      }
      element.attributes.emplace_back(local_name(at[0]), at[1]);
    }
    open_.push_back(std::move(element));
  }

  void end() {
    if (!problem_.empty()) return;
    XmlElement done = std::move(open_.back());
    open_.pop_back();
    trim(done.text);
    if (open_.empty()) {
      root_ = std::move(done);
    } else {
      open_.back().children.push_back(std::move(done));
    }
  }

  void add_text(std::string_view text) {
    if (!problem_.empty() || open_.empty()) return;
    std::string& all = open_.back().text;
    if (all.size() + text.size() > limits_.text_bytes_max) return stop("a text is too long");
    all += text;
  }

  std::string_view bytes_;
  const XmlLimits& limits_;
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_;
  std::string problem_;
  std::vector<XmlElement> open_;
  XmlElement root_;
  std::size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  const auto found = std::ranges::find(children, wanted, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::attribute(std::string_view wanted) const {
  for (const auto& [known, value] : attributes) {
    if (known == wanted) return value;
  }
  return {};
}

Result<XmlElement> read_xml(std::string_view bytes, const XmlLimits& limits) {
  return Reader(bytes, limits).read();
}

}  // namespace lineshaft::mtconnect
