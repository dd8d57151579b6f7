// Copies between us and addresses that a caller of ioctl named, as a kernel copies from and to user
// space: a bad address is an answer (EFAULT), never a crash.
#ifndef HYPERVISOR_CORE_USER_COPY_H_
#define HYPERVISOR_CORE_USER_COPY_H_

#include <cstddef>
#include <cstdint>

namespace hypervisor {

// False if any byte can't be accessed; the bytes before it may have been copied. Any thread.
bool CopyFromUser(void* to, uint64_t from, size_t size);
bool CopyToUser(uint64_t to, const void* from, size_t size);

// Whether the byte at `address` can be read. Brings its page in.
bool IsReadable(uint64_t address);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_USER_COPY_H_
