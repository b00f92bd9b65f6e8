#include "shared/identity/programs/identity_folder.h"

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "shared/config/watched_file.h"
#include "shared/status/macros.h"
#include "shared/status/system_message.h"

namespace dramatis {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;
constexpr mode_t kReadable = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;

absl::Status FileError(const char* what, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", what, " ", path, ": ", SystemMessage(errno)));
}

bool Exists(const std::string& path) {
  struct stat found{};
  return stat(path.c_str(), &found) == 0;
}

absl::Status WriteWhole(const std::string& path, const std::string& text, mode_t mode) {
  const std::string beside = path + ".new";
  unlink(beside.c_str());
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return FileError("write", beside);
  const ssize_t written = write(file, text.data(), text.size());
  const bool good =
      std::cmp_equal(written, text.size()) && fchmod(file, mode) == 0 && fsync(file) == 0;
  const bool closed = close(file) == 0;
  if (!good || !closed || std::rename(beside.c_str(), path.c_str()) != 0) {
    return FileError("write", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<ProgramKey> ReadKeyFile(const std::string& path) {
  WatchedFile file(path);
  DRAMATIS_ASSIGN_OR_RETURN(const std::string text, file.Read());
  absl::StatusOr<ProgramKey> key = ProgramKey::Parse(text);
  if (key.ok()) return key;
  return absl::InvalidArgumentError(absl::StrCat(path, " ", std::string(key.status().message())));
}

}  // namespace

std::string IdentityFolder::KeyFile(const std::string& program) const {
  return absl::StrCat(folder_, "/", program, ".json");
}

std::string IdentityFolder::NextFile(const std::string& program) const {
  return absl::StrCat(folder_, "/", program, ".next.json");
}

std::string IdentityFolder::KeysFile() const {
  return absl::StrCat(folder_, "/keys.json");
}

bool IdentityFolder::HasNext() const {
  for (const std::string& program : programs_) {
    if (Exists(NextFile(program))) return true;
  }
  return false;
}

absl::StatusOr<std::vector<ProgramKey>> IdentityFolder::ReadCurrent() const {
  std::vector<ProgramKey> keys;
  for (const std::string& program : programs_) {
    DRAMATIS_ASSIGN_OR_RETURN(ProgramKey key, ReadKeyFile(KeyFile(program)));
    keys.push_back(std::move(key));
  }
  return keys;
}

absl::Status IdentityFolder::WriteKeys(const std::vector<ProgramKey>& keys) const {
  const std::string list = absl::StrJoin(
      keys, ",\n  ", [](std::string* out, const ProgramKey& key) { *out += key.PublicText(); });
  return WriteWhole(KeysFile(), absl::StrCat("{\"keys\":[\n  ", list, "\n]}\n"), kReadable);
}

absl::StatusOr<std::vector<std::string>> IdentityFolder::New() {
  if (mkdir(folder_.c_str(), S_IRWXU) != 0 && errno != EEXIST) return FileError("make", folder_);
  if (HasNext()) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder_, " has next keys already: `dramatis identity switch ", folder_,
        "` puts them to use, `dramatis identity retire ", folder_, "` ends the old ones"));
  }
  std::vector<ProgramKey> keys;
  if (Exists(KeysFile())) {
    DRAMATIS_ASSIGN_OR_RETURN(keys, ReadCurrent());
  }
  const std::vector<ProgramKey> in_use = keys;
  std::vector<std::pair<std::string, std::string>> files;
  for (size_t i = 0; i < programs_.size(); ++i) {
    const int number = in_use.empty() ? 1 : in_use[i].number() + 1;
    DRAMATIS_ASSIGN_OR_RETURN(ProgramKey key, ProgramKey::Generate(programs_[i], number));
    files.emplace_back(in_use.empty() ? KeyFile(programs_[i]) : NextFile(programs_[i]),
                       key.PrivateText() + "\n");
    keys.push_back(std::move(key));
  }
  std::vector<std::string> written;
  for (const auto& [path, text] : files) {
    DRAMATIS_RETURN_IF_ERROR(WriteWhole(path, text, kOwnerOnly));
    written.push_back(path);
  }
  DRAMATIS_RETURN_IF_ERROR(WriteKeys(keys));
  written.push_back(KeysFile());
  return written;
}

absl::StatusOr<std::vector<std::string>> IdentityFolder::Switch() {
  std::vector<std::string> written;
  for (const std::string& program : programs_) {
    if (!Exists(NextFile(program))) continue;  // also what an attempt before this one has moved
    DRAMATIS_RETURN_IF_ERROR(ReadKeyFile(NextFile(program)).status());
    if (std::rename(NextFile(program).c_str(), KeyFile(program).c_str()) != 0) {
      return FileError("write", KeyFile(program));
    }
    written.push_back(KeyFile(program));
  }
  if (!written.empty()) return written;
  return absl::FailedPreconditionError(
      absl::StrCat(folder_, " has no next keys: `dramatis identity new ", folder_, "` makes them"));
}

absl::StatusOr<std::vector<std::string>> IdentityFolder::Retire() {
  if (HasNext()) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder_, " has next keys that nobody uses yet: first `dramatis identity switch ", folder_,
        "`"));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<ProgramKey> keys, ReadCurrent());
  DRAMATIS_RETURN_IF_ERROR(WriteKeys(keys));
  return std::vector<std::string>{KeysFile()};
}

}  // namespace dramatis
