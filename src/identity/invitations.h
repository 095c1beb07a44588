// identity/invitations.h: people who are asked in by an administrator, and the way back in for who
// lost everything, as Identity (identity.h) speaks of them.
#pragma once

#include <string>

#include "base/time.h"
#include "identity/access.h"
#include "identity/factors.h"

namespace lineshaft::identity {

struct Invitation {
  InvitationId id;
  TenantId tenant;
  std::string email;
  std::string name;
  Role role = Role::kViewer;
  Timestamp created;
  Timestamp expires;
  std::string by;  // the address of who invited
};

// `secret`: 43 characters of base64url for the link, shown once.
struct NewInvitation {
  std::string secret;
  Invitation invitation;
};

struct InvitationRequest {
  std::string email;
  std::string name;
  Role role = Role::kViewer;
};

struct AcceptRequest {
  std::string secret;
  std::string name;  // "": as the invitation says
  std::string password;
  std::string address;
  std::string agent;
};

// `code`: as `lineshaft recover` printed it on the server's terminal.
struct RecoverRequest {
  std::string email;
  std::string code;
  std::string password;  // the new one
  std::string address;
  std::string agent;
};

}  // namespace lineshaft::identity
