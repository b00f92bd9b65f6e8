// Writes a zip archive of files into a file, with libzip.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "services/conversation/archives/temporary_file.h"

namespace dramatis::conversation {

struct ZipInput {
  std::string name;
  const TemporaryFile* file = nullptr;
};

// Packs the inputs, in their order, into `into`, which is empty. UNAVAILABLE where there is no
// room.
absl::Status WriteZip(const std::vector<ZipInput>& inputs, TemporaryFile& into);

}  // namespace dramatis::conversation
