#include "shared/program/memory.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace dramatis {
namespace {

// Whether the linker has written into code as well, as no library of Debian's for this machine has
// it: that would be lost.
[[maybe_unused]] bool HasWrittenCode(const dl_phdr_info& image) {
  for (ElfW(Half) i = 0; i < image.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = image.dlpi_phdr[i];
    if (part.p_type != PT_DYNAMIC) continue;
    const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(image.dlpi_addr + part.p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_TEXTREL) return true;
      if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0) return true;
    }
  }
  return false;
}

// Lets go of a program's or library's pages that cannot have been written to.
[[maybe_unused]] int GiveBackImage(dl_phdr_info* image, size_t, void*) {
  if (std::string_view(image->dlpi_name).starts_with("linux-vdso") || HasWrittenCode(*image)) {
    return 0;
  }
  const auto page = static_cast<uintptr_t>(getpagesize());
  for (ElfW(Half) i = 0; i < image->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = image->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const uintptr_t begin = (image->dlpi_addr + part.p_vaddr + page - 1) / page * page;
    const uintptr_t end = (image->dlpi_addr + part.p_vaddr + part.p_memsz) / page * page;
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

// Many threads with an arena each would make a small program large. And what a turn takes is often
// given back by another thread: small pieces that are kept apart, to be joined by the next large
// one, cost more than joining them at once; memory that the next turn needs again is not worth
// giving back to the system.
void TuneAllocator() {
  constexpr int kArenas = 8;
  constexpr int kKept = 1024 * 1024;
  mallopt(M_ARENA_MAX, kArenas);
  mallopt(M_MXFAST, 0);
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_MMAP_THRESHOLD, kKept);  // which would follow the sizes it sees, were none of them set
}

void GiveBackStart() {
  malloc_trim(0);
#ifdef NDEBUG
  // Elsewhere a debugger may have written its breakpoints into the code.
  dl_iterate_phdr(&GiveBackImage, nullptr);
#endif
}

}  // namespace dramatis
