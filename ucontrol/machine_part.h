// A part of a machine that instruction handlers find by its type: the channel subsystem, the
// service-call facility, the loader.
#ifndef UCONTROL_MACHINE_PART_H_
#define UCONTROL_MACHINE_PART_H_

namespace ucontrol {

class MachinePart {
 public:
  virtual ~MachinePart() = default;

  // Subsystem reset (PoP: Control, "Resets"). All CPUs are held; called on the machine's own
  // thread.
  virtual void Reset() {}

  // Ends all threads and I/O of the part. All vCPU threads are gone when it is called.
  virtual void Shutdown() {}
};

}  // namespace ucontrol

#endif  // UCONTROL_MACHINE_PART_H_
