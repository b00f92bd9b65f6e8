// How much memory a program holds.
#pragma once

namespace dramatis {

// Before the first thread.
void TuneAllocator();

// What starting needed and running does not: free memory, and pages of code and constants, which
// are read again from their files, in the system's cache mostly, where they are needed after all.
// Once the program serves. Pages that were written to stay.
void GiveBackStart();

}  // namespace dramatis
