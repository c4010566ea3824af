"""Tag an animal's behaviour in every frame of a video, from embeddings that a frozen network computes once."""
