"""The command line `voc`."""
