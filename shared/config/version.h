// The version of every program, from CMake's project().
#pragma once

namespace dramatis {

inline constexpr char kVersion[] = DRAMATIS_VERSION;

}  // namespace dramatis
