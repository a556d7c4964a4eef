// Puts the values and the refusals of a parser side by side.
#include "functions/checked_parser.h"

#include <arrow/array/util.h>

#include "base/arrow_status.h"
#include "functions/list_picker.h"
#include "functions/writers.h"

namespace sluice::functions {

// Spark's condition for a record that its parsers refuse.
constexpr char kCondition[] = "MALFORMED_RECORD_IN_PARSING";

std::shared_ptr<arrow::Array> Refusals::Finish(const std::string& function, int64_t rows) const {
  if (reasons_.empty()) return base::ValueOrThrow(arrow::MakeArrayOfNull(arrow::utf8(), rows));
  TextWriter out(arrow::utf8(), rows);
  auto reason = reasons_.begin();
  for (int64_t row = 0; row < rows; ++row) {
    if (reason == reasons_.end() || reason->first != row) {
      out.EndRowAsNull();
      continue;
    }
    for (std::string_view piece : {std::string_view(kCondition), std::string_view(": "), std::string_view(function),
                                   std::string_view(": "), std::string_view(reason->second)}) {
      out.Append(piece);
    }
    out.EndRow();
    ++reason;
  }
  return out.Finish();
}

void AddCheckedForm(logical::ScalarBinding* binding, CheckedParse parse) {
  auto checked = std::make_shared<logical::ScalarBinding>(*binding);
  checked->checked = nullptr;
  checked->name = "checked_" + binding->name;
  checked->type = types::Struct({{"value", binding->type, binding->nullable}, {"error", types::String(), true}});
  checked->nullable = false;
  checked->sql = nullptr;
  checked->kernel = [parse = std::move(parse), function = binding->name, type = types::ToArrow(checked->type)](
                        logical::EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t rows) {
    RowScope scope(arguments, rows);
    Refusals refusals;
    auto values = parse(context, arguments, scope.rows(), &refusals);
    return scope.Result(MakeStructArray(type, scope.rows(), {values, refusals.Finish(function, scope.rows())}));
  };
  binding->checked = std::move(checked);
}

}  // namespace sluice::functions
