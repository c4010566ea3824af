"""The pages that a lab opens: an overview of the scores and of all videos, and a page with data and media for each."""
