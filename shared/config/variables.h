// Every setting of every program, once: for the check for unknown variables, `--help`, and
// docs/configuration.md, which is made from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dramatis {

struct Variable {
  std::string_view name;
  std::string_view fallback;  // the value where unset, in words where it is computed
  std::string_view meaning;   // one line
  std::string_view programs;  // which read it: "all", or names without `dramatis-`
};

// In the order in which they are to be shown.
const std::vector<Variable>& KnownVariables();

// The known variable that `name` was probably meant to be, or empty.
std::string SuggestVariable(const std::string& name);

// The variables that `program` ("dramatis-persona", or "dramatis" for everything) reads, as the
// lines of a `--help`.
std::string VariablesHelp(const std::string& program);

// A Markdown table of all of them.
std::string VariablesMarkdown();

}  // namespace dramatis
