// Fetching instructions: the slow way, which prepares the fast one.
#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor {

bool GuestCpu::FetchText(uint64_t address, uint64_t& text) {
  if (address & 1) {
    Interrupt(PgmCode::kSpecification);
    return false;
  }
  const uint64_t offset = address & kPageMask;
  TranslatedPage page;
  const Tlb::Entry& entry = tlb_.At(address, fetch_context_);
  if (entry.fetch_tag == Tlb::Tag(address, fetch_context_)) {
    page.page = reinterpret_cast<uint8_t*>((address & ~kPageMask) + entry.addend);
  } else if (!TranslatePage(address, Access::kInstruction, Space::ByPsw(0), page)) {
    return false;
  }
  // EXECUTE fetches its target here too: only the CPU's own page becomes the current one.
  if (address == ia_) {
    fetch_page_ = address & ~kPageMask;
    fetch_host_ = page.page;
    fetch_limit_ = kPageSize - sizeof(uint64_t) + 1;
  }
  if (offset <= kPageSize - sizeof(uint64_t)) {
    text = LoadStorage<uint64_t>(page.page + offset);
    return true;
  }
  uint8_t bytes[8] = {};
  const uint64_t here = kPageSize - offset;
  std::memcpy(bytes, page.page + offset, here);
  const uint8_t length = InsnLength(bytes[0]);
  if (length > here) {
    const uint64_t next = Wrap((address & ~kPageMask) + kPageSize);
    TranslatedPage second;
    if (!TranslatePage(next, Access::kInstruction, Space::ByPsw(0), second)) return false;
    std::memcpy(bytes + here, second.page, length - here);
  }
  text = LoadStorage<uint64_t>(bytes);
  return true;
}

}  // namespace hypervisor
