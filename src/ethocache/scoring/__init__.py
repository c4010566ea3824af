"""Numbers people compare: how good the tags are, how sure that is, and pictures of it."""
