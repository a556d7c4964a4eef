// Rows as text: show() and the HTML of notebooks.
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::ShowString& show) {
  return plan::ShowString{translator.Relation(show.input()), show.num_rows(), show.truncate(), show.vertical()};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::HtmlString& html) {
  return plan::HtmlString{translator.Relation(html.input()), html.num_rows(), html.truncate()};
}

}  // namespace sluice::connect
