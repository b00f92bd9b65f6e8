#include "shared/identity/programs/program_signer.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "shared/call/process_identity.h"
#include "shared/identity/programs/program_token.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

// The last so many to twice so many are kept.
constexpr size_t kTokensKept = 4096;
// The rest of its life is for the way, and for clocks that differ.
constexpr absl::Duration kTokenSent = absl::Minutes(4);

absl::StatusOr<ProgramKey> ReadKey(WatchedFile& file) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::string text, file.Read());
  absl::StatusOr<ProgramKey> key = ProgramKey::Parse(text);
  if (key.ok()) return key;
  return absl::InvalidArgumentError(
      absl::StrCat(file.path(), " ", std::string(key.status().message())));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileProgramSigner>> FileProgramSigner::Open(const std::string& file,
                                                                           const Clock& clock) {
  WatchedFile watched(file);
  DRAMATIS_ASSIGN_OR_RETURN(ProgramKey key, ReadKey(watched));
  return std::unique_ptr<FileProgramSigner>(
      new FileProgramSigner(std::move(watched), std::move(key), clock));
}

std::string FileProgramSigner::TokenFor(const std::string& audience, const std::string& identity) {
  const absl::Time now = clock_.Now();
  const std::string wanted = absl::StrCat(audience, "|", identity);
  std::optional<ProgramKey> key;
  {
    const absl::MutexLock lock(&mutex_);
    for (const Tokens* tokens : {&newer_, &older_}) {
      const auto found = tokens->find(wanted);
      if (found != tokens->end() && now < found->second.until) return found->second.token;
    }
    key = key_;
  }
  const std::optional<Identity> parsed = ParseProcessIdentity(identity);
  if (!parsed.has_value()) return "";
  std::string token = MintProgramToken(*key, audience, *parsed, now);
  const absl::MutexLock lock(&mutex_);
  if (key_.kid() != key->kid()) return token;  // another key has come meanwhile
  if (newer_.size() >= kTokensKept) {
    older_ = std::move(newer_);
    newer_.clear();
  }
  newer_.insert_or_assign(wanted, Minted{token, now + kTokenSent});
  return token;
}

absl::StatusOr<bool> FileProgramSigner::Refresh() {
  const absl::MutexLock lock(&mutex_);
  if (!file_.Changed()) return false;
  DRAMATIS_ASSIGN_OR_RETURN(ProgramKey key, ReadKey(file_));
  if (key.program() != key_.program()) {
    return absl::InvalidArgumentError(absl::StrCat(file_.path(), " is now the key of ",
                                                   key.program(), "; that of ", key_.program(),
                                                   " stays in use"));
  }
  const bool other = key.PublicText() != key_.PublicText();
  key_ = std::move(key);
  newer_.clear();
  older_.clear();
  return other;
}

std::string FileProgramSigner::kid() const {
  const absl::MutexLock lock(&mutex_);
  return key_.kid();
}

}  // namespace dramatis
