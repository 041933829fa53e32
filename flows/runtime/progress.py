"""How far a step is, for whoever watches: unlike the logger `voc`, this one does not reach Prefect."""

from __future__ import annotations

import logging

progress = logging.getLogger("voc.progress")
progress.propagate = False
