// Groups rows by their partition values, without a text per row, and keeps the files of the first groups open.
#include "connectors/file/folder_writer.h"

#include <arrow/array/array_dict.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <numeric>

#include "base/arrow_status.h"
#include "base/durable_file.h"
#include "base/error.h"
#include "connectors/file/partition_folders.h"
#include "functions/cast.h"
#include "plan/relation.h"

namespace sluice::connectors {
namespace {

// A writer of parquet holds some megabytes.
constexpr size_t kMostOpenFiles = 256;
constexpr int64_t kMostWaitingBytes = 64 << 20;

/// Runs `body`; an error that does not name the file gets its name.
template <typename Body>
auto NamingFile(const std::string& path, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const base::Error& error) {
    if (error.message().find(path) != std::string::npos || error.domain() != base::ErrorDomain::kExternal) throw;
    throw base::Error::Plain(error.kind(), fmt::format("Cannot write {}: {}", path, error.message()), error.condition())
        .WithDomain(error.domain(), error.retryable());
  }
}

// DataSourceUtils.verifySchema.
void CheckTypes(const formats::FileFormat& format, const types::DataType& schema) {
  for (const types::StructField& field : schema.fields()) {
    if (format.SupportsType(*field.type, false)) continue;
    throw base::Error(base::ErrorKind::kAnalysis, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                      {{"format", format.name()},
                       {"columnName", types::QuoteIdentifier({field.name})},
                       {"columnType", "\"" + field.type->Sql() + "\""}});
  }
}

}  // namespace

int64_t FolderWriteSpec::MaxRecordsPerFile(const std::map<std::string, std::string>& options,
                                           const base::SqlConf* conf) {
  std::string text = conf ? conf->Find("spark.sql.files.maxRecordsPerFile").value_or("0") : "0";
  for (const auto& [name, value] : options) {
    if (plan::FindOption({{name, value}}, "maxRecordsPerFile")) text = value;
  }
  int64_t records = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), records);
  if (status != std::errc() || end != text.data() + text.size()) {
    throw base::Error::Plain(base::ErrorKind::kNumberFormat, fmt::format("For input string: \"{}\"", text));
  }
  return std::max<int64_t>(records, 0);
}

FolderWriter::FolderWriter(std::shared_ptr<const FolderWriteSpec> spec, int partition)
    : spec_(std::move(spec)), partition_(partition) {
  const std::vector<types::StructField>& fields = spec_->schema->fields();
  std::vector<bool> is_partition(fields.size());
  for (const std::string& column : spec_->partition_by) {
    int index = *spec_->schema->FieldIndex(column);
    partition_columns_.push_back(index);
    is_partition[index] = true;
    to_text_.push_back(functions::MakeCastKernel(fields[index].type, types::String(), logical::CastBehaviour::kTry));
  }
  std::vector<types::StructField> data;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (is_partition[i]) continue;
    data.push_back(fields[i]);
    file_columns_.push_back(static_cast<int>(i));
  }
  file_schema_ = types::Struct(std::move(data));
  CheckTypes(*spec_->format, *file_schema_);
  spec_->format->CheckWrite(*file_schema_);
  // An empty result leaves one file, which carries the schema.
  if (partition_columns_.empty() && partition_ == 0) OpenFile(TargetOf(""));
}

FolderWriter::Target& FolderWriter::TargetOf(const std::string& sub_folder) {
  Target& target = targets_[sub_folder];
  target.sub_folder = sub_folder;
  return target;
}

void FolderWriter::OpenFile(Target& target) {
  std::string folder = target.sub_folder.empty() ? spec_->folder : spec_->folder + "/" + target.sub_folder;
  if (!target.sub_folder.empty()) base::CreateFoldersDurably(folder);
  target.path = fmt::format("{}/part-{:05}-{}{}c{:03}{}", folder, partition_, spec_->job_id,
                            partition_columns_.empty() ? "-" : ".", target.files++, spec_->format->Extension());
  if (spec_->on_file) spec_->on_file(target.path);
  files_.push_back(target.path);
  target.rows_in_file = 0;
  NamingFile(target.path, [&] { target.writer = spec_->format->OpenWriter(target.path, file_schema_); });
  ++open_;
}

void FolderWriter::CloseFile(Target& target) {
  NamingFile(target.path, [&] { target.writer->Close(true); });
  target.writer.reset();
  --open_;
}

void FolderWriter::WriteTo(Target& target, const std::shared_ptr<arrow::RecordBatch>& rows) {
  const int64_t most = spec_->max_records_per_file;
  for (int64_t at = 0; at < rows->num_rows();) {
    if (most > 0 && target.writer && target.rows_in_file >= most) CloseFile(target);
    if (!target.writer) OpenFile(target);
    int64_t take = rows->num_rows() - at;
    if (most > 0) take = std::min(take, most - target.rows_in_file);
    NamingFile(target.path, [&] { target.writer->Write(take == rows->num_rows() ? *rows : *rows->Slice(at, take)); });
    target.rows_in_file += take;
    at += take;
  }
}

