// The engine under test: executes vectors on the interpreter, in problem state with DAT off.
#ifndef TESTS_DIFFERENTIAL_INTERPRETED_H_
#define TESTS_DIFFERENTIAL_INTERPRETED_H_

#include <vector>

#include "tests/differential/vector.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {

class Interpreted {
 public:
  // `facilities` are those that the vectors' instructions need.
  explicit Interpreted(FacilityList facilities);

  // The answer has the signal that Linux would make of the program interruption.
  Answer Run(const Vector& vector);

  // Both windows as the last vector left them.
  std::vector<uint8_t> Windows();

 private:
  uint8_t* Segment(uint64_t address) {
    return machine_.At(address < DATA_SEGMENT ? address - CODE_SEGMENT
                                              : address - DATA_SEGMENT + kSegmentSize);
  }

  GuestMachine machine_;
};

}  // namespace hypervisor

#endif  // TESTS_DIFFERENTIAL_INTERPRETED_H_
