#include <algorithm>
#include <array>
#include <utility>

#include "wire/mtconnect/document.h"

namespace lineshaft::mtconnect {

namespace {

// Since 2.6 each error is an element of its own.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kElements = {
    {{"OUT_OF_RANGE", "OutOfRange"},
     {"INVALID_PARAMETER_VALUE", "InvalidParameterValue"},
     {"ASSET_NOT_FOUND", "AssetNotFound"},
     {"INTERNAL_ERROR", "InternalError"},
     {"INVALID_QUERY_PARAMETER", "InvalidQueryParameter"},
     {"INVALID_REQUEST", "InvalidRequest"},
     {"INVALID_URI", "InvalidURI"},
     {"INVALID_XPATH", "InvalidXPath"},
     {"NO_DEVICE", "NoDevice"},
     {"QUERY_ERROR", "QueryError"},
     {"TOO_MANY", "TooMany"},
     {"UNAUTHORIZED", "Unauthorized"},
     {"UNSUPPORTED", "Unsupported"}}};

std::string text_of(const XmlElement& element, std::string_view name) {
  const XmlElement* child = element.child(name);
  return child == nullptr ? std::string() : child->text;
}

DocumentError read_error(const XmlElement& element) {
  DocumentError error;
  error.code = element.attribute("errorCode");
  if (!error.code.empty()) {  // before 2.6
    error.message = element.text;
    return error;
  }
  const auto known =
      std::ranges::find(kElements, element.name, &decltype(kElements)::value_type::second);
  error.code = known == kElements.end() ? element.name : std::string(known->first);
  error.message = text_of(element, "ErrorMessage");
  error.uri = text_of(element, "URI");
  error.value = text_of(element, "AssetId");
  if (const XmlElement* parameter = element.child("QueryParameter")) {
    error.parameter = parameter->attribute("name");
    error.value = text_of(*parameter, "Value");
  }
  return error;
}

}  // namespace

namespace detail {

Result<ErrorDocument> read_errors(const XmlElement& root) {
  auto header = read_header(root);
  if (!header) return header.error();
  ErrorDocument document;
  document.header = *std::move(header);
  if (const XmlElement* errors = root.child("Errors")) {
    for (const XmlElement& element : errors->children) {
      document.errors.push_back(read_error(element));
    }
  } else if (const XmlElement* only = root.child("Error")) {  // 1.0
    document.errors.push_back(read_error(*only));
  }
  if (document.errors.empty()) return Error{ErrorId::kBadAnswer, "the document has no Errors"};
  return document;
}

}  // namespace detail

std::string write_errors(const ErrorDocument& document) {
  XmlWriter out;
  detail::write_header(document.header, "Error", out);
  out.open("Errors");
  for (const DocumentError& error : document.errors) {
    const auto known =
        std::ranges::find(kElements, error.code, &decltype(kElements)::value_type::first);
    out.open(known == kElements.end() ? std::string_view("InternalError") : known->second);
    out.open("URI").text(error.uri).close();
    out.open("ErrorMessage").text(error.message).close();
    if (error.code == "OUT_OF_RANGE" || error.code == "INVALID_PARAMETER_VALUE") {
      out.open("QueryParameter").attribute("name", error.parameter);
      out.open("Value").text(error.value).close().close();
    }
    if (error.code == "ASSET_NOT_FOUND") out.open("AssetId").text(error.value).close();
    out.close();
  }
  out.close().close();
  return out.take();
}

}  // namespace lineshaft::mtconnect
