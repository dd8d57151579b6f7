// One system call's worth of a DiskRequest, and what its result means for the request. Shared by
// both kinds of DiskIo.
#ifndef UCONTROL_VIRTIO_DISK_STEP_H_
#define UCONTROL_VIRTIO_DISK_STEP_H_

#include <cstddef>
#include <cstdint>

#include "ucontrol/virtio/disk_io.h"

namespace ucontrol::virtio {

// The most pieces that one call takes.
inline constexpr size_t kMaximumPieces = 1024;

// The mode that fallocate(2) wants for kDiscard and kZero.
int AllocationMode(const DiskRequest& request);

enum class Progress { kComplete, kAgain };

// `result` is the call's: what it moved, or -errno. kAgain: the rest of the request, which may have
// changed its kind, takes another call.
Progress Advance(DiskRequest& request, int64_t result);

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_DISK_STEP_H_
