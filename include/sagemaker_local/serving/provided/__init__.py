"""Packages of AWS's images that user code imports, as far as it does; on the end of the containers' import path."""
