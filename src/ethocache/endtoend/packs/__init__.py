"""A trained model as one file, and the tagging of videos with it, away from any project."""
