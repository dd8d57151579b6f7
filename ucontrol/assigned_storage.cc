#include "ucontrol/assigned_storage.h"

#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace {

uint8_t* FindPage(Vcpu& vcpu, uint64_t absolute) {
  const auto user = vcpu.Resolve(hypervisor::GuestAbsolute(absolute));
  return user ? reinterpret_cast<uint8_t*>(user->raw()) : nullptr;
}

}  // namespace

AssignedStorage::AssignedStorage(Vcpu& vcpu)
    : vcpu_(vcpu),
      pages_{FindPage(vcpu, vcpu.cpu().prefix()),
             FindPage(vcpu, vcpu.cpu().prefix() + hypervisor::kPageSize)} {}

void AssignedStorage::SwapPsw(uint64_t old_psw, uint64_t new_psw) {
  const hypervisor::Psw psw = vcpu_.cpu().psw();
  const hypervisor::Psw next = LoadPsw(new_psw);
  Store(old_psw, psw.mask);
  Store(old_psw + 8, psw.address);
  vcpu_.cpu().set_psw(next);
}

}  // namespace ucontrol
