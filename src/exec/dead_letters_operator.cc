// Takes rows that a parser refuses out of the route and hands their records to whoever keeps the stream's dead letters.
#include <arrow/array.h>
#include <arrow/builder.h>

#include <algorithm>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/operators.h"

namespace sluice::exec {
namespace {

constexpr char kErrorColumn[] = "error";

// Rows as the writer takes them.
std::shared_ptr<arrow::Schema> LetterSchema(const logical::Attributes& record) {
  std::shared_ptr<arrow::Schema> columns = logical::ArrowSchema(record);
  return base::ValueOrThrow(columns->AddField(columns->num_fields(), arrow::field(kErrorColumn, arrow::utf8())));
}

/// Which rows are refused, and the first refusal of each.
struct Split {
  Split(const arrow::ArrayVector& refusals, int64_t rows) {
    arrow::BooleanBuilder is_refused, is_taken;
    arrow::StringBuilder texts;
    for (int64_t row = 0; row < rows; ++row) {
      auto first = std::ranges::find_if(refusals, [row](const auto& column) { return column->IsValid(row); });
      bool found = first != refusals.end();
      base::ThrowIfError(is_refused.Append(found));
      base::ThrowIfError(is_taken.Append(!found));
      base::ThrowIfError(found ? texts.Append(static_cast<const arrow::StringArray&>(**first).GetView(row))
                               : texts.AppendNull());
    }
    refused = base::ValueOrThrow(is_refused.Finish());
    taken = base::ValueOrThrow(is_taken.Finish());
    errors = base::ValueOrThrow(texts.Finish());
  }
  std::shared_ptr<arrow::Array> refused, taken, errors;
};

class DeadLettersIterator final : public BatchIterator {
 public:
  DeadLettersIterator(BatchIteratorPtr child, const CompiledProjection& letter, std::shared_ptr<arrow::Schema> schema,
                      connectors::DeadLetterWriter& writer, logical::EvalContext eval)
      : child_(std::move(child)),
        letter_(letter),
        schema_(std::move(schema)),
        writer_(writer),
        eval_(std::move(eval)) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto batch = child_->Next();
    if (!batch) return nullptr;
    arrow::ArrayVector columns = letter_.EvaluateArrays(eval_, *batch);
    const auto width = static_cast<size_t>(schema_->num_fields() - 1);
    const arrow::ArrayVector refusals(columns.begin() + static_cast<std::ptrdiff_t>(width), columns.end());
    if (std::ranges::all_of(refusals, [](const auto& texts) { return texts->null_count() == texts->length(); })) {
      return batch;
    }
    Split split(refusals, batch->num_rows());
    columns.resize(width);
    columns.push_back(split.errors);
    auto letters = arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
    writer_.Write(*FilterBatch(letters, split.refused));
    return FilterBatch(batch, split.taken);
  }

 private:
  BatchIteratorPtr child_;
  const CompiledProjection& letter_;
  std::shared_ptr<arrow::Schema> schema_;
  connectors::DeadLetterWriter& writer_;
  logical::EvalContext eval_;
};

class DeadLettersOperator final : public Operator {
 public:
  DeadLettersOperator(OperatorPtr child, const logical::DeadLetters& node)
      : Operator(node.output),
        child_(std::move(child)),
        stream_(node.stream),
        letter_(node.Expressions(), child_->output()),
        letter_schema_(LetterSchema(node.record)),
        text_("DeadLetters " + ListText(node.refusals)) {}

  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    auto range = context.sources.find(stream_.get());
    if (range == context.sources.end() || !range->second.dead_letters) {
      throw base::Error::Internal("nobody takes the dead letters of " + stream_->Describe());
    }
    return std::make_unique<DeadLettersIterator>(child_->Open(context, partition), letter_, letter_schema_,
                                                 *range->second.dead_letters, context.TaskEval(partition));
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  std::shared_ptr<logical::StreamHandle> stream_;
  CompiledProjection letter_;
  std::shared_ptr<arrow::Schema> letter_schema_;
  std::string text_;
};

}  // namespace

OperatorPtr MakeDeadLetters(OperatorPtr child, const logical::DeadLetters& node) {
  return std::make_shared<DeadLettersOperator>(std::move(child), node);
}

}  // namespace sluice::exec
