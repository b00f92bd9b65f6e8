#include "services/conversation/archives/zip_output.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <zip.h>

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"

namespace dramatis::conversation {
namespace {

// A file as libzip reads it (an input), or writes it and may read it again (the archive): see
// zip_source_function(3).
struct Medium {
  const TemporaryFile* input = nullptr;
  TemporaryFile* output = nullptr;
  int64_t read_place = 0;
  int64_t write_place = 0;
  zip_error_t error{};

  const TemporaryFile& file() const { return input != nullptr ? *input : *output; }
};

zip_int64_t Fail(Medium& medium, int code) {
  zip_error_set(&medium.error, code, EIO);
  return -1;
}

zip_int64_t ReadFrom(Medium& medium, void* data, zip_uint64_t bytes) {
  const absl::StatusOr<std::string> piece =
      medium.file().Read(medium.read_place, static_cast<size_t>(bytes));
  if (!piece.ok()) return Fail(medium, ZIP_ER_READ);
  std::memcpy(data, piece->data(), piece->size());
  medium.read_place += static_cast<int64_t>(piece->size());
  return static_cast<zip_int64_t>(piece->size());
}

zip_int64_t Seek(Medium& medium, int64_t& place, void* data, zip_uint64_t bytes) {
  const auto size = static_cast<zip_uint64_t>(medium.file().size());
  const zip_int64_t to = zip_source_seek_compute_offset(static_cast<zip_uint64_t>(place), size,
                                                        data, bytes, &medium.error);
  if (to < 0) return -1;
  place = to;
  return 0;
}

zip_int64_t Write(Medium& medium, const void* data, zip_uint64_t bytes) {
  const std::string_view piece(static_cast<const char*>(data), static_cast<size_t>(bytes));
  if (!medium.output->Write(medium.write_place, piece).ok()) return Fail(medium, ZIP_ER_WRITE);
  medium.write_place += static_cast<int64_t>(bytes);
  return static_cast<zip_int64_t>(bytes);
}

zip_int64_t Describe(Medium& medium, void* data, zip_uint64_t bytes) {
  if (bytes < sizeof(zip_stat_t)) return Fail(medium, ZIP_ER_INVAL);
  auto* const stat = static_cast<zip_stat_t*>(data);
  zip_stat_init(stat);
  stat->size = static_cast<zip_uint64_t>(medium.file().size());
  stat->valid = ZIP_STAT_SIZE;
  return sizeof(zip_stat_t);
}

zip_int64_t Serve(void* state, void* data, zip_uint64_t bytes, zip_source_cmd_t command) {
  auto& medium = *static_cast<Medium*>(state);
  switch (command) {
    case ZIP_SOURCE_OPEN:
      medium.read_place = 0;
      return 0;
    case ZIP_SOURCE_READ:
      return ReadFrom(medium, data, bytes);
    case ZIP_SOURCE_SEEK:
      return Seek(medium, medium.read_place, data, bytes);
    case ZIP_SOURCE_TELL:
      return medium.read_place;
    case ZIP_SOURCE_STAT:
      return Describe(medium, data, bytes);
    case ZIP_SOURCE_BEGIN_WRITE:
      medium.write_place = 0;
      return 0;
    case ZIP_SOURCE_WRITE:
      return Write(medium, data, bytes);
    case ZIP_SOURCE_SEEK_WRITE:
      return Seek(medium, medium.write_place, data, bytes);
    case ZIP_SOURCE_TELL_WRITE:
      return medium.write_place;
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data(&medium.error, data, bytes);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_COMMIT_WRITE:
    case ZIP_SOURCE_ROLLBACK_WRITE:
    case ZIP_SOURCE_REMOVE:
    case ZIP_SOURCE_FREE:
      return 0;
    case ZIP_SOURCE_SUPPORTS:
      if (medium.input != nullptr) return ZIP_SOURCE_SUPPORTS_SEEKABLE;
      return ZIP_SOURCE_SUPPORTS_WRITABLE;
    default:
      return Fail(medium, ZIP_ER_OPNOTSUPP);
  }
}

absl::Status Failed(const char* why) {
  return WithCause(UnavailableError("the archive could not be packed"),
                   absl::StrCat("an archive could not be packed: ", why));
}

}  // namespace

absl::Status WriteZip(const std::vector<ZipInput>& inputs, TemporaryFile& into) {
  std::vector<std::unique_ptr<Medium>> media;  // until the archive is closed
  const auto medium = [&](const TemporaryFile* input, TemporaryFile* output) {
    media.push_back(std::make_unique<Medium>());
    media.back()->input = input;
    media.back()->output = output;
    zip_error_init(&media.back()->error);
    return media.back().get();
  };
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const target = zip_source_function_create(&Serve, medium(nullptr, &into), &error);
  if (target == nullptr) return Failed(zip_error_strerror(&error));
  zip_t* const archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    zip_source_free(target);
    return Failed(zip_error_strerror(&error));
  }
  for (const ZipInput& input : inputs) {
    zip_source_t* const source = zip_source_function(archive, &Serve, medium(input.file, nullptr));
    if (source == nullptr ||
        zip_file_add(archive, input.name.c_str(), source, ZIP_FL_ENC_UTF_8) < 0) {
      if (source != nullptr) zip_source_free(source);
      zip_discard(archive);
      return Failed("a file could not be added");
    }
  }
  if (zip_close(archive) != 0) {
    const std::string why = zip_error_strerror(zip_get_error(archive));
    zip_discard(archive);
    return Failed(why.c_str());
  }
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
