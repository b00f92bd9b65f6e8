// The personas of the sample data: three people who turn a lighthouse into a museum, and the three
// AI personas who help them. The ids are `SampleId("persona", name)`.
#pragma once

#include "shared/sql/sample_data.h"

namespace dramatis::persona {

// Empty where there is no persona but the deployment's default one.
const sql::SampleData& Sample();

}  // namespace dramatis::persona
