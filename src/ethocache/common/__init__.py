"""How ethocache talks to people and machines; imports nothing else of the package."""
