"""The types of a project and the files they live in: videos, tracks, labels, features, predictions."""
