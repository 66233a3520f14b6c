"""What is measured, and how; results are committed tables in benchmarks/results."""
