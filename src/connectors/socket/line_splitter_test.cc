// Line ends within and between pieces of bytes.
#include "connectors/socket/line_splitter.h"

#include <gtest/gtest.h>

namespace sluice::connectors {
namespace {

constexpr size_t kLongest = 10;

std::vector<std::string> Split(const std::vector<std::string>& pieces) {
  Lines lines;
  LineSplitter splitter;
  for (const std::string& piece : pieces) EXPECT_TRUE(splitter.Take(piece, kLongest, &lines));
  splitter.Finish(&lines);
  std::vector<std::string> out;
  int32_t start = 0;
  for (int32_t end : lines.ends) {
    out.push_back(lines.text.substr(start, end - start));
    start = end;
  }
  return out;
}

TEST(LineSplitterTest, EndsLinesAsJavaDoes) {
  EXPECT_EQ(Split({"a\nb\r\nc\rd"}), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(Split({"\n\r\n\r"}), (std::vector<std::string>{"", "", ""}));
  EXPECT_EQ(Split({}), std::vector<std::string>{});
}

TEST(LineSplitterTest, JoinsPieces) {
  EXPECT_EQ(Split({"a", "b\r", "\nc", "\n", "\r", "d"}), (std::vector<std::string>{"ab", "c", "", "d"}));
  EXPECT_EQ(Split({"\xc3", "\xa4\n"}), std::vector<std::string>{"\xc3\xa4"});
}

TEST(LineSplitterTest, RefusesALineWithoutAnEnd) {
  Lines lines;
  LineSplitter splitter;
  EXPECT_TRUE(splitter.Take("0123456789", kLongest, &lines));
  EXPECT_FALSE(splitter.Take("0", kLongest, &lines));
}

}  // namespace
}  // namespace sluice::connectors
