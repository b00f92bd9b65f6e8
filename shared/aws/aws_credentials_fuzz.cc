// Fuzzes the readers of credentials, of STS' XML and of metadata services' JSON: what comes out can
// stand in headers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/aws/credentials.h"

namespace {

void Check(const absl::StatusOr<dramatis::aws::Credentials>& read) {
  if (!read.ok()) return;
  if (read->access_key_id.empty() || read->secret_access_key.empty()) std::abort();
  for (const std::string& text : {read->access_key_id, read->session_token}) {
    for (const char c : text) {
      if (c <= ' ' || c > '~') std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Check(dramatis::aws::ParseStsAnswer(text));
  Check(dramatis::aws::ParseMetadataAnswer(text));
  return 0;
}
