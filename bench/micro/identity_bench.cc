// What identity between programs adds to a call: at the calling end, at the called end, and the two
// that happen once for each user in four minutes.
#include <cstdlib>
#include <filesystem>
#include <string>

#include "benchmark/benchmark.h"
#include "shared/call/process_identity.h"
#include "shared/identity/programs/identity_folder.h"
#include "shared/identity/programs/program_signer.h"
#include "shared/identity/programs/program_verifier.h"
#include "shared/time/clock.h"

namespace dramatis {
namespace {

// A signer and a verifier over keys of their own.
struct Programs {
  Programs() {
    std::string name = (std::filesystem::temp_directory_path() / "dramatis-bench.XXXXXX");
    folder = mkdtemp(name.data());
    if (!IdentityFolder(folder, {"gateway"}).New().ok()) std::abort();
    signer = FileProgramSigner::Open(folder + "/gateway.json", clock).value();
    verifier = FileProgramVerifier::Open(folder + "/keys.json", "persona", clock).value();
    std::filesystem::remove_all(folder);
  }
  SystemClock clock;
  std::string folder;
  std::unique_ptr<FileProgramSigner> signer;
  std::unique_ptr<FileProgramVerifier> verifier;
};

Programs& ThePrograms() {
  static auto& programs = *new Programs();
  return programs;
}

std::string User(int64_t number) {
  return FormatProcessIdentity({"01a1fc76-d979-74c2-a794-" + std::to_string(number)});
}

void IdentityBetweenServices(benchmark::State& state) {
  Programs& programs = ThePrograms();
  const Identity user{"01a1fc76-d979-74c2-a794-7320cdad334e"};
  for (auto _ : state) {
    const std::string token = programs.signer->TokenFor("persona", FormatProcessIdentity(user));
    benchmark::DoNotOptimize(programs.verifier->Verify(token));
  }
}
BENCHMARK(IdentityBetweenServices);

void IdentityOfAUserNotSeenBefore(benchmark::State& state) {
  Programs& programs = ThePrograms();
  int64_t number = 0;
  for (auto _ : state) {
    const std::string token = programs.signer->TokenFor("persona", User(++number));
    benchmark::DoNotOptimize(programs.verifier->Verify(token));
  }
}
BENCHMARK(IdentityOfAUserNotSeenBefore);

}  // namespace
}  // namespace dramatis
