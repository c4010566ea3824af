"""What is worth a person's minute: moments to look at, and labels that look wrong."""
