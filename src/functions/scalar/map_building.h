// Building map columns: null keys are refused, a second value for a key too unless the session lets the last win.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "functions/list_picker.h"
#include "functions/signature.h"

namespace sluice::functions {

/// INVALID_MAP_KEY_TYPE for keys that hold maps.
void CheckMapKey(const BindContext& context, const Arguments& arguments, const types::DataType& key);

/// Assembles maps from entries of source columns.
class MapAssembler {
 public:
  MapAssembler(const logical::EvalContext& context, types::TypePtr type, int64_t rows,
               std::shared_ptr<arrow::Buffer> validity = nullptr);
  /// The columns that entries are taken from; keys and items of the same length.
  void SetSource(std::shared_ptr<arrow::Array> keys, std::shared_ptr<arrow::Array> items);
  /// Adds entry `index` of the source to the row. Throws NULL_MAP_KEY, DUPLICATED_MAP_KEY.
  void Add(int64_t index);
  void EndRow();
  void EndRowAsNull();
  void Skip();
  std::shared_ptr<arrow::Array> Finish();

 private:
  bool last_wins_;
  types::TypePtr type_;
  ListPicker picker_;
  std::shared_ptr<arrow::Array> keys_, items_, encoded_;
  std::unordered_map<std::string_view, size_t> seen_;  ///< a key's place in the picked entries
};

}  // namespace sluice::functions
