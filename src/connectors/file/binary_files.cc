// The format "binaryFile": one row a file, with its path, time, length and bytes.
#include <arrow/array/util.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/arrow_status.h"
#include "base/durable_file.h"
#include "base/error.h"
#include "connectors/file/file_table.h"
#include "formats/byte_input.h"

namespace sluice::connectors {
namespace {

types::TypePtr BinaryFileSchema() {
  return types::Struct({{"path", types::String(), false},
                        {"modificationTime", types::Timestamp(), false},
                        {"length", types::Long(), false},
                        {"content", types::Binary(), true}});
}

class BinaryFileReader : public formats::FileReader {
 public:
  BinaryFileReader(std::string path, types::TypePtr columns, int64_t most_bytes)
      : path_(std::move(path)), columns_(std::move(columns)), most_bytes_(most_bytes) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (done_) return nullptr;
    done_ = true;
    struct stat status {};
    if (stat(path_.c_str(), &status) != 0) formats::ThrowOpenError(path_, errno);
    arrow::ArrayVector arrays;
    for (const types::StructField& field : columns_->fields()) {
      types::Literal value = ValueOf(field, status);
      arrays.push_back(base::ValueOrThrow(arrow::MakeArrayFromScalar(*value.value, 1)));
    }
    return arrow::RecordBatch::Make(types::ToArrowSchema(*columns_), 1, std::move(arrays));
  }

 private:
  types::Literal ValueOf(const types::StructField& field, const struct stat& status) const {
    if (field.name == "path") return types::Literal::String("file:" + path_);
    if (field.name == "modificationTime") {
      return types::Literal::Timestamp(status.st_mtim.tv_sec * 1'000'000 + status.st_mtim.tv_nsec / 1'000'000 * 1000);
    }
    if (field.name == "length") return types::Literal::Long(status.st_size);
    if (field.name != "content") {
      throw base::Error::Plain(base::ErrorKind::kRuntime, "Unsupported field name: " + field.name);
    }
    if (status.st_size > most_bytes_) {
      throw base::Error::Plain(base::ErrorKind::kSpark,
                               fmt::format("The length of file:{} is {}, which exceeds the max length allowed: {}.",
                                           path_, status.st_size, most_bytes_));
    }
    return types::Literal::Binary(base::ReadWholeFile(path_));
  }

  std::string path_;
  types::TypePtr columns_;
  int64_t most_bytes_;
  bool done_ = false;
};

class BinaryFileFormat : public formats::FileFormat {
 public:
  explicit BinaryFileFormat(const formats::FormatContext& context) {
    if (!context.conf) return;
    if (context.conf->Find("spark.sql.sources.binaryFile.maxLength")) {
      most_bytes_ = context.conf->GetLong("spark.sql.sources.binaryFile.maxLength");
    }
  }
  std::string name() const override { return "binaryFile"; }
  bool SupportsType(const types::DataType&, bool) const override { return true; }
  types::TypePtr InferSchema(const std::vector<formats::FileSlice>&) const override { return BinaryFileSchema(); }
  bool Splittable(const std::string&) const override { return false; }
  formats::FileReaderPtr OpenReader(const formats::FileSlice& slice,
                                    const formats::FileReadRequest& request) const override {
    return std::make_unique<BinaryFileReader>(slice.path, request.columns, most_bytes_);
  }
  void CheckWrite(const types::DataType&) const override {
    throw base::Error::Plain(base::ErrorKind::kUnsupportedOperation,
                             "Write is not supported for binary file data source");
  }
  formats::FileWriterPtr OpenWriter(const std::string& path, const types::TypePtr&) const override {
    throw base::Error::Internal("a writer of binaryFile for " + path);
  }
  std::string Extension() const override { return ""; }

 private:
  int64_t most_bytes_ = INT32_MAX;
};

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, BinaryFiles) {
  DataSourceEntry entry;
  entry.name = "binaryfile";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.binaryfile.BinaryFileFormat"};
  entry.usage =
      "Whole files as rows of path, modificationTime, length and content, as a table or a stream of new files.";
  AddFileFormat(registry, std::move(entry),
                [](formats::FormatContext context) { return std::make_shared<BinaryFileFormat>(context); });
}

}  // namespace sluice::connectors
