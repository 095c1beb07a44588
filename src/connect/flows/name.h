// connect/flows/name.h: what a tag is called at a destination: text with parts of its path in it.
// Pure functions. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::connect {

// A template is text in which
//   {path}  is the whole path
//   {2}     is its second level, {-1} its last one
//   {2-}    is all from the second level on, joined by slashes
//   {{ }}   are braces
// Errors: kInvalidArgument: what is wrong with the template.
Status check_name_template(std::string_view form);

// Requires: check_name_template(form). Errors: kInvalidArgument: the path has no such level; the
// name is empty or longer than kFlowNameBytesMax.
Result<std::string> make_name(std::string_view form, std::string_view path);

}  // namespace lineshaft::connect
