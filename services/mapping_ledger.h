// Which memory stands behind which segments: for one vCPU, or for a machine's storage.
#ifndef SERVICES_MAPPING_LEDGER_H_
#define SERVICES_MAPPING_LEDGER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/host_memory.h"
#include "services/machine_host.h"

namespace services {

// Plain data; whoever holds it decides who may touch it. Holds on to the memories.
class MappingLedger {
 public:
  // Replaces what was there.
  void Map(uint64_t address, uint64_t length, std::shared_ptr<HostMemory> memory, uint64_t offset);
  void Unmap(uint64_t address, uint64_t length);

  bool Uses(const std::string& memory) const;

  // By address; neighbours that continue each other are one.
  std::vector<MappedRange> List() const;

  // What `above` has, and where it has nothing, what is here.
  MappingLedger Under(const MappingLedger& above) const;

 private:
  struct Interval {
    uint64_t length;
    std::shared_ptr<HostMemory> memory;
    uint64_t offset;
  };

  std::map<uint64_t, Interval> intervals_;  // by address; they don't overlap
};

}  // namespace services

#endif  // SERVICES_MAPPING_LEDGER_H_
