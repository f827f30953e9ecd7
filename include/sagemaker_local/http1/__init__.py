"""The one HTTP/1.1 client and server: asyncio protocols on httptools. Data plane and load generator both use it."""
