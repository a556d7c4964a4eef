// Makes vector kernels of functions over single values. The loop is compiled for each function, so that nothing is
// dispatched per row.
#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "functions/columns.h"
#include "functions/writers.h"
#include "logical/binding.h"

namespace sluice::functions {

/// Marks a text result in a kernel's signature: the function writes to a TextWriter given first and returns nothing, or
/// false for null.
struct Text {};

namespace kernel_internal {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <typename T>
void AddValidity(const Column<T>& column, std::vector<const ColumnBase*>& out) {
  if constexpr (!IsOptional<T>::value) out.push_back(&column);
}

template <typename... Columns>
std::shared_ptr<arrow::Buffer> Validity(int64_t rows, const Columns&... columns) {
  std::vector<const ColumnBase*> all;
  (AddValidity<typename Columns::Value>(columns, all), ...);
  return AndValidity(all, rows);
}

/// Runs `body(row)` for the rows that `validity` marks, `skip(row)` for the others.
template <typename Body, typename Skip>
void ForEachRow(const std::shared_ptr<arrow::Buffer>& validity, int64_t rows, Body&& body, Skip&& skip) {
  if (!validity) {
    for (int64_t row = 0; row < rows; ++row) body(row);
    return;
  }
  const uint8_t* bits = validity->data();
  for (int64_t row = 0; row < rows; ++row) {
    if (arrow::bit_util::GetBit(bits, row)) {
      body(row);
    } else {
      skip(row);
    }
  }
}

template <typename R>
struct Rows {
  template <typename F, typename... A>
  static std::shared_ptr<arrow::Array> Run(const std::shared_ptr<arrow::DataType>& type, int64_t rows, F&& f,
                                           const Column<A>&... columns) {
    auto validity = Validity(rows, columns...);
    // The writer clears bits of the same bitmap, but only of the row being visited.
    Writer<R> out(type, rows, validity);
    ForEachRow(
        validity, rows,
        [&](int64_t row) {
          using Result = std::invoke_result_t<F, decltype(columns[row])...>;
          if constexpr (IsOptional<std::decay_t<Result>>::value) {
            auto value = f(columns[row]...);
            if (value) {
              out.Set(row, *value);
            } else {
              out.SetNull(row);
            }
          } else {
            out.Set(row, f(columns[row]...));
          }
        },
        [&](int64_t row) { out.Skip(row); });
    return out.Finish();
  }
};

template <>
struct Rows<Text> {
  template <typename F, typename... A>
  static std::shared_ptr<arrow::Array> Run(const std::shared_ptr<arrow::DataType>& type, int64_t rows, F&& f,
                                           const Column<A>&... columns) {
    auto validity = Validity(rows, columns...);
    TextWriter out(type, rows, validity);
    ForEachRow(
        validity, rows,
        [&](int64_t row) {
          using Result = std::invoke_result_t<F, TextWriter&, decltype(columns[row])...>;
          if constexpr (std::is_void_v<Result>) {
            f(out, columns[row]...);
            out.EndRow();
          } else {
            if (f(out, columns[row]...)) {
              out.EndRow();
            } else {
              out.EndRowAsNull();
            }
          }
        },
        [&](int64_t) { out.Skip(); });
    return out.Finish();
  }
};

template <typename Signature>
struct Traits;
template <typename R, typename... A>
struct Traits<R(A...)> {
  using Result = R;
  static constexpr size_t kArity = sizeof...(A);

  template <typename F, size_t... I>
  static arrow::Datum Run(const std::shared_ptr<arrow::DataType>& type, const std::vector<arrow::Datum>& arguments,
                          int64_t rows, F&& f, std::index_sequence<I...>) {
    bool constant = AllConstant(arguments) && kArity > 0;
    auto array = Rows<R>::Run(type, constant ? 1 : rows, std::forward<F>(f), Column<A>(arguments[I])...);
    return constant ? AsScalar(array) : arrow::Datum(array);
  }

  /// Every row, nulls included, in a loop without branches: `f(out, a…)` sets its result and says if it is good. Bad
  /// rows that are not null become null if `null_on_bad`, else the first raises `on_bad(a…)`.
  template <typename F, typename OnBad>
  static arrow::Datum RunChecked(const std::shared_ptr<arrow::DataType>& type,
                                 const std::vector<arrow::Datum>& arguments, int64_t rows, F&& f, OnBad&& on_bad,
                                 bool null_on_bad) {
    bool constant = AllConstant(arguments);
    int64_t count = constant ? 1 : rows;
    auto columns = MakeColumns(arguments, std::index_sequence_for<A...>{});
    auto validity = std::apply([&](const auto&... column) { return Validity(count, column...); }, columns);
    Writer<R> out(type, count, validity);
    R* values = out.values();
    auto run = [&](const auto&... column) {
      bool good = true;
      for (int64_t row = 0; row < count; ++row) good &= f(values[row], column[row]...);
      if (good) return;
      for (int64_t row = 0; row < count; ++row) {
        R ignored;
        if ((validity && !arrow::bit_util::GetBit(validity->data(), row)) || f(ignored, column[row]...)) continue;
        if (!null_on_bad) throw on_bad(column[row]...);
        out.SetNull(row);
      }
    };
    if constexpr (kArity == 2) {
      const auto& [a, b] = columns;
      if (!constant && a.constant()) {
        run(Constant(a), Contiguous(b));
      } else if (!constant && b.constant()) {
        run(Contiguous(a), Constant(b));
      } else {
        run(Contiguous(a), Contiguous(b));
      }
    } else {
      std::apply(run, columns);
    }
    auto array = out.Finish();
    return constant ? AsScalar(array) : arrow::Datum(array);
  }

