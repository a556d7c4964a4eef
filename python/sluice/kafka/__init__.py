"""`sluice kafka`: a console client of Apache Kafka. Only `main` of its sub-commands imports the client library."""
