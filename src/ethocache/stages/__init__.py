"""The stages of the pipeline, one short script each; DVC runs them as ``python -m ethocache.stages.NAME``."""
