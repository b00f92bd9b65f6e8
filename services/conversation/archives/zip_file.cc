#include "services/conversation/archives/zip_file.h"

#include <algorithm>
#include <array>

#include <unistd.h>
#include <zip.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

constexpr size_t kPiece = size_t{64} << 10;

absl::Status Refused(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

uint32_t Number(std::string_view bytes, size_t offset, int size) {
  uint32_t number = 0;
  for (int i = size - 1; i >= 0; --i)
    number = (number << 8) | static_cast<unsigned char>(bytes[offset + static_cast<size_t>(i)]);
  return number;
}

// Looks at the end of the central directory (APPNOTE.TXT 4.3.16), so that a library which believes
// it does not set aside more than there may be.
absl::Status CheckDirectory(const TemporaryFile& file) {
  constexpr int64_t kEndBytes = 22;
  constexpr int64_t kMostComment = 65'535;
  constexpr std::string_view kEndMark("PK\x05\x06", 4);
  constexpr std::string_view kZip64Mark("PK\x06\x07", 4);
  const int64_t tail = std::min(file.size(), kEndBytes + kMostComment + 20);
  DRAMATIS_ASSIGN_OR_RETURN(const std::string end,
                            file.Read(file.size() - tail, static_cast<size_t>(tail)));
  const size_t at = end.rfind(kEndMark);
  if (at == std::string::npos || end.size() - at < static_cast<size_t>(kEndBytes)) {
    return Refused("it is not a whole zip archive: it has no directory");
  }
  if (end.find(kZip64Mark) != std::string::npos)
    return Refused("it is a zip archive in Zip64 form");
  constexpr uint32_t kSmallZip64 = 0xffff;
  const uint32_t entries = Number(end, at + 10, 2);
  const uint32_t bytes = Number(end, at + 12, 4);
  const uint32_t begin = Number(end, at + 16, 4);
  if (entries == kSmallZip64) return Refused("it is a zip archive in Zip64 form");
  if (entries > ZipFile::kMostEntries || bytes > ZipFile::kMostDirectoryBytes) {
    return Refused(absl::StrCat("the zip archive has more than ", ZipFile::kMostEntries, " files"));
  }
  if (int64_t{begin} + int64_t{bytes} > file.size()) {
    return Refused("it is not a whole zip archive: its directory lies outside of it");
  }
  return absl::OkStatus();
}

// Nothing of ours makes a path of it; whoever sends it means no good.
bool LeadsOut(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\\') != std::string_view::npos) return true;
  return absl::StrContains(absl::StrCat("/", std::string(name), "/"), "/../");
}

}  // namespace

absl::StatusOr<std::unique_ptr<ZipFile>> ZipFile::Open(const TemporaryFile& file) {
  DRAMATIS_RETURN_IF_ERROR(CheckDirectory(file));
  const int descriptor = dup(file.descriptor());
  if (descriptor < 0) return absl::UnavailableError("no more files can be opened");
  // The two share their place in the file, which only libzip uses.
  (void)lseek(descriptor, 0, SEEK_SET);
  int code = 0;
  zip_t* const archive = zip_fdopen(descriptor, ZIP_CHECKCONS, &code);
  if (archive == nullptr) {
    (void)close(descriptor);
    return Refused("it is not a whole zip archive: its directory contradicts itself");
  }
  std::unique_ptr<ZipFile> opened(new ZipFile(archive));
  DRAMATIS_RETURN_IF_ERROR(opened->ReadEntries());
  return opened;
}

ZipFile::~ZipFile() {
  zip_discard(archive_);
}

absl::Status ZipFile::ReadEntries() {
  const zip_int64_t count = zip_get_num_entries(archive_, 0);
  if (count < 0 || count > kMostEntries) return Refused("the zip archive has too many files");
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if (zip_stat_index(archive_, i, ZIP_FL_ENC_GUESS, &stat) != 0 ||
        (stat.valid & kNeeded) != kNeeded) {
      return Refused("the zip archive has a file that it does not describe");
    }
    Entry entry{.name = stat.name, .index = i, .bytes = stat.size, .packed_bytes = stat.comp_size};
    if (LeadsOut(entry.name)) {
      return Refused("the zip archive has a file whose name leads out of it");
    }
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE) {
      return Refused("the zip archive is encrypted");
    }
    entries_.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

const ZipFile::Entry* ZipFile::Find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

absl::Status ZipFile::Read(const Entry& entry, const Sink& sink) {
  constexpr int64_t kSmall = int64_t{1} << 20;
  const int64_t most =
      std::max(kSmall, static_cast<int64_t>(std::min<uint64_t>(entry.packed_bytes, kMostBytes)) *
                           kMostRatio);
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
      zip_fopen_index(archive_, entry.index, 0), &zip_fclose);
  if (file == nullptr) return Refused("the zip archive has a file that cannot be unpacked");
  std::string piece(kPiece, '\0');
  int64_t read_here = 0;
  while (true) {
    const zip_int64_t read = zip_fread(file.get(), piece.data(), piece.size());
    if (read < 0) return Refused("the zip archive is damaged");
    if (read == 0) return absl::OkStatus();
    read_here += read;
    bytes_read_ += read;
    if (read_here > most || bytes_read_ > kMostBytes) {
      return Refused("the zip archive unfolds to more than is taken");
    }
    DRAMATIS_RETURN_IF_ERROR(sink(std::string_view(piece).substr(0, static_cast<size_t>(read))));
  }
}

}  // namespace dramatis::conversation
