// The folder that holds a deployment's identity keys: `<program>.json`, the private key of each
// program that calls others, and `keys.json`, the public keys of all of them, a JWK Set.
//
//   IdentityFolder folder("identity", {"gateway", "conversation", "memory"});
//   folder.New();      // the first keys; or the next ones, as <program>.next.json, whose public
//                      // halves stand in keys.json beside the others
//   folder.Switch();   // the next keys take the place of those in use
//   folder.Retire();   // keys.json has only the keys in use
//
// Between two steps of a rotation the programs read their files again, within two seconds: a token
// of either key is taken at every moment. Every file is written whole, beside its place, and then
// moved there; private keys for their owner only (0600). Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/identity/programs/program_key.h"

namespace dramatis {

class IdentityFolder {
 public:
  IdentityFolder(std::string folder, std::vector<std::string> programs)
      : folder_(std::move(folder)), programs_(std::move(programs)) {}

  // Each returns the files that it wrote. FAILED_PRECONDITION where it is not this step's turn, and
  // says whose it is; UNAVAILABLE where a file cannot be read or written.
  absl::StatusOr<std::vector<std::string>> New();
  absl::StatusOr<std::vector<std::string>> Switch();
  absl::StatusOr<std::vector<std::string>> Retire();

 private:
  std::string KeyFile(const std::string& program) const;
  std::string NextFile(const std::string& program) const;
  std::string KeysFile() const;
  bool HasNext() const;
  absl::StatusOr<std::vector<ProgramKey>> ReadCurrent() const;
  absl::Status WriteKeys(const std::vector<ProgramKey>& keys) const;

  const std::string folder_;
  const std::vector<std::string> programs_;
};

}  // namespace dramatis
