// Identity tokens between programs: for whom one calls another. A compact JWS (RFC 7515) by Ed25519
// (RFC 8037) with the header {"alg":"EdDSA","kid":"gateway-1","typ":"dramatis-id+jwt"} and
//
//   {"iss":"gateway","aud":"persona","iat":1790000000,"exp":1790000300,
//    "sub":"ada","roles":["user"],"scopes":["chat","memory"],
//    "key":{"id":"...","personaIds":["..."],"monthlyBudgetMicros":5000000,"requestsPerMinute":60}}
//
// Times are seconds since the epoch; scopes that are left out are all; `key` is there where the
// caller came with one. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "shared/call/call.h"
#include "shared/identity/claims.h"
#include "shared/identity/jwk.h"
#include "shared/identity/programs/program_key.h"

namespace dramatis {

// The most that a token is good for.
inline constexpr absl::Duration kProgramTokenLife = absl::Minutes(5);
// How far clocks of two machines may be apart.
inline constexpr absl::Duration kProgramTokenSkew = absl::Seconds(60);

// A token of the key's program for `audience`; empty where OpenSSL fails.
std::string MintProgramToken(const ProgramKey& key,
                             const std::string& audience,
                             const Identity& identity,
                             absl::Time now);

// For whom it calls, and which program does (Identity::caller); or UNAUTHENTICATED. A key of `keys`
// speaks for the program that its kid names and for no other.
Claims ReadProgramToken(std::string_view token,
                        const KeySet& keys,
                        const std::string& audience,
                        absl::Time now);

}  // namespace dramatis
