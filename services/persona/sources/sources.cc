#include "services/persona/sources/sources.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "services/persona/sources/source_text.h"
#include "shared/objects/s3.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"
#include "shared/status/system_message.h"
#include "shared/text/graphemes.h"
#include "shared/text/names.h"
#include "shared/text/text.h"

namespace dramatis::persona {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileScheme = "file:";
constexpr std::string_view kS3Scheme = "s3:";
constexpr int64_t kMostBytes = kMostSourceBytes;
constexpr size_t kLeastNameCodePoints = 2;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

// The error with what whoever runs the program has to know.
absl::Status NamingFile(const fs::path& file, const absl::Status& status) {
  std::string why(status.message());
  if (why.starts_with(kSourceUnavailable)) why = why.substr(std::strlen(kSourceUnavailable));
  return WithCause(status, absl::StrCat("cannot use the persona file ", file.string(), ": ", why,
                                        ": put a text in UTF-8 there that this user may read; it "
                                        "is looked for again every few seconds"));
}

std::string PathOf(const std::string& uri) {
  return uri.substr(kFileScheme.size());
}

// The file's path without symbolic links, inside `folder`.
absl::StatusOr<fs::path> Resolve(const fs::path& folder, const std::string& uri) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return SourceUnavailable("the persona folder does not exist");
  fs::path path = fs::canonical(root / PathOf(uri), error);
  if (error) return SourceUnavailable(error.message());
  const auto [end, unused] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  if (end != root.end()) return SourceUnavailable("it lies outside the persona folder");
  return path;
}

absl::StatusOr<std::string> ReadAll(int file, int64_t size) {
  std::string text;
  text.reserve(static_cast<size_t>(size) + 1);
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SourceUnavailable(SystemMessage(errno));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
    if (static_cast<int64_t>(text.size()) > kMostBytes)
      return SourceUnavailable("it is over 1 MiB");
  }
}

}  // namespace

bool IsSourceUri(const std::string& text) {
  return text.starts_with(kFileScheme) || text.starts_with(kS3Scheme);
}

std::string SourceUriProblem(const std::string& uri) {
  if (uri.starts_with(kS3Scheme)) {
    const auto [bucket, key] = SplitObjectUri(uri);
    return objects::IsBucketName(bucket) && objects::IsKey(key) ? "" : "must be s3://bucket/key";
  }
  if (!uri.starts_with(kFileScheme)) {
    return "must be file:<path under the persona folder> or s3://bucket/key";
  }
  const fs::path path = PathOf(uri);
  if (path.empty() || uri.find('\0') != std::string::npos || !path.has_filename()) {
    return "must name a file: file:<path under the persona folder>";
  }
  if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end()) {
    return "must be a path inside the persona folder, relative to it and without `..`";
  }
  return "";
}

std::string SourceStem(const std::string& uri) {
  if (uri.starts_with(kS3Scheme)) return fs::path(SplitObjectUri(uri).key).stem().string();
  return fs::path(PathOf(uri)).stem().string();
}

std::string HeadingName(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with("# ")) continue;
    std::string name(TrimSpace(WithoutInvisible(line.substr(2))));
    name = std::string(TrimSpace(FirstGraphemes(name, kMostNameCodePoints)));
    return CodePoints(name) < kLeastNameCodePoints ? "" : name;
  }
  return "";
}

std::string PersonaSource::Problem(const std::string& uri) const {
  return SourceUriProblem(uri);
}

absl::StatusOr<SourceText> Sources::Read(const std::string& uri) {
  return Of(uri).Read(uri);
}

std::string Sources::Problem(const std::string& uri) const {
  return Of(uri).Problem(uri);
}

PersonaSource& Sources::Of(const std::string& uri) const {
  return uri.starts_with(kS3Scheme) ? objects_ : files_;
}

FileSource::FileSource(fs::path folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock) {}

absl::StatusOr<SourceText> FileSource::Read(const std::string& uri) {
  if (const std::string problem = SourceUriProblem(uri); !problem.empty()) {
    return SourceUnavailable(problem);
  }
  const absl::MutexLock lock(&mutex_);
  Entry& entry = entries_[uri];
  const absl::Time now = clock_.Now();
  if (now - entry.checked >= kSourceCheckInterval) {
    entry.checked = now;
    entry.status = Check(uri, entry);
    if (!entry.status.ok()) entry.status = NamingFile(folder_ / PathOf(uri), entry.status);
  }
  if (!entry.status.ok()) return entry.status;
  return entry.text;
}

absl::Status FileSource::Check(const std::string& uri, Entry& entry) const {
  DRAMATIS_ASSIGN_OR_RETURN(const fs::path path, Resolve(folder_, uri));
  // Without O_NONBLOCK opening a pipe would wait for its writer.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return SourceUnavailable(SystemMessage(errno));
  const auto close_file = absl::MakeCleanup([file] { close(file); });
  struct stat facts = {};
  if (fstat(file, &facts) != 0) return SourceUnavailable(SystemMessage(errno));
  if (!S_ISREG(facts.st_mode)) return SourceUnavailable("it is not a file");
  if (facts.st_size > kMostBytes) return SourceUnavailable("it is over 1 MiB");
  const Stamp stamp = {
      .inode = facts.st_ino,
      .size = facts.st_size,
      .changed_nanos = facts.st_mtim.tv_sec * kNanosPerSecond + facts.st_mtim.tv_nsec};
  if (entry.text != nullptr && stamp == entry.stamp) return absl::OkStatus();

  DRAMATIS_ASSIGN_OR_RETURN(std::string text, ReadAll(file, facts.st_size));
  DRAMATIS_RETURN_IF_ERROR(CheckSourceText(text));
  entry.stamp = stamp;
  entry.text = std::make_shared<const std::string>(std::move(text));
  return absl::OkStatus();
}

}  // namespace dramatis::persona
