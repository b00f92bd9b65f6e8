// An embedder that is a table in a file (embedding/table.h): microseconds a text, nobody is asked
// and nothing is paid. The file is mapped into memory, so only what is used of it takes any.
//
//   absl::StatusOr<std::unique_ptr<Embedder>> embedder = OpenTable("/var/lib/minilm.table");
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/inference/embedding/embedder.h"

namespace dramatis::inference {

// INVALID_ARGUMENT, which names the file and says what is wrong with it. The embedder's name is
// made of the file's content.
absl::StatusOr<std::unique_ptr<Embedder>> OpenTable(const std::string& path);

}  // namespace dramatis::inference
