// UnsafeRow bytes against rows that Spark wrote, and against damaged ones.
#include "state/unsafe_row.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/durable_file.h"
#include "base/error.h"
#include "state/schema_file.h"
#include "state/state_file.h"

namespace sluice::state {
namespace {

std::string Testdata(const std::string& name) {
  return base::ReadWholeFile(std::string(SLUICE_SOURCE_DIR) + "/src/state/testdata/" + name);
}

struct Entries {
  std::vector<std::string> keys, values;
};

Entries ReadEntries(const std::string& codec) {
  Entries entries;
  StateFileDefect defect = ReadStateFile(Testdata(codec + "/1.delta"), codec, false, [&](const StateEntry& entry) {
    entries.keys.emplace_back(entry.key);
    entries.values.emplace_back(entry.value);
  });
  EXPECT_EQ(defect.kind, StateFileDefect::Kind::kNone) << defect.message;
  return entries;
}

std::vector<std::string_view> Views(const std::vector<std::string>& rows) { return {rows.begin(), rows.end()}; }

std::string Row(const types::DataType& schema, const arrow::ArrayVector& columns, int64_t row) {
  std::string out;
  for (size_t c = 0; c < columns.size(); ++c) {
    out += (c ? " | " : "") + schema.fields()[c].name + "=" + columns[c]->GetScalar(row).ValueOrDie()->ToString();
  }
  return out;
}

TEST(UnsafeRowTest, DecodesRowsOfSpark) {
  StoreSchema schema = ParseSchemaFile(Testdata("lz4/schema"));
  Entries entries = ReadEntries("lz4");
  ASSERT_EQ(entries.keys.size(), 3u);
  arrow::ArrayVector keys = DecodeUnsafeRows(*schema.key, Views(entries.keys));
  arrow::ArrayVector values = DecodeUnsafeRows(*schema.value, Views(entries.values));
  std::vector<std::string> rows;
  for (int i = 0; i < 3; ++i) rows.push_back(Row(*schema.key, keys, i) + " => " + Row(*schema.value, values, i));
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(rows[0],
            "bo=false | by=-128 | sh=32767 | i=-2147483648 | l=9223372036854775807 | f=-3.25 | "
            "d=1e+300 | dc=-0.01 | "
            "big=0.00000 | s=eight by | da=1900-01-01 | ts=1969-12-31 23:59:59.000000Z | "
            "st={a:int32 = null, b:string "
            "= null} | ar=list<element: int32>[] | ars=list<element: string>[] | nd=list<element: "
            "list<element: "
            "decimal128(20, 1)>>[] | e=Grüße 🎉 | b2=eight by => count=1 | sum=0.00000 | "
            "isEmpty=false | "
            "sum=1e+300 | count=1 | min=eight by | max=1900-01-01");
  EXPECT_NE(rows[2].find("big=-12345678901234567890.12345"), std::string::npos) << rows[2];
  EXPECT_NE(rows[2].find("ts=2024-01-01 12:00:00.123456Z"), std::string::npos) << rows[2];
  EXPECT_NE(rows[1].find("bo=null | by=null"), std::string::npos) << rows[1];
}

TEST(UnsafeRowTest, EncodesRowsAsSparkDoes) {
  StoreSchema schema = ParseSchemaFile(Testdata("zstd/schema"));
  Entries entries = ReadEntries("zstd");
  for (auto [type, rows] : {std::pair(schema.key, &entries.keys), std::pair(schema.value, &entries.values)}) {
    arrow::ArrayVector columns = DecodeUnsafeRows(*type, Views(*rows));
    UnsafeRows encoded = UnsafeRowEncoder(type).Encode(columns, static_cast<int64_t>(rows->size()));
    ASSERT_EQ(encoded.size(), static_cast<int64_t>(rows->size()));
    for (size_t i = 0; i < rows->size(); ++i) {
      EXPECT_EQ(std::string(encoded[static_cast<int64_t>(i)]), (*rows)[i]) << "row " << i;
      EXPECT_EQ(FindUnsafeRowDefect(*type, (*rows)[i]), "");
    }
  }
}

TEST(UnsafeRowTest, EncodesSlicesMapsAndIntervals) {
  auto type = types::Struct({{"m", types::Map(types::String(), types::Long())},
                             {"w", types::Struct({{"start", types::Timestamp()}, {"end", types::Timestamp()}})},
                             {"c", types::CalendarInterval()},
                             {"b", types::Boolean()},
                             {"n", types::Null()}});
  auto arrow_type = types::ToArrow(type);
  auto builder = arrow::MakeBuilder(arrow_type).ValueOrDie();
  auto* rows = static_cast<arrow::StructBuilder*>(builder.get());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(rows->Append().ok());
    auto* map = static_cast<arrow::MapBuilder*>(rows->field_builder(0));
    ASSERT_TRUE(map->Append().ok());
    for (int k = 0; k < i; ++k) {
      ASSERT_TRUE(
          static_cast<arrow::StringBuilder*>(map->key_builder())->Append("key number " + std::to_string(k)).ok());
      ASSERT_TRUE(k == 2 ? map->item_builder()->AppendNull().ok()
                         : static_cast<arrow::Int64Builder*>(map->item_builder())->Append(k).ok());
    }
    auto* window = static_cast<arrow::StructBuilder*>(rows->field_builder(1));
    if (i == 3) {
      ASSERT_TRUE(window->AppendNull().ok());
    } else {
      ASSERT_TRUE(window->Append().ok());
      for (int f : {0, 1}) ASSERT_TRUE(static_cast<arrow::TimestampBuilder*>(window->field_builder(f))->Append(i).ok());
    }
    auto* interval = static_cast<arrow::MonthDayNanoIntervalBuilder*>(rows->field_builder(2));
    ASSERT_TRUE(i == 1 ? interval->AppendNull().ok() : interval->Append({i, -i, i * 1000}).ok());
    ASSERT_TRUE(static_cast<arrow::BooleanBuilder*>(rows->field_builder(3))->Append(i % 2 == 1).ok());
    ASSERT_TRUE(rows->field_builder(4)->AppendNull().ok());
  }
  auto all = std::static_pointer_cast<arrow::StructArray>(builder->Finish().ValueOrDie());
  auto slice = std::static_pointer_cast<arrow::StructArray>(all->Slice(1, 3));
  arrow::ArrayVector columns;
  for (int f = 0; f < slice->num_fields(); ++f) columns.push_back(slice->field(f));
  UnsafeRows encoded = UnsafeRowEncoder(type).Encode(columns, 3);
  std::vector<std::string_view> views;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(FindUnsafeRowDefect(*type, encoded[i]), "");
    views.push_back(encoded[i]);
  }
  arrow::ArrayVector decoded = DecodeUnsafeRows(*type, views);
  for (size_t c = 0; c < columns.size(); ++c) {
    EXPECT_TRUE(decoded[c]->Equals(columns[c])) << decoded[c]->ToString() << columns[c]->ToString();
  }
}

TEST(UnsafeRowTest, FindsDefects) {
  StoreSchema schema = ParseSchemaFile(Testdata("lz4/schema"));
  std::string row;
  for (const std::string& key : ReadEntries("lz4").keys) {
    if (key.find("longer element") != std::string::npos) row = key;
  }
  EXPECT_NE(FindUnsafeRowDefect(*schema.key, row.substr(0, 40)), "");
  EXPECT_NE(FindUnsafeRowDefect(*schema.key, row.substr(0, row.size() - 16)), "");
  std::string high_byte = row;
  high_byte[8 + 15] = 1;  // of a boolean's word
  EXPECT_NE(FindUnsafeRowDefect(*schema.key, high_byte), "");
  for (size_t at = 0; at < row.size(); ++at) {
    std::string damaged = row;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x81);
    try {
      DecodeUnsafeRows(*schema.key, {damaged});
    } catch (const base::Error&) {
    }
  }
}

}  // namespace
}  // namespace sluice::state