// "column=value" for each of the values, with one more at the end for null.
std::vector<std::string> FolderWriter::FolderNames(int column, const std::shared_ptr<arrow::Array>& values) {
  const types::StructField& field = spec_->schema->fields()[partition_columns_[column]];
  std::string start = EscapePartitionName(field.name) + "=";
  logical::EvalContext context;
  context.time_zone = spec_->time_zone;
  arrow::Datum cast = to_text_[column](context, {arrow::Datum(values)}, values->length());
  std::shared_ptr<arrow::Array> array =
      cast.is_array() ? cast.make_array()
                      : base::ValueOrThrow(arrow::MakeArrayFromScalar(*cast.scalar(), values->length()));
  const auto& texts = static_cast<const arrow::StringArray&>(*array);
  std::vector<std::string> out;
  for (int64_t i = 0; i < texts.length(); ++i) {
    bool null = texts.IsNull(i) || texts.GetView(i).empty();
    out.push_back(start + (null ? std::string(kNullPartition) : EscapePartitionName(texts.GetView(i))));
  }
  out.push_back(start + std::string(kNullPartition));
  return out;
}

std::vector<FolderWriter::Group> FolderWriter::GroupRows(const arrow::RecordBatch& batch,
                                                         std::shared_ptr<arrow::Array>* order) {
  const int64_t rows = batch.num_rows();
  std::vector<uint32_t> groups(rows, 0);
  std::vector<std::string> names = {""};
  for (size_t column = 0; column < partition_columns_.size(); ++column) {
    auto encoded = base::ValueOrThrow(arrow::compute::DictionaryEncode(batch.column(partition_columns_[column])));
    auto dictionary = std::static_pointer_cast<arrow::DictionaryArray>(encoded.make_array());
    std::vector<std::string> values = FolderNames(static_cast<int>(column), dictionary->dictionary());
    const auto& indices = static_cast<const arrow::Int32Array&>(*dictionary->indices());
    // Only combinations that occur get a number.
    std::unordered_map<uint64_t, uint32_t> combinations;
    std::vector<std::string> combined;
    for (int64_t row = 0; row < rows; ++row) {
      uint32_t value = indices.IsNull(row) ? static_cast<uint32_t>(values.size() - 1) : indices.Value(row);
      auto [entry, added] =
          combinations.try_emplace(uint64_t{groups[row]} << 32 | value, static_cast<uint32_t>(combined.size()));
      if (added) combined.push_back(names[groups[row]] + (column > 0 ? "/" : "") + values[value]);
      groups[row] = entry->second;
    }
    names = std::move(combined);
  }
  std::vector<Group> out;
  for (std::string& name : names) out.push_back({std::move(name), 0, 0});
  for (uint32_t group : groups) ++out[group].length;
  for (size_t i = 1; i < out.size(); ++i) out[i].begin = out[i - 1].begin + out[i - 1].length;
  std::vector<int64_t> at, ordered(rows);
  for (const Group& group : out) at.push_back(group.begin);
  for (int64_t row = 0; row < rows; ++row) ordered[at[groups[row]]++] = row;
  if (out.size() > 1) {
    arrow::Int64Builder builder;
    base::ThrowIfError(builder.AppendValues(ordered));
    *order = base::ValueOrThrow(builder.Finish());
  }
  return out;
}

void FolderWriter::Write(const std::shared_ptr<arrow::RecordBatch>& batch) {
  rows_ += batch->num_rows();
  if (batch->num_rows() == 0) return;
  auto files = base::ValueOrThrow(batch->SelectColumns(file_columns_));
  if (partition_columns_.empty()) {
    WriteTo(TargetOf(""), files);
    return;
  }
  std::shared_ptr<arrow::Array> order;
  std::vector<Group> groups = GroupRows(*batch, &order);
  if (order) files = base::ValueOrThrow(arrow::compute::Take(arrow::Datum(files), arrow::Datum(order))).record_batch();
  bool kept = false;
  for (const Group& group : groups) {
    Target& target = TargetOf(group.sub_folder);
    std::shared_ptr<arrow::RecordBatch> rows = files->Slice(group.begin, group.length);
    if (target.writer || open_ < kMostOpenFiles) {
      WriteTo(target, rows);
      continue;
    }
    if (target.waiting.empty()) waiting_.push_back(&target);
    target.waiting.push_back(std::move(rows));
    kept = true;
  }
  // A slice keeps the whole batch.
  if (kept) waiting_bytes_ += arrow::util::TotalBufferSize(*files);
  if (waiting_bytes_ > kMostWaitingBytes) WriteWaiting();
}

void FolderWriter::WriteWaiting() {
  for (Target* target : waiting_) {
    for (const auto& rows : target->waiting) WriteTo(*target, rows);
    CloseFile(*target);
    target->waiting.clear();
  }
  waiting_.clear();
  waiting_bytes_ = 0;
}

WriterMessage FolderWriter::Finish() {
  WriteWaiting();
  for (auto& [name, target] : targets_) {
    if (target.writer) CloseFile(target);
  }
  std::vector<std::string> folders;
  for (const std::string& file : files_) folders.push_back(file.substr(0, file.rfind('/')));
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  for (const std::string& folder : folders) base::SyncFolder(folder);
  return {files_, rows_};
}

void FolderWriter::Abort() {
  waiting_.clear();
  targets_.clear();
  for (const std::string& file : files_) unlink(file.c_str());
  files_.clear();
}

}  // namespace sluice::connectors
