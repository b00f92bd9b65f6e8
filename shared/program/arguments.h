// The command line of every program: a command and nothing else, since settings are environment
// variables.
//
//   absl::StatusOr<Arguments> arguments = ParseArguments({"migrate", "--check"}, has_database);
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/config/deployment.h"

namespace dramatis {

enum class Command {
  kServe,        // no argument
  kHelp,         // --help, -h
  kVersion,      // --version
  kCheckConfig,  // --check-config: reads the settings, reports problems, touches nothing
  kMigrate,      // migrate: applies pending migrations
  kCheckSchema,  // migrate --check: says what is pending; exit code 1 if anything is
};

// The program that has all others in one process.
inline constexpr char kWholeProgram[] = "dramatis";

// The command that `arguments` (without the program's name) stand for. INVALID_ARGUMENT says what
// is wrong with them; `can_migrate` is false for programs without a database.
absl::StatusOr<Command> ParseArguments(const std::vector<std::string>& arguments, bool can_migrate);

// What --help prints: usage, commands, `more` of which are the program's own, and the settings that
// `program` reads with their defaults.
std::string HelpText(const std::string& program,
                     const Deployment& deployment,
                     bool can_migrate,
                     const std::string& more = "");

}  // namespace dramatis
