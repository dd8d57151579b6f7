#include "tests/hypervisor/isa/coverage_page.h"

#include <fstream>
#include <iterator>

#include "gtest/gtest.h"

namespace hypervisor {
namespace {

TEST(CoveragePageTest, ThePageInDocsIsCurrent) {
  std::ifstream file("docs/instruction-coverage.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(page == CoveragePage())
      << "bazel run //tests/hypervisor/isa:coverage_page > docs/instruction-coverage.md";
}

}  // namespace
}  // namespace hypervisor
