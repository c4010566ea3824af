"""Backbone and head trained together: the only layer in which pixels meet heads."""
