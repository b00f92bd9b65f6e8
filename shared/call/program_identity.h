// Between programs: for whom one calls another, as a signed token of a few minutes in the metadata
// entry kIdentityEntry (process_identity.h), which takes the place of the client's credentials.
// These are the seams of the two ends; shared/identity/ has what is behind them.
//
//   // the calling end, once for each channel (shared/rpc/channel.h)
//   metadata[kIdentityEntry] = signer.TokenFor("persona", FormatProcessIdentity(call.identity));
//   // the called end, the one step of every call (CallRecord)
//   if (ProgramVerifier* verifier = ProcessProgramVerifier()) sign_in = verifier->Verify(token);
//
// Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "shared/call/authenticator.h"

namespace dramatis {

class ProgramSigner {
 public:
  virtual ~ProgramSigner() = default;
  // The token that tells `audience`, a program of this deployment, for whom this one calls:
  // `identity` as FormatProcessIdentity has it. Empty where that is none.
  virtual std::string TokenFor(const std::string& audience, const std::string& identity) = 0;
};

class ProgramVerifier {
 public:
  virtual ~ProgramVerifier() = default;
  // Does not block. The identity says which program calls (Identity::caller).
  virtual SignIn Verify(std::string_view token) = 0;
};

// What this process verifies other programs' tokens with; null where it takes none, and whoever
// calls is known by `authorization` alone.
ProgramVerifier* ProcessProgramVerifier();
// To be called before anything is served. It outlives every call.
void SetProcessProgramVerifier(ProgramVerifier* verifier);

}  // namespace dramatis
