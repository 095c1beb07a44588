"""Defects of authorisation: nobody sees or does what is not theirs. Of tools/seeded-defects."""

# (name, what is broken, room whose tests must fail, [(file, text that occurs once, its replacement)], those tests)
DEFECTS = [
    ("rule-weakened", "a route asks for no permission any more", "api", [
        ("src/api/access_routes.cpp", '{"GET", "/users", look,', '{"GET", "/users", Rule::signed_in(),')], "Rules.*"),
    ("review-changes", "who sees sessions of others ends them too", "identity", [
        ("src/identity/open_sessions.cpp",
         "if (Status may = may_of(actor, user, Permission::kUserManage); !may) return may;",
         "if (Status may = may_of(actor, user, Permission::kUserRead); !may) return may;")], "AccessReview.*"),
    ("rule-of-a-place", "people of a part of the plant come through where the whole is asked for", "api", [
        ("src/api/overview_routes.cpp", '"/metrics", Rule::needs(', '"/metrics", Rule::needs_at(')], "Rules.*"),
    ("rule-opened", "a route is open to strangers", "api", [
        ("src/api/overview_routes.cpp", '"/overview", Rule::needs_at(Permission::kConnectionRead)',
         '"/overview", Rule::anyone()')], "Api.OnlyTheseFewAnswerAStranger"),
    ("rule-unchecked", "the rule of a route is not looked at", "api", [
        ("src/api/router.cpp", "if (Status allowed = rule.check(input.principal); !allowed) {",
         "if (Status allowed; !allowed) {")], "Matrix.EveryRoleIsRefusedWhatItMayNotDo"),
    ("tenant-unchecked", "a thing of another organisation is taken for one's own", "identity", [
        ("src/identity/access.cpp", "  if (thing.owner != who.tenant) return hidden;\n", "")], "Authorise*"),
    ("foreign-told", "what another organisation has is refused, not hidden", "identity", [
        ("src/identity/access.cpp", "if (thing.owner != who.tenant) return hidden;",
         "if (thing.owner != who.tenant) return denied(who, what);")], "Authorise*"),
    ("elsewhere-told", "what stands elsewhere is refused, not hidden", "api", [
        ("src/identity/access.cpp", "  if (who.access.at(Permission::kTagRead, thing.path)) return denied(who, what);\n"
         "  return hidden;", "  return denied(who, what);")], "Matrix.WhatStandsElsewhereIsAnsweredAsWhatDoesNotExist"),
    ("server-for-all", "every organisation holds what is of the server as a whole", "identity", [
        ("src/identity/access.cpp", "return who.tenant == kFirstTenant || !kOfServer.has(what);",
         "return who.tenant == kFirstTenant || kOfServer.has(what) || !kOfServer.has(what);")], "Authorise*"),
    ("factor-forgiven", "who owes a second factor may do all the same", "identity", [
        ("src/identity/access.cpp", "|| who.tenant == TenantId{} || who.factor_missing) return false;",
         "|| who.tenant == TenantId{}) return false;")], "Factors.*"),
    ("tag-of-the-first", "a tag is looked for in the organisation that runs the server", "api", [
        ("src/api/scope.cpp", "services.historian.find_tag(request.tenant(), id);",
         "services.historian.find_tag(TenantId{1}, id);")],
     "Matrix.WhatAnotherOrganisationHasIsAnsweredAsWhatDoesNotExist"),
    ("place-unchecked", "a tag asked for by its number is not judged by its place", "api", [
        ("src/api/scope.cpp", "  Status may = identity::authorise(request.principal, what, thing);\n",
         "  Status may = identity::authorise_somewhere(request.principal, what);\n")],
     "Matrix.WhatStandsElsewhereIsAnsweredAsWhatDoesNotExist"),
    ("values-unchecked", "values of tags that stand elsewhere are given out", "api", [
        ("src/api/scope.cpp", "if (has_everywhere(request, what)) return allowed;",
         "if (request.tenant() != TenantId{}) return allowed;")],
     "Matrix.WhatStandsElsewhereIsAnsweredAsWhatDoesNotExist"),
    ("scan-unchecked", "lists and searches of tags show those that stand elsewhere", "api", [
        ("src/api/scope.cpp", "if (!has_everywhere(request, what)) filter.within",
         "if (!has_everywhere(request, what) && filter.within.size() > 1) filter.within")],
     "Matrix.ListsShowNothingOfWhatStandsElsewhere"),
    ("pattern-unchecked", "a pattern reaches further than one's places", "api", [
        ("src/api/erase_routes.cpp", 'scoped({"", "", wanted.object}, request, identity::Permission::kTagEraseHistory);',
         '{"", "", wanted.object};\n  static_cast<void>(request);')], "Matrix.APathElsewhereIsRefusedWithoutALook"),
    ("path-unchecked", "what is named by its path is not judged by it", "api", [
        ("src/api/scope.cpp", "if (identity::authorise(request.principal, what, {request.tenant(), path})) return {};",
         "if (identity::authorise_somewhere(request.principal, what)) return {};")],
     "Matrix.APathElsewhereIsRefusedWithoutALook"),
    ("machine-shown", "connections that stand elsewhere are shown", "api", [
        ("src/api/scope.cpp", "if (has_everywhere(request, Permission::kConnectionRead)) return true;",
         "if (request.tenant() != TenantId{}) return true;")], "Matrix.*Elsewhere*"),
    ("topic-unchecked", "live values are sent to whoever asks for the number of a tag", "api", [
        ("src/api/live.cpp", "if (identity::authorise(client.reader, identity::Permission::kTagRead)) return;",
         "if (client.reader.tenant == tenant) return;")], "LiveTopics.ShowWhatOneMayReadAndLeaveTheRestOut"),
    ("topic-outlives-right", "live values go on after the right to read them was taken away", "api", [
        ("src/api/router.cpp", "if (!now || !rule.check(*now)) return std::nullopt;", "if (!now) return *principal;"),
        ("src/api/router.cpp", "[this, rule, credential = credential_of(request)]",
         "[this, principal, credential = credential_of(request)]"),
        ("src/api/router.cpp", "        return *std::move(now);", "        return *principal;")],
     "LiveTopics.ARightThatIsTakenAwayEndsWhatWasOpen"),
    ("csrf-unchecked", "a cookie acts without its CSRF token", "api", [
        ("src/api/router.cpp",
         "if (Status own = identity_.check_csrf(credential.secret, csrf); !own) return own.error();",
         "static_cast<void>(csrf);")], "Api.ACookieActsOnlyWithItsCsrfTokenAndFromItsOwnSite"),
    ("other-site-taken", "a page of another site acts with our cookie", "api", [
        ("src/api/router.cpp", "  if (from_another_site(request)) {", "  if (from_another_site({})) {")],
     "Api.ACookieActsOnlyWithItsCsrfTokenAndFromItsOwnSite"),
    ("socket-from-elsewhere", "a page of another site opens a WebSocket with our cookie", "api", [
        ("src/api/router.cpp", "  if (has_other_origin(request)) {", "  if (has_other_origin({})) {")],
     "Api.AWebSocketOpensForItsOwnPagesOnly"),
    ("one-person", "a change of rights that takes two is done by one", "identity", [
        ("src/identity/rights_changes.cpp", "takes_two = two_persons_in(actor.tenant) && ",
         "takes_two = two_persons_in(actor.tenant) && actor.tenant == TenantId{} && ")], "Duties.*"),
    ("own-approval", "who asked for a right approves it", "identity", [
        ("src/identity/rights_changes.cpp",
         "if (actor.id == request->asked_by.value || actor.id == request->user.value) {",
         "if (actor.id == request->user.value) {")], "Duties.*"),
    ("gift-of-more", "a token is given what its maker lacks", "identity", [
        ("src/identity/rights_changes.cpp", "  if (Status held = check_held(actor, access); !held) return held;\n", "")],
     "People.*:Duties.*"),
    ("kept-ignored", "an export is not compared with what was kept", "identity", [
        ("src/identity/audit_kept.cpp",
         "  if (Status same = compare_nodes(nodes, kept.nodes); !same) return std::move(same).error();\n",
         "  static_cast<void>(compare_nodes(nodes, kept.nodes));\n")], "AuditExportTamper.*"),
    ("root-unchecked", "the entries of an export need not be those that were signed", "identity", [
        ("src/identity/audit_export.cpp", "  if (checkpoint->root != tree.root()) {",
         "  if (checkpoint->root != tree.root() && good > size) {")], "AuditExportTamper.*"),
    ("seal-unchecked", "the signature beside an entry of the audit trail is not looked at", "identity", [
        ("src/identity/audit_verify.cpp",
         "  if (auto note = note_of_seal(*seal, id, peaks_.root(), keys_); !note) return note.error();\n", "")],
     "AuditTamper.*"),
]
