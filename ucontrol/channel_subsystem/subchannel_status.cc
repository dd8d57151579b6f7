#include "ucontrol/channel_subsystem/subchannel_status.h"

#include <algorithm>

#include "ucontrol/big_endian.h"

namespace ucontrol {
namespace {

void StoreScsw(const Scsw& scsw, uint8_t* to) {
  StoreBigEndian<uint16_t>(to, scsw.flags);
  StoreBigEndian<uint16_t>(to + 2, scsw.control);
  StoreBigEndian<uint32_t>(to + 4, scsw.ccw_address);
  to[8] = scsw.device_status;
  to[9] = scsw.subchannel_status;
  StoreBigEndian<uint16_t>(to + 10, scsw.count);
}

}  // namespace

Schib Schib::Load(const Bytes& bytes) {
  const uint8_t* from = bytes.data();
  Schib schib;
  schib.pmcw.interruption_parameter = LoadBigEndian<uint32_t>(from);
  schib.pmcw.flags = LoadBigEndian<uint16_t>(from + 4);
  schib.pmcw.device_number = LoadBigEndian<uint16_t>(from + 6);
  schib.pmcw.logical_path_mask = from[8];
  schib.pmcw.path_not_operational_mask = from[9];
  schib.pmcw.last_path_used_mask = from[10];
  schib.pmcw.path_installed_mask = from[11];
  schib.pmcw.measurement_block_index = LoadBigEndian<uint16_t>(from + 12);
  schib.pmcw.path_operational_mask = from[14];
  schib.pmcw.path_available_mask = from[15];
  std::copy_n(from + 16, schib.pmcw.channel_path.size(), schib.pmcw.channel_path.begin());
  schib.pmcw.characteristics = LoadBigEndian<uint32_t>(from + 24);
  schib.scsw.flags = LoadBigEndian<uint16_t>(from + 28);
  schib.scsw.control = LoadBigEndian<uint16_t>(from + 30);
  schib.scsw.ccw_address = LoadBigEndian<uint32_t>(from + 32);
  schib.scsw.device_status = from[36];
  schib.scsw.subchannel_status = from[37];
  schib.scsw.count = LoadBigEndian<uint16_t>(from + 38);
  schib.measurement_block_address = LoadBigEndian<uint64_t>(from + 40);
  return schib;
}

Schib::Bytes Schib::Store() const {
  Bytes bytes{};
  uint8_t* to = bytes.data();
  StoreBigEndian<uint32_t>(to, pmcw.interruption_parameter);
  StoreBigEndian<uint16_t>(to + 4, pmcw.flags);
  StoreBigEndian<uint16_t>(to + 6, pmcw.device_number);
  to[8] = pmcw.logical_path_mask;
  to[9] = pmcw.path_not_operational_mask;
  to[10] = pmcw.last_path_used_mask;
  to[11] = pmcw.path_installed_mask;
  StoreBigEndian<uint16_t>(to + 12, pmcw.measurement_block_index);
  to[14] = pmcw.path_operational_mask;
  to[15] = pmcw.path_available_mask;
  std::copy(pmcw.channel_path.begin(), pmcw.channel_path.end(), to + 16);
  StoreBigEndian<uint32_t>(to + 24, pmcw.characteristics);
  StoreScsw(scsw, to + 28);
  StoreBigEndian<uint64_t>(to + 40, measurement_block_address);
  return bytes;
}

Irb::Bytes Irb::Store() const {
  Bytes bytes{};
  StoreScsw(scsw, bytes.data());
  for (size_t word = 0; word < extended_status.size(); ++word) {
    StoreBigEndian<uint32_t>(bytes.data() + 12 + 4 * word, extended_status[word]);
  }
  std::copy(extended_control.begin(), extended_control.end(), bytes.begin() + 32);
  return bytes;
}

Orb Orb::Load(const Bytes& bytes) {
  Orb orb;
  orb.interruption_parameter = LoadBigEndian<uint32_t>(bytes.data());
  orb.control = LoadBigEndian<uint16_t>(bytes.data() + 4);
  orb.logical_path_mask = bytes[6];
  orb.more_control = bytes[7];
  orb.program_address = LoadBigEndian<uint32_t>(bytes.data() + 8);
  return orb;
}

}  // namespace ucontrol
