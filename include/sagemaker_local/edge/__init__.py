"""The gateway's processes: they own the public port and answer invocations; everything else is the main process's."""
