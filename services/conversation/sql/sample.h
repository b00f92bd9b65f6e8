// The rooms of the sample data, in which the sample's personas have talked. See
// services/persona/sql/sample.h for the story.
#pragma once

#include "shared/sql/sample_data.h"

namespace dramatis::conversation {

const sql::SampleData& Sample();

}  // namespace dramatis::conversation
