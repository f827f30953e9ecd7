"""AWS said no: what that means, as errors of ours with the permission that is missing."""
