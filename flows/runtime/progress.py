"""How far a step is, for people who watch: unlike the logger `voc`, this logger does not reach Prefect."""

from __future__ import annotations

import logging

progress = logging.getLogger("voc.progress")
progress.propagate = False
