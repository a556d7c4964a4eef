// The jdbc source, known so that it is refused by name and not as a misspelt format.
#include "base/error.h"
#include "connectors/spi/registry.h"

namespace sluice::connectors {

SLUICE_REGISTER(ConnectorRegistry, Jdbc) {
  DataSourceEntry entry;
  entry.name = "jdbc";
  entry.usage = "Tables of databases; not supported, neither as a table nor as a stream.";
  entry.read = [](const ReadSpec&) -> BatchTablePtr {
    throw base::Error::Unsupported("The data source jdbc");
  };
  entry.write = [](const WriteSpec&) -> BatchWritePtr {
    throw base::Error::Unsupported("The data source jdbc");
  };
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