  /// Every row, nulls included: `f` must accept any value. Constants are kept out of the loop so that it vectorises.
  template <typename F>
  static arrow::Datum RunTotal(const std::shared_ptr<arrow::DataType>& type, const std::vector<arrow::Datum>& arguments,
                               int64_t rows, F&& f) {
    bool constant = AllConstant(arguments);
    int64_t count = constant ? 1 : rows;
    auto columns = MakeColumns(arguments, std::index_sequence_for<A...>{});
    auto validity = std::apply([&](const auto&... column) { return Validity(count, column...); }, columns);
    Writer<R> out(type, count, validity);
    if constexpr (std::is_same_v<R, bool>) {
      std::apply([&](const auto&... column) { out.Fill([&](int64_t row) { return f(column[row]...); }); }, columns);
    } else {
      auto run = [&](const auto&... column) {
        for (int64_t row = 0; row < count; ++row) out.Set(row, f(column[row]...));
      };
      if constexpr (kArity == 2) {
        const auto& [a, b] = columns;
        if (!constant && a.constant()) {
          run(Constant(a), Contiguous(b));
        } else if (!constant && b.constant()) {
          run(Contiguous(a), Constant(b));
        } else {
          run(Contiguous(a), Contiguous(b));
        }
      } else {
        std::apply(run, columns);
      }
    }
    auto array = out.Finish();
    return constant ? AsScalar(array) : arrow::Datum(array);
  }

 private:
  template <size_t... I>
  static auto MakeColumns(const std::vector<arrow::Datum>& arguments, std::index_sequence<I...>) {
    return std::make_tuple(Column<A>(arguments[I])...);
  }
  /// A constant and an array without the stride, so that loops over them vectorise.
  template <typename T>
  struct ConstantColumn {
    T value;
    T operator[](int64_t) const { return value; }
  };
  template <typename T>
  struct ContiguousColumn {
    const char* values;
    T operator[](int64_t row) const {
      T value;
      std::memcpy(&value, values + row * static_cast<int64_t>(sizeof(T)), sizeof(T));
      return value;
    }
  };
  template <typename T>
  static ConstantColumn<T> Constant(const Column<T>& column) {
    return {column[0]};
  }
  template <typename T>
  static ContiguousColumn<T> Contiguous(const Column<T>& column) {
    return {reinterpret_cast<const char*>(column.values())};
  }
};

}  // namespace kernel_internal

/// A kernel that calls `f` for each row without a null argument (std::optional parameters take nulls). `Signature` is
/// R(A…) with R a value or Text. `f` may return std::optional<R>, and may throw base::Error for the first bad row.
template <typename Signature, typename F>
logical::ScalarKernel RowKernel(const types::TypePtr& type, F f) {
  using Traits = kernel_internal::Traits<Signature>;
  return [arrow_type = types::ToArrow(type), f](logical::EvalContext&, const std::vector<arrow::Datum>& arguments,
                                                int64_t rows) {
    return Traits::Run(arrow_type, arguments, rows, f, std::make_index_sequence<Traits::kArity>{});
  };
}

/// Like RowKernel; `make(context)` gives the function for one batch (time zone, patterns prepared once).
template <typename Signature, typename Make>
logical::ScalarKernel BatchKernel(const types::TypePtr& type, Make make) {
  using Traits = kernel_internal::Traits<Signature>;
  return [arrow_type = types::ToArrow(type), make](logical::EvalContext& context,
                                                   const std::vector<arrow::Datum>& arguments, int64_t rows) {
    return Traits::Run(arrow_type, arguments, rows, make(context), std::make_index_sequence<Traits::kArity>{});
  };
}

/// A kernel of fixed-width values whose rows can fail: `f(R& out, A…)` sets the result and returns whether it is good;
/// it must accept any value. A bad row becomes null if `null_on_bad`, else `on_bad(A…)` makes the error to throw.
template <typename Signature, typename F, typename OnBad>
logical::ScalarKernel CheckedKernel(const types::TypePtr& type, F f, OnBad on_bad, bool null_on_bad) {
  using Traits = kernel_internal::Traits<Signature>;
  return [arrow_type = types::ToArrow(type), f, on_bad, null_on_bad](
             logical::EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t rows) {
    return Traits::RunChecked(arrow_type, arguments, rows, f, on_bad, null_on_bad);
  };
}

/// A kernel of a function that is defined for all values, whatever lies under nulls: the loop has no branches.
template <typename Signature, typename F>
logical::ScalarKernel TotalKernel(const types::TypePtr& type, F f) {
  using Traits = kernel_internal::Traits<Signature>;
  return
      [arrow_type = types::ToArrow(type), f](logical::EvalContext&, const std::vector<arrow::Datum>& arguments,
                                             int64_t rows) { return Traits::RunTotal(arrow_type, arguments, rows, f); };
}

/// A kernel that adds constants for the last arguments a call leaves out; `defaults` are those of the last parameters.
logical::ScalarKernel WithDefaults(size_t parameters, std::vector<arrow::Datum> defaults, logical::ScalarKernel kernel);
/// Constants for WithDefaults.
arrow::Datum TextConstant(std::string_view text);
arrow::Datum IntConstant(int32_t value);
arrow::Datum BoolConstant(bool value);

}  // namespace sluice::functions
