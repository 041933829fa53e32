"""Why a category got worse: answered by a model, or written by rule."""
