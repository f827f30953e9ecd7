"""The data plane: InvokeEndpoint, from a client's request through the containers of one instance to the answer."""
