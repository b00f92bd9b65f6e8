// If-Match comes from outside: no header may crash its reader, and a tag that is there is found.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "shared/call/if_match.h"

namespace {

bool Allows(const std::string& if_match, const std::string& etag) {
  dramatis::CallContext call;
  call.if_match = if_match;
  return dramatis::CheckIfMatch(call, etag).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  (void)Allows(input, "7");
  // What follows a tag does not matter once that has matched.
  if (!Allows("\"7\"," + input, "7")) abort();
  // Any tag without quotes in it is found as what it is, and never where it is weak.
  if (input.empty() || input.find('"') != std::string::npos) return 0;
  const std::string tag = "\"" + input + "\"";
  if (!Allows(tag, input) || !Allows("\"other\", " + tag, input)) abort();
  if (Allows("W/" + tag, input) || Allows(tag, input + "x")) abort();
  return 0;
}
