"""What docker-compose.yaml needs beside images: the secrets in `.env`, the sample pipeline, and two small programs."""
