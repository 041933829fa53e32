"""Made-up tickets to try everything on, the same for the same arguments."""
