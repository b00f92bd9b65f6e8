#include "shared/sql/sample_data.h"

#include "absl/strings/str_cat.h"
#include "shared/ids/ids.h"

namespace dramatis::sql {

std::string SampleId(const std::string& kind, const std::string& name) {
  return NameId(absl::StrCat("sample\n", kind, "\n", name));
}

}  // namespace dramatis::sql
