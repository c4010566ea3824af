"""What the tags mean for the animals: measures of each video, animals as the unit, groups compared."""
