// Identifiers that the daemon chooses.
#ifndef SERVICES_IDENTIFIER_H_
#define SERVICES_IDENTIFIER_H_

#include <string>

namespace services {

// A random UUID (version 4), as 01234567-89ab-4cde-8f01-23456789abcd.
std::string RandomUuid();

// `prefix`, '-' and 10 random characters: a resource's id that nobody else has.
std::string RandomId(const std::string& prefix);

}  // namespace services

#endif  // SERVICES_IDENTIFIER_H_
