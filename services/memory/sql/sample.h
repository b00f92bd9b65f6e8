// What memory knows of the sample's three users: profiles, memories, goals with activities, journal
// entries. See services/persona/sql/sample.h for the story.
#pragma once

#include "shared/sql/sample_data.h"

namespace dramatis::memory {

const sql::SampleData& Sample();

}  // namespace dramatis::memory
