// Pattern letters → elements, with the adjacent value rules of java.time.
#include <cctype>
#include <cstring>

#include "types/pattern_items.h"

namespace sluice::types::pattern {
namespace {

class Compiler {
 public:
  Compiler(std::string_view text, bool parsing) : text_(text), parsing_(parsing) {}

  bool Compile(std::vector<Item>* items) {
    if (!Section(items, 0)) return false;
    return at_ == text_.size();
  }

 private:
  // The last number of a run without separators, which gives up digits for the fixed ones behind it.
  struct Run {
    int index = -1;
  };

  bool Section(std::vector<Item>* items, int depth) {
    Run run;
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (std::isalpha(static_cast<unsigned char>(c))) {
        size_t begin = at_;
        while (at_ < text_.size() && text_[at_] == c) ++at_;
        if (!Letter(c, static_cast<int>(at_ - begin), items, &run)) return false;
      } else if (c == '\'') {
        if (!Quoted(items)) return false;
        run.index = -1;
      } else if (c == '[') {
        ++at_;
        Item optional;
        optional.kind = Kind::kOptional;
        if (!Section(&optional.inner, depth + 1)) return false;
        items->push_back(std::move(optional));
        run.index = -1;
      } else if (c == ']') {
        if (depth == 0) return false;
        ++at_;
        return true;
      } else if (c == '{' || c == '}' || c == '#') {
        return false;
      } else {
        ++at_;
        AddLiteral(std::string(1, c), items);
        run.index = -1;
      }
    }
    // An optional section may stay open to the end.
    return true;
  }

