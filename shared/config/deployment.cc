#include "shared/config/deployment.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace dramatis {
namespace {

// All parts in one process.
constexpr std::string_view kWhole = "dramatis";
constexpr std::string_view kProgramPrefix = "dramatis-";

// The number of insertions, deletions and replacements between two names (Levenshtein).
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Deployment::Deployment(std::vector<DeploymentPart> parts) : parts_(std::move(parts)) {
  for (const CommonVariable& common :
       CommonVariables(AddressesOf(&DefaultPorts::grpc), AddressesOf(&DefaultPorts::management))) {
    settings_.push_back({common.variable, common.readers == Readers::kAll, Are(common.readers)});
  }
  for (const DeploymentPart& service : parts_) {
    if (service.ports.grpc == 0) continue;
    std::vector<std::string> readers;
    for (const DeploymentPart& part : parts_) {
      if (part.ports.http != 0 || Contains(part.calls, service.name)) readers.push_back(part.name);
    }
    Add({AddressVariable(service.name), LoopbackAddress(service.ports.grpc),
         absl::StrCat("where the ", service.name, " service is")},
        readers);
  }
  for (const DeploymentPart& part : parts_) {
    for (const Variable& variable : part.variables)
      Add(variable, {part.name});
  }
}

void Deployment::Add(const Variable& variable, const std::vector<std::string>& readers) {
  const auto there = std::find_if(
      settings_.begin(), settings_.end(),
      [&variable](const Setting& setting) { return setting.variable.name == variable.name; });
  if (there == settings_.end()) {
    settings_.push_back({variable, false, readers});
  } else {
    there->readers.insert(there->readers.end(), readers.begin(), readers.end());
  }
}

std::vector<std::string> Deployment::Are(Readers readers) const {
  std::vector<std::string> names;
  for (const DeploymentPart& part : parts_) {
    const bool frontend = part.ports.http != 0;
    const bool reads = (readers == Readers::kServices && part.ports.grpc != 0) ||
                       (readers == Readers::kCallers && (frontend || !part.calls.empty())) ||
                       (readers == Readers::kFrontends && frontend);
    if (reads) names.push_back(part.name);
  }
  return names;
}

DefaultPorts Deployment::PortsOf(std::string_view program) const {
  DefaultPorts whole;
  if (program.starts_with(kProgramPrefix)) program.remove_prefix(kProgramPrefix.size());
  for (const DeploymentPart& part : parts_) {
    if (part.name == program) return part.ports;
    if (part.ports.http != 0) {
      whole.http = part.ports.http;
      whole.management = part.ports.management;
    }
    if (whole.grpc == 0) whole.grpc = part.ports.grpc;
  }
  return program == kWhole ? whole : DefaultPorts();
}

std::vector<std::string> Deployment::Services() const {
  return Are(Readers::kServices);
}

std::vector<std::string> Deployment::Callers() const {
  return Are(Readers::kCallers);
}

std::string Deployment::AddressesOf(int DefaultPorts::* port) const {
  std::map<int, std::vector<std::string>> programs;
  programs[PortsOf(kWhole).*port].emplace_back(kWhole);
  for (const DeploymentPart& part : parts_)
    programs[part.ports.*port].push_back(part.name);
  programs.erase(0);
  std::vector<std::string> addresses;
  addresses.reserve(programs.size());
  for (const auto& [number, names] : programs)
    addresses.push_back(
        absl::StrCat(LoopbackAddress(number), " (", absl::StrJoin(names, ", "), ")"));
  return absl::StrJoin(addresses, ", ");
}

bool Deployment::Knows(std::string_view variable) const {
  return std::any_of(settings_.begin(), settings_.end(), [variable](const Setting& setting) {
    return setting.variable.name == variable;
  });
}

std::string Deployment::Suggest(std::string_view name) const {
  constexpr size_t kFarthest = 3;
  const auto nearest = std::min_element(
      settings_.begin(), settings_.end(), [name](const Setting& a, const Setting& b) {
        return EditDistance(name, a.variable.name) < EditDistance(name, b.variable.name);
      });
  return EditDistance(name, nearest->variable.name) > kFarthest ? "" : nearest->variable.name;
}

std::string Deployment::Help(std::string_view program) const {
  const bool whole = !program.starts_with(kProgramPrefix);
  if (!whole) program.remove_prefix(kProgramPrefix.size());
  std::string text;
  for (const auto& [variable, all, readers] : settings_) {
    if (!whole && !all && !Contains(readers, program)) continue;
    absl::StrAppendFormat(&text, "  %-36s %s", variable.name, variable.meaning);
    if (!variable.fallback.empty()) absl::StrAppendFormat(&text, " (%s)", variable.fallback);
    text += '\n';
  }
  return text;
}

std::string Deployment::Markdown() const {
  std::string text = "| Variable | Default | Meaning | Programs |\n|---|---|---|---|\n";
  for (const auto& [variable, all, readers] : settings_) {
    absl::StrAppendFormat(&text, "| `%s` | %s | %s | %s |\n", variable.name, variable.fallback,
                          variable.meaning, all ? "all" : absl::StrJoin(readers, ", "));
  }
  return text;
}

std::string AddressVariable(std::string_view service) {
  const absl::string_view name(service.data(), service.size());
  return absl::StrCat("DRAMATIS_", absl::AsciiStrToUpper(name), "_ADDRESS");
}

std::string LoopbackAddress(int port) {
  return absl::StrCat("127.0.0.1:", port);
}

}  // namespace dramatis
