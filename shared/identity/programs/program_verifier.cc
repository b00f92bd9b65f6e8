#include "shared/identity/programs/program_verifier.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "shared/identity/programs/program_token.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

constexpr size_t kTokensRemembered = 8192;

absl::StatusOr<KeySet> ReadKeys(WatchedFile& file) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::string text, file.Read());
  absl::StatusOr<KeySet> keys = ParseKeySet(text);
  if (keys.ok()) return keys;
  return absl::InvalidArgumentError(absl::StrCat(
      file.path(), " is not the programs' public keys: ", std::string(keys.status().message()),
      "; `dramatis identity new <folder>` writes them"));
}

}  // namespace

FileProgramVerifier::FileProgramVerifier(WatchedFile file,
                                         KeySet keys,
                                         std::string audience,
                                         const Clock& clock)
    : audience_(std::move(audience)),
      clock_(clock),
      cache_(kTokensRemembered),
      file_(std::move(file)),
      keys_{std::make_shared<const KeySet>(std::move(keys))} {}

absl::StatusOr<std::unique_ptr<FileProgramVerifier>> FileProgramVerifier::Open(
    const std::string& file, std::string audience, const Clock& clock) {
  WatchedFile watched(file);
  DRAMATIS_ASSIGN_OR_RETURN(KeySet keys, ReadKeys(watched));
  return std::unique_ptr<FileProgramVerifier>(
      new FileProgramVerifier(std::move(watched), std::move(keys), std::move(audience), clock));
}

SignIn FileProgramVerifier::Verify(std::string_view token) {
  const absl::Time now = clock_.Now();
  const TokenDigest digest = DigestOf(token);
  Keys keys = this->keys();
  if (std::optional<Identity> known = cache_.Find(digest, keys.generation, now)) {
    return SignIn{*std::move(known)};
  }
  Claims claims = ReadProgramToken(token, *keys.set, audience_, now);
  if (claims.sign_in.refusal == "unknown_key" && Refresh().value_or(false)) {
    keys = this->keys();
    claims = ReadProgramToken(token, *keys.set, audience_, now);
  }
  if (claims.sign_in.identity.ok()) {
    cache_.Add(digest, {*claims.sign_in.identity, claims.expires, keys.generation});
  }
  return std::move(claims.sign_in);
}

absl::StatusOr<bool> FileProgramVerifier::Refresh() {
  const absl::MutexLock lock(&mutex_);
  if (!file_.Changed()) return false;
  DRAMATIS_ASSIGN_OR_RETURN(KeySet keys, ReadKeys(file_));
  keys_ = {std::make_shared<const KeySet>(std::move(keys)), keys_.generation + 1};
  return true;
}

FileProgramVerifier::Keys FileProgramVerifier::keys() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return keys_;
}

size_t FileProgramVerifier::size() const {
  return keys().set->size();
}

}  // namespace dramatis
