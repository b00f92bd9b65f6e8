// Identity between the services of one process, where a call goes through gRPC's in-process
// transport: the caller says for whom it calls, and the channel proves that the call never left the
// process. Neither a client nor another process can say it, since none knows the mark.
//
//   context.AddMetadata(kIdentityEntry, FormatProcessIdentity(call.identity));
//
// Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/call/call.h"

namespace dramatis {

// Metadata: for whom a service calls. In this form it counts only together with the mark; channels
// to other programs make a signed token of it (program_identity.h).
inline constexpr char kIdentityEntry[] = "x-dramatis-identity";
// Metadata: ProcessMark, which in-process channels add to every call (RpcServer).
inline constexpr char kMarkEntry[] = "x-dramatis-process";

// 256 random bits that this process has made for itself; never sent over a network, never logged.
const std::string& ProcessMark();
// Whether it is the mark; in time that does not depend on where it differs.
bool IsProcessMark(std::string_view text);

// The claims of identity_claims.h in base64url, so that any user's name fits into metadata.
std::string FormatProcessIdentity(const Identity& identity);
std::optional<Identity> ParseProcessIdentity(std::string_view text);

}  // namespace dramatis
