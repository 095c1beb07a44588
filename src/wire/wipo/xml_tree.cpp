#include "wire/wipo/xml_tree.h"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace lineshaft::wipo {
namespace {

constexpr char kSeparator = '\x1f';  // between namespace and name; no document can hold it

std::string_view local_name(const char* name) {
  const std::string_view whole(name);
  const std::size_t at = whole.rfind(kSeparator);
  return at == whole.npos ? whole : whole.substr(at + 1);
}

bool is_blank(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; }

void append_content(const XmlNode& node, std::string& out) {
  for (const char c : node.text) {
    if (!is_blank(c))
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  for (const XmlNode& child : node.children) append_content(child, out);
}

class Reader {
 public:
  Reader(std::string_view bytes, const std::function<bool(std::string_view)>& is_part,
         const std::function<Status(const XmlNode&)>& take, const XmlLimits& limits)
      : bytes_(bytes),
        is_part_(is_part),
        take_(take),
        limits_(limits),
        parser_(XML_ParserCreateNS(nullptr, kSeparator), &XML_ParserFree) {}

  Status read() {
    if (parser_ == nullptr) return fail("no memory to read it");
    if (bytes_.size() > limits_.bytes_max) {
      return fail("larger than " + std::to_string(limits_.bytes_max) + " bytes");
    }
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), &Reader::on_start, &Reader::on_end);
    XML_SetCharacterDataHandler(parser_.get(), &Reader::on_text);
    XML_SetEntityDeclHandler(parser_.get(), &Reader::on_entity);
    XML_SetSkippedEntityHandler(parser_.get(), &Reader::on_skipped);
    const XML_Status parsed =
        XML_Parse(parser_.get(), bytes_.data(), static_cast<int>(bytes_.size()), 1);
    if (!problem_.ok()) return problem_;
    if (parsed == XML_STATUS_OK) return {};
    return fail(XML_ErrorString(XML_GetErrorCode(parser_.get())));
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
  static void XMLCALL on_entity(void* data, const XML_Char*, int, const XML_Char*, int,
                                const XML_Char*, const XML_Char*, const XML_Char*,
                                const XML_Char*) {
    self(data).stop("it defines an entity, which is not read");
  }
  static void XMLCALL on_skipped(void* data, const XML_Char* name, int) {
    self(data).stop("the entity '" + std::string(name).substr(0, 64) + "' is not known");
  }

  std::size_t line() const { return XML_GetCurrentLineNumber(parser_.get()); }

  Error fail(const std::string& what) const {
    std::string text = "line " + std::to_string(parser_ == nullptr ? 1 : line()) + ": ";
    if (!name_.empty()) text += "<" + name_ + ">: ";
    return {ErrorId::kBadRegisterDocument, text + what};
  }

  // Expat calls on for a while after it was told to stop.
  void stop(const std::string& what) {
    if (!problem_.ok()) return;
    problem_ = fail(what);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  bool grow(std::size_t bytes) {
    part_bytes_ += bytes;
    if (++part_nodes_ <= limits_.part_nodes_max && part_bytes_ <= limits_.part_bytes_max)
      return true;
    stop("one record is larger than can be read");
    return false;
  }

  void start(std::string_view name, const XML_Char** attributes) {
    if (!problem_.ok()) return;
    name_.assign(name.substr(0, 64));
    if (++depth_ > limits_.depth_max) {
      return stop("elements nested deeper than " + std::to_string(limits_.depth_max));
    }
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (const XML_Char** at = attributes; *at != nullptr; at += 2) {
      ++count;
      bytes += std::string_view(at[0]).size() + std::string_view(at[1]).size();
    }
    if (count > limits_.attributes_max || bytes > limits_.attribute_bytes_max) {
      return stop("more or longer attributes than can be read");
    }
    if (!is_inside_ && !is_part_(name)) return;
    if (!is_inside_) begin_part();
    if (!grow(name.size() + bytes)) return;
    XmlNode node;
    node.name = name;
    node.line = line();
    for (const XML_Char** at = attributes; *at != nullptr; at += 2) {
      node.attributes.push_back({std::string(local_name(at[0])), at[1]});
    }
    open_.push_back(std::move(node));
  }

  void begin_part() {
    is_inside_ = true;
    part_nodes_ = 0;
    part_bytes_ = 0;
    if (++parts_ > limits_.parts_max) {
      stop("more than " + std::to_string(limits_.parts_max) + " records");
    }
  }

  void end() {
    if (!problem_.ok()) return;
    --depth_;
    if (!is_inside_) return;
    XmlNode done = std::move(open_.back());
    open_.pop_back();
    if (!open_.empty()) {
      name_ = open_.back().name.substr(0, 64);
      open_.back().children.push_back(std::move(done));
      return;
    }
    is_inside_ = false;
    if (Status taken = take_(done); !taken.ok()) {
      problem_ = std::move(taken);
      XML_StopParser(parser_.get(), XML_FALSE);
    }
  }

  void add_text(std::string_view text) {
    if (!problem_.ok() || !is_inside_) return;
    std::vector<XmlNode>& children = open_.back().children;
    // Expat gives a text in pieces.
    if (!children.empty() && children.back().name.empty()) {
      part_bytes_ += text.size();
      if (part_bytes_ > limits_.part_bytes_max)
        return stop("one record is larger than can be read");
      children.back().text += text;
      return;
    }
    if (std::ranges::all_of(text, is_blank) && children.empty()) return;
    if (!grow(text.size())) return;
    XmlNode node;
    node.text = text;
    node.line = line();
    children.push_back(std::move(node));
  }

  std::string_view bytes_;
  const std::function<bool(std::string_view)>& is_part_;
  const std::function<Status(const XmlNode&)>& take_;
  XmlLimits limits_;
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_;
  Status problem_;
  std::string name_;           // of the element last begun or gone back to
  std::vector<XmlNode> open_;  // of the part, from its root down
  bool is_inside_ = false;
  std::size_t depth_ = 0;
  std::size_t parts_ = 0;
  std::size_t part_nodes_ = 0;
  std::size_t part_bytes_ = 0;
};

}  // namespace

const XmlNode* XmlNode::child(std::string_view wanted) const {
  const auto found = std::ranges::find(children, wanted, &XmlNode::name);
  return found == children.end() ? nullptr : &*found;
}

const XmlNode* XmlNode::path(std::initializer_list<std::string_view> names) const {
  const XmlNode* at = this;
  for (const std::string_view step : names) {
    at = at->child(step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::vector<const XmlNode*> XmlNode::all(std::string_view wanted) const {
  std::vector<const XmlNode*> found;
  for (const XmlNode& node : children) {
    if (node.name == wanted) found.push_back(&node);
  }
  return found;
}

std::string_view XmlNode::attribute(std::string_view wanted) const {
  const auto found = std::ranges::find(attributes, wanted, &XmlAttribute::name);
  return found == attributes.end() ? std::string_view() : found->value;
}

std::string XmlNode::content() const {
  std::string out;
  append_content(*this, out);
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Status read_xml(std::string_view bytes, const std::function<bool(std::string_view)>& is_part,
                const std::function<Status(const XmlNode&)>& take, const XmlLimits& limits) {
  return Reader(bytes, is_part, take, limits).read();
}

Error error_at(const XmlNode& node, const std::string& what) {
  return {ErrorId::kBadRegisterDocument,
          "line " + std::to_string(node.line) + ": <" + node.name + ">: " + what};
}

}  // namespace lineshaft::wipo
