// api/scope.h: what of the plant a request may see and touch. Grants may be for parts of the plant
// only; every route that serves such people (Rule::needs_at) finds its things through here.
//
// Two rules. A thing asked for by number that one may not see is not there: the same answer, byte
// for byte, as for a number that nothing has. A thing named by its path is judged by the path
// alone, before anybody looks whether it exists: 403.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/resources.h"

namespace lineshaft::api {

// Does the requester hold it in the whole organisation?
bool has_everywhere(const Request& request, identity::Permission what);
// Does the requester hold it at that path? Errors: kDenied naming permission and path.
Status may_at(const Request& request, identity::Permission what, std::string_view path);

// Errors: kNotFound; kDenied: the requester may read the tag, but not do `what` to it.
Result<Tag> tag_for(const Services& services, const Request& request, TagId id,
                    identity::Permission what);
// Those of `ids` that exist and of which the requester may do `what`; the order stays.
std::vector<TagId> tags_for(const Services& services, const Request& request,
                            std::span<const TagId> ids, identity::Permission what);
// `filter`, of those tags only of which the requester may do `what`. Requires: somewhere (the rule
// of the route has seen to that).
historian::TagFilter scoped(historian::TagFilter filter, const Request& request,
                            identity::Permission what);

// The lowest level that all signals of a connection have in common; "" if there is none.
std::string place_of(const connect::ConnectionConfig& config);
bool sees_connection(const Request& request, const connect::RegisteredConnection& connection);
std::vector<connect::RegisteredConnection> connections_of(const Services& services,
                                                          const Request& request);
// Errors: kNotFound.
Result<connect::RegisteredConnection> path_connection(const Services& services,
                                                      const Request& request);

// May the requester do `what` to every tag that these samples are for? Errors: kNotFound, kDenied.
Status may_store(const Services& services, const Request& request, std::span<const Sample> samples);

}  // namespace lineshaft::api
