"""What users ask for: a pipeline's spec part by part, and the YAML files and folders that it is read from."""
