#include "shared/program/arguments.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "shared/program/identity_command.h"

namespace dramatis {

absl::StatusOr<Command> ParseArguments(const std::vector<std::string>& arguments,
                                       bool can_migrate) {
  const std::string line = absl::StrJoin(arguments, " ");
  if (line.empty()) return Command::kServe;
  if (line == "--help" || line == "-h") return Command::kHelp;
  if (line == "--version") return Command::kVersion;
  if (line == "--check-config") return Command::kCheckConfig;
  if (can_migrate && line == "migrate") return Command::kMigrate;
  if (can_migrate && line == "migrate --check") return Command::kCheckSchema;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown arguments '", line, "'; --help lists what there is"));
}

std::string HelpText(const std::string& program,
                     const Deployment& deployment,
                     bool can_migrate,
                     const std::string& more) {
  std::string text = absl::StrCat(
      "usage: ", program, " [command]\n\n", "  (none)           serve until SIGTERM or SIGINT\n",
      "  --check-config   read the settings and report every problem\n");
  if (can_migrate) {
    absl::StrAppend(&text, "  migrate          apply pending database migrations\n",
                    "  migrate --check  say which are pending; exit code 1 if any is\n");
  }
  if (program == kWholeProgram) text += kIdentityHelp;
  absl::StrAppend(&text, more, "  --version        print the version\n",
                  "  --help           print this\n\n", "Settings are environment variables:\n\n",
                  deployment.Help(program));
  return text;
}

}  // namespace dramatis
