#include "shared/call/program_identity.h"

#include <atomic>

namespace dramatis {
namespace {

std::atomic<ProgramVerifier*> process_program_verifier = nullptr;

}  // namespace

ProgramVerifier* ProcessProgramVerifier() {
  return process_program_verifier.load();
}

void SetProcessProgramVerifier(ProgramVerifier* verifier) {
  process_program_verifier = verifier;
}

}  // namespace dramatis
