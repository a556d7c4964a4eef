// The jdbc source, known so that it is refused by name and not as a misspelt format.
#include "connectors/spi/registry.h"

namespace sluice::connectors {

SLUICE_REGISTER(ConnectorRegistry, Jdbc) {
  DataSourceEntry entry;
  entry.name = "jdbc";
  entry.usage = "Tables of databases; known by name, neither read nor written.";
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
