"""Why a category got worse: answered by LaaS, or written by rule."""
