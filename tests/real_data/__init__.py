"""Data that other people made, played through the pipeline; it lies beside the repository and is never part of it."""
