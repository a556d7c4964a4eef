// Conversions between time zones.
#include "functions/datetime_math.h"
#include "functions/kernels.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::String;
using types::TimeZone;

namespace {

/// Keeps the zone named last.
class ZoneCache {
 public:
  const TimeZone& Get(std::string_view name) {
    if (!zone_ || name != name_) {
      zone_ = TimeZone::Get(name);
      name_ = name;
    }
    return *zone_;
  }

 private:
  std::string name_;
  std::optional<TimeZone> zone_;
};

/// The timestamp whose local time in one zone is that of the given one in UTC, or the other way round.
BindScalar Shifted(bool from_utc) {
  return Simple(
      {.parameters = {types::Timestamp(), String()},
       .type = types::Timestamp(),
       .kernel = BatchKernel<int64_t(int64_t, std::string_view)>(types::Timestamp(), [from_utc](EvalContext&) {
         return [cache = std::make_shared<ZoneCache>(), from_utc](int64_t micros, std::string_view name) {
           const TimeZone& zone = cache->Get(name);
           return from_utc ? zone.ToLocal(micros) : zone.ToUtc(micros);
         };
       })});
}

ScalarBindingPtr BindConvert(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  bool has_source = arguments.size() == 3;
  auto types = has_source ? Coerce(context, arguments, {String(), String(), types::TimestampNtz()})
                          : Coerce(context, arguments, {String(), types::TimestampNtz()});
  auto convert = [](TimeZone source, TimeZone target, int64_t micros) { return target.ToLocal(source.ToUtc(micros)); };
  logical::ScalarKernel kernel;
  if (has_source) {
    kernel = BatchKernel<int64_t(std::string_view, std::string_view, int64_t)>(
        types::TimestampNtz(), [convert](EvalContext&) {
          return [convert, sources = std::make_shared<ZoneCache>(), targets = std::make_shared<ZoneCache>()](
                     std::string_view source, std::string_view target, int64_t micros) {
            return convert(sources->Get(source), targets->Get(target), micros);
          };
        });
  } else {
    kernel = BatchKernel<int64_t(std::string_view, int64_t)>(types::TimestampNtz(), [convert](EvalContext& eval) {
      return [convert, source = TimeZone::Get(eval.time_zone), targets = std::make_shared<ZoneCache>()](
                 std::string_view target, int64_t micros) { return convert(source, targets->Get(target), micros); };
    });
  }
  auto binding = NewBinding(context, arguments, types::TimestampNtz(), types, kernel);
  if (!has_source) {
    binding->sql = [](const std::vector<std::string>& texts) {
      return "convert_timezone(current_timezone(), " + texts[0] + ", " + texts[1] + ")";
    };
  }
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, TimeZones) {
  registry.Add({.name = "from_utc_timestamp",
                .usage = "A timestamp taken as UTC, shown in another zone.",
                .example = "SELECT from_utc_timestamp('2016-08-31', 'Asia/Seoul')",
                .since = "1.5.0",
                .bind = Shifted(true)});
  registry.Add({.name = "to_utc_timestamp",
                .usage = "A timestamp taken as local to a zone, shown in UTC.",
                .example = "SELECT to_utc_timestamp('2016-08-31', 'Asia/Seoul')",
                .since = "1.5.0",
                .bind = Shifted(false)});
  registry.Add({.name = "convert_timezone",
                .usage = "A local time of one zone as the local time of another.",
                .example = "SELECT convert_timezone('Europe/Brussels', 'America/Los_Angeles', "
                           "TIMESTAMP_NTZ'2021-12-06 00:00:00')",
                .since = "3.4.0",
                .bind = BindScalar(BindConvert)});
}

}  // namespace sluice::functions
