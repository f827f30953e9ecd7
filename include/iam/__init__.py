"""The policies in `docs/iam/`, made of the calls that the e2e tests recorded (`make iam`)."""
