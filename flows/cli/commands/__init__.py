"""What each command does. Nothing slow is imported before the input has been checked."""
