"""What classic PySpark has and the Connect client lacks, supplied in memory: no installed file is changed."""
