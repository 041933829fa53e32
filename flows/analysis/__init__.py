"""Why a category got worse: asked from LaaS, or written by rule."""
