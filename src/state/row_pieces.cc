// Copying of fields between rows.
#include "state/row_pieces.h"

#include "base/error.h"
#include "state/unsafe_layout.h"

namespace sluice::state {
namespace {

base::Error Damaged() {
  return base::Error::Plain(base::ErrorKind::kIllegalState, "A row of the state is damaged: a field is outside of it");
}

}  // namespace

std::string_view FieldBytes(std::string_view row, size_t fields, size_t ordinal, bool variable) {
  if (row.size() < FixedBytes(fields)) throw Damaged();
  if (GetBit(row.data(), ordinal)) return {};
  const char* word = row.data() + BitsetBytes(fields) + 8 * ordinal;
  if (!variable) return {word, 8};
  auto place = Load<uint64_t>(word);
  size_t offset = place >> 32, size = place & 0xffffffff;
  if (offset > row.size() || row.size() - offset < size) throw Damaged();
  return row.substr(offset, size);
}

void AppendRowOf(const std::vector<RowField>& fields, std::string* out) {
  size_t start = out->size();
  out->append(FixedBytes(fields.size()), '\0');
  for (size_t i = 0; i < fields.size(); ++i) {
    const RowField& field = fields[i];
    bool variable = InlineBytes(*field.type) == 0;
    std::string_view bytes = FieldBytes(field.row, field.fields, field.ordinal, variable);
    char* word = out->data() + start + BitsetBytes(fields.size()) + 8 * i;
    if (!bytes.data()) {
      SetBit(out->data() + start, i);
    } else if (!variable) {
      std::memcpy(word, bytes.data(), 8);
    } else {
      StoreOffsetAndSize(word, out->size() - start, bytes.size());
      out->append(bytes);
      out->append(PadTo8(bytes.size()) - bytes.size(), '\0');
    }
  }
}

}  // namespace sluice::state
