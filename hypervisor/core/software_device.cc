#include "hypervisor/core/software_device.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

SoftwareDevice::SoftwareDevice(Options options) : system_(options.open_files) {
  system_.machine = options.machine;
  system_.engine = std::move(options.engine);
  system_.sys_admin = options.sys_admin;
  system_.pages_in_files = options.pages_in_files;
}

SoftwareDevice::~SoftwareDevice() = default;

int SoftwareDevice::Open() {
  return system_.files.Open(std::make_unique<SystemFile>(system_));
}

int64_t SoftwareDevice::Ioctl(int fd, uint32_t request, uint64_t argument) {
  if (request == uapi::kRun) {
    const FileTable::SoleUse use(system_.files, fd);
    if (use.file()) return use.file()->IoctlAlone(request, argument);
  }
  const FileTable::Use use(system_.files, fd);
  if (!use.file()) return -EBADF;
  if (!use.file()->Overlaps(request)) use.AwaitSoleUse();
  return use.file()->Ioctl(request, argument);
}

void* SoftwareDevice::Mmap(int fd, uint64_t page) {
  const FileTable::Use use(system_.files, fd);
  return use.file() ? use.file()->Mmap(page) : nullptr;
}

void SoftwareDevice::Kick(int fd) {
  const FileTable::Use use(system_.files, fd);
  if (use.file()) use.file()->Kick();
}

void SoftwareDevice::Close(int fd) {
  system_.files.Close(fd);
}

int SoftwareDevice::Backing(int fd) {
  const FileTable::Use use(system_.files, fd);
  return use.file() ? use.file()->Backing() : -1;
}

}  // namespace hypervisor
