#include "ucontrol/equipment/program_source.h"

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "ucontrol/boot/boot_image.h"
#include "ucontrol/diagnose/release_pages.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

absl::StatusOr<hypervisor::Psw> Load(const ProgramSource& source, Machine& machine) {
  if (source.raw) {
    const absl::Status stored =
        StoreImage(machine, "raw program", source.raw->address, source.image);
    if (!stored.ok()) return stored;
    return source.raw->psw;
  }
  return LoadProgram(
      machine,
      {.image = source.image, .initrd = source.initrd, .command_line = source.command_line});
}

}  // namespace

void ClearStorage(Machine& machine) {
  DiscardStorage(machine, hypervisor::GuestAbsolute(0), machine.storage_size());
}

std::function<absl::Status(Machine&, Vcpu&)> LoaderOf(ProgramSource source) {
  // std::function wants to be copied; the files needn't be.
  auto shared = std::make_shared<const ProgramSource>(std::move(source));
  return [shared](Machine& machine, Vcpu& first) {
    ClearStorage(machine);
    const auto psw = Load(*shared, machine);
    return psw.ok() ? first.SetInitialPsw(*psw) : psw.status();
  };
}

}  // namespace ucontrol
