// Zip archives that somebody sends us, read with libzip, which gets to see no file before this has
// looked at its directory. Names in an archive never become paths.
//
//   DRAMATIS_ASSIGN_OR_RETURN(const auto zip, ZipFile::Open(file));
//   for (const ZipFile::Entry& entry : zip->entries()) ...
//   zip->Read(entry, [](std::string_view piece) {...});
//
// INVALID_ARGUMENT, for people, is the archive's fault: not a zip, cut off, encrypted, larger than
// kMostEntries or kMostDirectoryBytes say, in Zip64 form, a name that leads out of it, data that do
// not fit their checksum, or that unfold to more than kMostBytes, or more than kMostRatio times
// what they are. What is kept is the directory and one piece.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/archives/temporary_file.h"

struct zip;

namespace dramatis::conversation {

// One thread at a time.
class ZipFile {
 public:
  static constexpr int64_t kMostEntries = 10'000;
  static constexpr int64_t kMostDirectoryBytes = int64_t{8} << 20;
  // Of all entries that are read, together.
  static constexpr int64_t kMostBytes = int64_t{2} << 30;
  static constexpr int64_t kMostRatio = 200;

  struct Entry {
    std::string name;
    uint64_t index = 0;
    uint64_t bytes = 0;         // as the directory says
    uint64_t packed_bytes = 0;  // the same
  };
  // Takes a piece of an entry. An error ends the reading.
  using Sink = std::function<absl::Status(std::string_view)>;

  // `file` outlives it.
  static absl::StatusOr<std::unique_ptr<ZipFile>> Open(const TemporaryFile& file);
  ~ZipFile();

  const std::vector<Entry>& entries() const { return entries_; }
  // Null where there is none.
  const Entry* Find(std::string_view name) const;
  absl::Status Read(const Entry& entry, const Sink& sink);

 private:
  explicit ZipFile(zip* archive) : archive_(archive) {}
  absl::Status ReadEntries();

  zip* const archive_;
  std::vector<Entry> entries_;
  int64_t bytes_read_ = 0;
};

}  // namespace dramatis::conversation
