"""What AWS answered or keeps -> typed values. Pure."""
