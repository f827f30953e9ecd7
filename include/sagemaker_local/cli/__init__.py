"""The command line: a module for each command, and `command_line` that puts them together."""
