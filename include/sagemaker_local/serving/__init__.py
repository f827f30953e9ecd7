"""What runs inside a container process: the contracts of AWS's framework containers, /ping and /invocations."""
