// The users of the story that the sample data of all services tell (shared/sql/sample_data.h).
#pragma once

namespace dramatis {

inline constexpr char kSampleMara[] = "mara";
inline constexpr char kSampleJonas[] = "jonas";
inline constexpr char kSamplePriya[] = "priya";

}  // namespace dramatis