  bool Quoted(std::vector<Item>* items) {
    std::string literal;
    size_t begin = ++at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] != '\'') {
        literal += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
        literal += '\'';
        ++at_;
      } else {
        break;
      }
    }
    if (at_ >= text_.size()) return false;
    AddLiteral(at_ == begin ? "'" : literal, items);
    ++at_;
    return true;
  }

  static void AddLiteral(std::string literal, std::vector<Item>* items) {
    Item item;
    item.literal = std::move(literal);
    items->push_back(std::move(item));
  }

  static void AddNumber(Item item, std::vector<Item>* items, Run* run) {
    if (run->index >= 0) {
      Item& base = (*items)[run->index];
      base.fixed = true;
      bool fixed_width = item.min_width == item.max_width && item.sign == Sign::kNotNegative;
      if (fixed_width) {
        base.subsequent_width += item.max_width;
        item.fixed = true;
        items->push_back(std::move(item));
        return;
      }
    }
    run->index = static_cast<int>(items->size());
    items->push_back(std::move(item));
  }

  static Item Number(Field field, int min, int max, Sign sign) {
    Item item;
    item.kind = Kind::kNumber;
    item.field = field;
    item.min_width = min;
    item.max_width = max;
    item.sign = sign;
    return item;
  }

  static Item Text(Field field, bool full) {
    Item item;
    item.kind = Kind::kText;
    item.field = field;
    item.full = full;
    return item;
  }

  static bool Add(Item item, std::vector<Item>* items, Run* run) {
    items->push_back(std::move(item));
    run->index = -1;
    return true;
  }

  static bool AddPlain(Field field, int count, std::vector<Item>* items, Run* run) {
    if (count == 1) {
      AddNumber(Number(field, 1, 19, Sign::kNormal), items, run);
    } else if (count == 2) {
      AddNumber(Number(field, 2, 2, Sign::kNotNegative), items, run);
    } else {
      return false;
    }
    return true;
  }

  bool Letter(char c, int count, std::vector<Item>* items, Run* run) {
    switch (c) {
      case 'G':
        if (count > 4) return false;
        return Add(Text(kEra, count == 4), items, run);
      case 'y':
      case 'u':
        return Year(c == 'u' ? kYear : kYearOfEra, count, items, run);
      case 'M':
      case 'L':
        return MonthOrQuarter(kMonth, count, items, run);
      case 'Q':
      case 'q':
        return MonthOrQuarter(kQuarter, count, items, run);
      case 'D':
        if (count > 3) return false;
        AddNumber(
            count == 1 ? Number(kDayOfYear, 1, 19, Sign::kNormal) : Number(kDayOfYear, count, 3, Sign::kNotNegative),
            items, run);
        return true;
      case 'd':
        return AddPlain(kDay, count, items, run);
      case 'H':
        return AddPlain(kHour, count, items, run);
      case 'k':
        return AddPlain(kClockHour, count, items, run);
      case 'K':
        return AddPlain(kHourOfAmPm, count, items, run);
      case 'h':
        return AddPlain(kClockHourOfAmPm, count, items, run);
      case 'm':
        return AddPlain(kMinute, count, items, run);
      case 's':
        return AddPlain(kSecond, count, items, run);
      case 'F':
        if (count != 1) return false;
        AddNumber(Number(kWeekOfMonth, 1, 19, Sign::kNormal), items, run);
        return true;
      case 'E':
        if (count > 4) return false;
        return Add(Text(kDayOfWeek, count == 4), items, run);
      case 'a':
        if (count != 1) return false;
        return Add(Text(kAmPm, false), items, run);
      case 'S':
        return Fraction(count, items, run);
      default:
        return Zone(c, count, items, run);
    }
  }

  bool Year(Field field, int count, std::vector<Item>* items, Run* run) {
    if (count == 2) {
      Item item = Number(field, 2, 2, Sign::kNotNegative);
      item.kind = Kind::kReducedYear;
      AddNumber(std::move(item), items, run);
    } else {
      AddNumber(Number(field, count, 19, count < 4 ? Sign::kNormal : Sign::kExceedsPad), items, run);
    }
    return count <= 6;
  }

  bool MonthOrQuarter(Field field, int count, std::vector<Item>* items, Run* run) {
    if (count <= 2) return AddPlain(field, count, items, run);
    if (count > 4) return false;
    return Add(Text(field, count == 4), items, run);
  }

  bool Fraction(int count, std::vector<Item>* items, Run* run) {
    if (count > 9) return false;
    Item item = Number(kNano, parsing_ ? 1 : count, count, Sign::kNotNegative);
    item.kind = Kind::kFraction;
    if (parsing_) return Add(std::move(item), items, run);
    AddNumber(std::move(item), items, run);
    return true;
  }

  bool Zone(char c, int count, std::vector<Item>* items, Run* run) {
    Item item;
    switch (c) {
      case 'V':
        item.kind = Kind::kZoneId;
        return count == 2 && Add(std::move(item), items, run);
      case 'z':
        item.kind = Kind::kZoneName;
        item.full = count == 4;
        return count <= 4 && Add(std::move(item), items, run);
      case 'O':
        item.kind = Kind::kLocalizedOffset;
        item.full = count == 4;
        return (count == 1 || count == 4) && Add(std::move(item), items, run);
      case 'Z':
        if (count == 4) {
          item.kind = Kind::kLocalizedOffset;
          item.full = true;
        } else {
          item.kind = Kind::kOffset;
          item.offset_type = count == 5 ? 6 : 3;
          item.literal = count == 5 ? "Z" : "+0000";
        }
        return count <= 5 && Add(std::move(item), items, run);
      case 'X':
      case 'x': {
        static constexpr int kTypes[] = {1, 3, 4, 5, 6};
        if (count > 5) return false;
        item.kind = Kind::kOffset;
        item.offset_type = kTypes[count - 1];
        item.literal = c == 'X' ? "Z" : count == 1 ? "+00" : count % 2 == 0 ? "+0000" : "+00:00";
        return Add(std::move(item), items, run);
      }
      default:
        return false;
    }
  }

  std::string_view text_;
  bool parsing_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<Item>> CompilePattern(std::string_view pattern, bool parsing) {
  std::vector<Item> items;
  if (!Compiler(pattern, parsing).Compile(&items)) return std::nullopt;
  return items;
}

const std::vector<std::string_view>& TextsOf(Field field, bool full) {
  static const std::vector<std::string_view> kMonths = {"January",   "February", "March",    "April",
                                                        "May",       "June",     "July",     "August",
                                                        "September", "October",  "November", "December"};
  static const std::vector<std::string_view> kShortMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  static const std::vector<std::string_view> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                      "Friday", "Saturday", "Sunday"};
  static const std::vector<std::string_view> kShortDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static const std::vector<std::string_view> kQuarters = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
  static const std::vector<std::string_view> kShortQuarters = {"Q1", "Q2", "Q3", "Q4"};
  static const std::vector<std::string_view> kEras = {"Before Christ", "Anno Domini"};
  static const std::vector<std::string_view> kShortEras = {"BC", "AD"};
  static const std::vector<std::string_view> kHalves = {"AM", "PM"};
  switch (field) {
    case kMonth:
      return full ? kMonths : kShortMonths;
    case kDayOfWeek:
      return full ? kDays : kShortDays;
    case kQuarter:
      return full ? kQuarters : kShortQuarters;
    case kEra:
      return full ? kEras : kShortEras;
    default:
      return kHalves;
  }
}

}  // namespace sluice::types::pattern
