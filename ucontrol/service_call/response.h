// Response codes of service calls, bytes 6 and 7 of the SCCB.
#ifndef UCONTROL_SERVICE_CALL_RESPONSE_H_
#define UCONTROL_SERVICE_CALL_RESPONSE_H_

#include <cstdint>

namespace ucontrol {

enum class Response : uint16_t {
  kNormalReadCompletion = 0x0010,
  kNormalCompletion = 0x0020,
  kBoundaryViolation = 0x0100,
  kInvalidCommand = 0x01f0,
  kInsufficientLength = 0x0300,
  kAdapterIdInvalid = 0x06f0,
  kInvalidFunction = 0x40f0,
  kNoEventBuffers = 0x60f0,
  kInvalidSelectionMask = 0x70f0,
  kEventBufferSyntax = 0x73f0,
  kInvalidMaskLength = 0x74f0,
};

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_RESPONSE_H_
