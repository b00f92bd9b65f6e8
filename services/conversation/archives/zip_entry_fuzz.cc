// Files that somebody uploads: what they are, and every chat in them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "services/conversation/archives/archive_source.h"
#include "services/conversation/archives/temporary_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace conversation = dramatis::conversation;
  const auto file = conversation::TemporaryFile::Make("/tmp");
  if (!file.ok()) return 0;
  (void)(*file)->Append({reinterpret_cast<const char*>(data), size});
  const auto source = conversation::SourceOf(**file);
  if (!source.ok() || *source == dramatis::conversation::v1::IMPORT_SOURCE_DRAMATIS) return 0;
  (void)conversation::ReadChats(**file, *source, 0, [](const auto&) { return absl::OkStatus(); });
  return 0;
}
