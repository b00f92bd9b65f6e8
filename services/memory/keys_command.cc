#include "services/memory/keys_command.h"

#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/memory/keys/keys.h"
#include "services/memory/sql/keys.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"
#include "shared/time/timestamps.h"

namespace dramatis::memory {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kMostDays = 3650;
constexpr size_t kLongestUser = 128;
constexpr char kHelp[] =
    "  keys create --user <id> [--admin] [--name <name>] [--scopes <scopes>] [--days <days>]\n"
    "                   make an API key of a user and print it; scopes of chat, personas_read,\n"
    "                   personas_write, memory, admin, comma-separated (all but admin)\n";

struct KeyOrder {
  std::string user;
  bool admin = false;
  v1::Key key;
};

int ComplainOfUsage(const std::string& what) {
  std::fprintf(stderr, "keys: %s\n\nusage:\n%s", what.c_str(), kHelp);
  return kUsage;
}

// Empty, or what is wrong.
std::string ReadScopes(const std::string& text, v1::Key& key) {
  for (const auto word : absl::StrSplit(text, ',')) {
    v1::KeyScope scope = v1::KEY_SCOPE_UNSPECIFIED;
    const std::string name = absl::StrCat("KEY_SCOPE_", absl::AsciiStrToUpper(word));
    if (!v1::KeyScope_Parse(name, &scope) || scope == v1::KEY_SCOPE_UNSPECIFIED) {
      return absl::StrCat("there is no scope '", word, "'");
    }
    key.add_scopes(scope);
  }
  return "";
}

std::string ReadOption(const std::string& name,
                       const std::string& value,
                       const Clock& clock,
                       KeyOrder& order) {
  if (name == "--user") {
    order.user = value;
    return value.empty() || value.size() > kLongestUser ? "--user must have 1 to 128 characters"
                                                        : "";
  }
  if (name == "--name") {
    order.key.set_name(value);
    return "";
  }
  if (name == "--scopes") return ReadScopes(value, order.key);
  if (name == "--days") {
    int days = 0;
    if (!absl::SimpleAtoi(value, &days) || days < 1 || days > kMostDays) {
      return "--days must be 1 to 3650";
    }
    *order.key.mutable_expires_at() = ToTimestamp(clock.Now() + absl::Hours(24 * days));
    return "";
  }
  return absl::StrCat("unknown option '", name, "'");
}

// Empty, or what is wrong.
std::string ReadOrder(const std::vector<std::string>& arguments,
                      const Clock& clock,
                      KeyOrder& order) {
  if (arguments.empty() || arguments[0] != "create") return "the only command is `keys create`";
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == "--admin") {
      order.admin = true;
      continue;
    }
    if (i + 1 == arguments.size()) return absl::StrCat(arguments[i], " takes a value");
    const std::string problem = ReadOption(arguments[i], arguments[i + 1], clock, order);
    if (!problem.empty()) return problem;
    ++i;
  }
  if (order.user.empty()) return "--user must be given: the id of the key's user";
  if (order.key.name().empty()) order.key.set_name("made at the command line");
  if (order.key.scopes().empty()) {
    ReadScopes("chat,personas_read,personas_write,memory", order.key);
    if (order.admin) order.key.add_scopes(v1::KEY_SCOPE_ADMIN);
  }
  for (const int scope : order.key.scopes())
    order.admin = order.admin || scope == v1::KEY_SCOPE_ADMIN;
  return "";
}

// What is wrong, with the field's name where it is one's.
std::string Reason(const absl::Status& status) {
  const auto fields = GetBadRequest(status);
  if (!fields.has_value() || fields->field_violations().empty()) return OperatorMessage(status);
  const auto& violation = fields->field_violations(0);
  return absl::StrCat(violation.field(), " ", violation.description());
}

int Run(const std::vector<std::string>& arguments, const ModuleCommandContext& context) {
  KeyOrder order;
  if (const std::string problem = ReadOrder(arguments, context.clock, order); !problem.empty()) {
    return ComplainOfUsage(problem);
  }
  SqlKeyStore store(context.database, context.clock);
  Keys keys(store, context.clock, context.ids, context.config.environment);
  CallContext call;
  call.identity = {.user_id = order.user,
                   .role = order.admin ? AccessRole::kAdmin : AccessRole::kUser};
  v1::CreateKeyRequest request;
  *request.mutable_key() = order.key;
  if (const absl::Status rules = CheckFieldRules(request); !rules.ok()) {
    return ComplainOfUsage(Reason(rules));
  }
  const absl::StatusOr<v1::Key> key = keys.Create(call, request);
  if (!key.ok()) {
    std::fprintf(stderr, "keys: %s\n", Reason(key.status()).c_str());
    return kFailed;
  }
  // The secret alone on standard output, so that it can go into a file.
  std::fprintf(stderr, "key %s of user %s; this is the only time that it is shown:\n",
               key->key_id().c_str(), order.user.c_str());
  std::printf("%s\n", key->secret().c_str());
  return 0;
}

}  // namespace

const ModuleCommand& KeysCommand() {
  static const auto& command = *new ModuleCommand{"keys", kHelp, Run};
  return command;
}

}  // namespace dramatis::memory
