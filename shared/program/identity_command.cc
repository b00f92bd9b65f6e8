#include "shared/program/identity_command.h"

#include <cstdio>

#include "shared/identity/programs/identity_folder.h"

namespace dramatis {
namespace {

constexpr int kIdentityFailed = 1;
constexpr int kIdentityUsage = 2;

}  // namespace

int RunIdentityCommand(const std::string& program,
                       const std::vector<std::string>& arguments,
                       const std::vector<std::string>& callers) {
  const std::string step = arguments.size() == 2 ? arguments[0] : "";
  IdentityFolder folder(arguments.size() == 2 ? arguments[1] : "", callers);
  absl::StatusOr<std::vector<std::string>> written;
  if (step == "new") {
    written = folder.New();
  } else if (step == "switch") {
    written = folder.Switch();
  } else if (step == "retire") {
    written = folder.Retire();
  } else {
    std::fprintf(stderr, "usage:\n%s", kIdentityHelp);
    return kIdentityUsage;
  }
  if (!written.ok()) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(),
                 std::string(written.status().message()).c_str());
    return kIdentityFailed;
  }
  for (const std::string& path : *written)
    std::printf("wrote %s\n", path.c_str());
  return 0;
}

}  // namespace dramatis
