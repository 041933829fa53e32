"""The tickets and thresholds that a run starts from: a file, the seed, made-up tickets."""
