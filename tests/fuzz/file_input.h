// A fuzzer's bytes as a file on which a format infers a schema and reads all rows.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "formats/file_format.h"

namespace sluice::fuzz {

/// The same file for each input of this process.
inline std::string WriteInput(std::string_view bytes) {
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("fuzz-input-" + std::to_string(getpid()))).string();
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) std::abort();
  std::fclose(file);
  return path;
}

/// Columns of every type that text formats read.
inline const types::TypePtr& AllTypes() {
  static const types::TypePtr schema =
      types::ParseDdl("a INT, b STRING, c DOUBLE, d DATE, e TIMESTAMP, f DECIMAL(10, 2), g BOOLEAN, h BIGINT, i TIMESTAMP_NTZ, "
                      "j TINYINT, k FLOAT, l BINARY, _corrupt_record STRING");
  return schema;
}

inline void ReadRows(const formats::FileFormat& format, const formats::FileSlice& slice, const types::TypePtr& schema) {
  formats::FileReaderPtr reader = format.OpenReader(slice, {.data_schema = schema, .columns = schema, .filters = {}});
  while (std::shared_ptr<arrow::RecordBatch> batch = reader->Next()) {
    if (!batch->ValidateFull().ok()) std::abort();
  }
}

/// Infers the schema and reads by it, then reads by `schema`, in whole and in two parts.
inline void ReadFile(const formats::FileFormat& format, std::string_view bytes, const types::TypePtr& schema) {
  auto size = static_cast<int64_t>(bytes.size());
  formats::FileSlice whole{.path = WriteInput(bytes), .start = 0, .length = size, .file_size = size};
  formats::FileSlice first{.path = whole.path, .start = 0, .length = size / 2, .file_size = size};
  formats::FileSlice second{.path = whole.path, .start = size / 2, .length = size - size / 2, .file_size = size};
  auto attempt = [](auto&& body) {
    try {
      body();
    } catch (const base::Error&) {
    }
  };
  attempt([&] {
    if (types::TypePtr inferred = format.InferSchema({whole})) ReadRows(format, whole, inferred);
  });
  attempt([&] { ReadRows(format, whole, schema); });
  if (!format.Splittable(whole.path)) return;
  attempt([&] { ReadRows(format, first, schema); });
  attempt([&] { ReadRows(format, second, schema); });
}

}  // namespace sluice::fuzz
