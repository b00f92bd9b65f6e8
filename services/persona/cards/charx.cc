#include "services/persona/cards/charx.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <zip.h>

#include "absl/strings/str_cat.h"
#include "services/persona/cards/png.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

constexpr char kCardEntry[] = "card.json";
// So that equal cards are equal files: 1 January 1980, the first time that a zip can say.
constexpr zip_uint16_t kDosDate = 0x21;

absl::Status BadZip(const std::string& what) {
  return FieldErrors({{"card", absl::StrCat("is not a good CHARX file: ", what)}});
}

struct DiscardZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Source = std::unique_ptr<zip_source_t, FreeSource>;
using Zip = std::unique_ptr<zip_t, DiscardZip>;

// A zip over bytes that outlive it, and the source that has what is written.
struct OpenZip {
  Source source;
  Zip zip;
};

absl::StatusOr<OpenZip> Open(std::string_view bytes, int flags) {
  zip_error_t error;
  zip_error_init(&error);
  OpenZip opened;
  opened.source.reset(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error));
  if (opened.source != nullptr) {
    zip_source_keep(opened.source.get());  // one for us, one for the zip
    opened.zip.reset(zip_open_from_source(opened.source.get(), flags, &error));
    if (opened.zip == nullptr) zip_source_free(opened.source.get());
  }
  zip_error_fini(&error);
  if (opened.zip == nullptr) return BadZip("it is no zip, or a damaged one");
  return opened;
}

bool LeadsOut(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\\') != std::string_view::npos) return true;
  if (name.find(':') != std::string_view::npos) return name.find(':') == 1;
  while (!name.empty()) {
    const size_t slash = std::min(name.find('/'), name.size());
    if (name.substr(0, slash) == "..") return true;
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  return false;
}

absl::Status Check(zip_t* zip) {
  const zip_int64_t count = zip_get_num_entries(zip, 0);
  if (count > kMostZipEntries) return BadZip("it has more than 10000 entries");
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t entry;
    if (zip_stat_index(zip, i, 0, &entry) != 0 || (entry.valid & ZIP_STAT_NAME) == 0) {
      return BadZip("an entry cannot be read");
    }
    if (LeadsOut(entry.name)) return BadZip("an entry's name leads out of it");
    if ((entry.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && entry.encryption_method != ZIP_EM_NONE) {
      return BadZip("an entry is encrypted");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadCard(zip_t* zip) {
  zip_stat_t entry;
  if (zip_stat(zip, kCardEntry, 0, &entry) != 0) return BadZip("it has no card.json at its root");
  if ((entry.valid & ZIP_STAT_SIZE) != 0 && entry.size > kMostCardBytes) {
    return BadZip("its card.json has more than 2 MiB");
  }
  const std::unique_ptr<zip_file_t, CloseEntry> file(zip_fopen(zip, kCardEntry, 0));
  if (file == nullptr) return BadZip("its card.json cannot be read");
  // Whatever the directory says: no more than that is taken out of it.
  std::string document(kMostCardBytes + 1, '\0');
  size_t size = 0;
  while (size < document.size()) {
    const zip_int64_t read = zip_fread(file.get(), document.data() + size, document.size() - size);
    if (read < 0) return BadZip("its card.json is damaged");
    if (read == 0) break;
    size += static_cast<size_t>(read);
  }
  if (size > kMostCardBytes) return BadZip("its card.json has more than 2 MiB");
  document.resize(size);
  return document;
}

// What was written into the source.
absl::StatusOr<std::string> Written(zip_source_t* source) {
  zip_stat_t size;
  if (zip_source_stat(source, &size) != 0 || zip_source_open(source) != 0) {
    return InternalError("a zip could not be written");
  }
  std::string bytes(size.size, '\0');
  const zip_int64_t read = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (std::cmp_not_equal(read, bytes.size())) {
    return InternalError("a zip could not be written");
  }
  return bytes;
}

}  // namespace

bool LooksLikeZip(std::string_view bytes) {
  return bytes.starts_with("PK");
}

absl::StatusOr<std::string> CardInZip(std::string_view zip) {
  DRAMATIS_ASSIGN_OR_RETURN(const OpenZip opened, Open(zip, ZIP_RDONLY));
  DRAMATIS_RETURN_IF_ERROR(Check(opened.zip.get()));
  return ReadCard(opened.zip.get());
}

absl::StatusOr<std::string> WithCardInZip(std::string_view zip, const std::string& document) {
  DRAMATIS_ASSIGN_OR_RETURN(OpenZip opened, Open(zip, zip.empty() ? ZIP_TRUNCATE : 0));
  DRAMATIS_RETURN_IF_ERROR(Check(opened.zip.get()));
  zip_source_t* const card =
      zip_source_buffer(opened.zip.get(), document.data(), document.size(), 0);
  const zip_int64_t index =
      card == nullptr ? -1 : zip_file_add(opened.zip.get(), kCardEntry, card, ZIP_FL_OVERWRITE);
  if (index < 0) {
    if (card != nullptr) zip_source_free(card);
    return InternalError("a card could not be put into a zip");
  }
  zip_file_set_dostime(opened.zip.get(), index, 0, kDosDate, 0);
  if (zip_close(opened.zip.get()) != 0) return InternalError("a zip could not be written");
  opened.zip.release();  // NOLINT(bugprone-unused-return-value): closed, not discarded
  return Written(opened.source.get());
}

}  // namespace dramatis::persona
